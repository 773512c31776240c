"""Querysets. Who sees what (docs/reference/rules.md#9-who-sees-what) is decided here, not in views."""

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from .choices import VERDICTS, AssignmentType, Distribution
from .roles import projects_where
from .upload_names import UPLOAD_NAMES

if TYPE_CHECKING:
    from users.models import User

NOT_DELETED = Q(deleted_at=None)


def within(user: "User", capability: str, prefix: str = "project") -> Q:
    """The rows of projects where `user` has the capability."""
    projects = projects_where(user, capability)
    return Q() if projects is None else Q(**{f"{prefix}_id__in" if prefix else "pk__in": projects})


# The current version was made with another label configuration than the project has now. Rows without one
# were made with the first.
CONFIG_OUTDATED = (
    Q(current_version__label_config__isnull=False)
    & ~Q(current_version__label_config=F("project__label_config_version"))
) | Q(current_version__label_config=None, project__label_config_version__number__gt=1)


class ProjectQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        return self.filter(NOT_DELETED & within(user, "view_project", prefix=""))

    def managed_by(self, user: "User"):
        return self.filter(NOT_DELETED & within(user, "manage_project", prefix=""))

    def deleted_for(self, user: "User"):
        """What was deleted, for its managers, who may restore it."""
        return self.filter(within(user, "manage_project", prefix=""), deleted_at__isnull=False)


class MembershipQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        return self.filter(within(user, "view_project"), project__deleted_at=None)


class ViewQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        return self.filter(within(user, "view_project"), project__deleted_at=None)


class TaskQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        return self.filter(NOT_DELETED, self._seen_by(user), project__deleted_at=None)

    def deleted_for(self, user: "User"):
        """What was deleted, for managers, who may restore it."""
        managed = within(user, "manage_project")
        return self.filter(managed, deleted_at__isnull=False, is_staged=False, project__deleted_at=None)

    def known_to(self, user: "User"):
        """With those that were deleted since. Only that these are gone may be said of them."""
        return self.filter(self._seen_by(user), project__deleted_at=None)

    def _seen_by(self, user: "User") -> Q:
        everything = within(user, "view_all_annotations")
        # An empty Q stands for everything: OR with another condition would narrow it.
        if not everything:
            return everything
        return everything | self._given_to(user)

    def _given_to(self, user: "User") -> Q:
        """An annotator's tasks: all of them where distribution is automatic, else those assigned to or
        annotated by them.
        """
        from .models import Annotation, Assignment

        assigned = Exists(Assignment.objects.filter(task=OuterRef("pk"), user=user))
        mine = Exists(Annotation.objects.filter(NOT_DELETED, task=OuterRef("pk"), completed_by=user))
        free = Q(project__label_stream_task_distribution=Distribution.AUTO)
        return within(user, "view_project") & (free | assigned | mine)

    def offered_to(self, user: "User"):
        """Of the visible tasks, those that lists show: to reviewers only those that they
        may review or have annotated."""
        from .models import Annotation, Assignment

        reviewing = within(user, "view_all_annotations") & ~within(user, "manage_project")
        assigned = Exists(
            Assignment.objects.filter(task=OuterRef("pk"), user=user, type=AssignmentType.REVIEWER)
        )
        mine = Exists(Annotation.objects.filter(NOT_DELETED, task=OuterRef("pk"), completed_by=user))
        unassigned = Q(project__review_only_manual_assignments=True) & ~assigned
        unfinished = Q(project__only_finished_tasks=True, is_labeled=False)
        return self.exclude(reviewing & (unassigned | unfinished) & ~mine)

    def with_rejected(self):
        """Tasks with a standing reject, by the counter."""
        return self.filter(reviews_rejected__gt=0)

    def with_accepted(self):
        """Tasks with a standing accept, by the counter: a fix counts as accepted."""
        return self.filter(reviews_accepted__gt=0)

    def naming(self, upload_key):
        """Tasks whose data contains `/data/upload/<upload_key>` anywhere. Uses an index."""
        return self.alias(upload_names=UPLOAD_NAMES).filter(upload_names__contains=[upload_key])

    def naming_any(self, uploads):
        return self.alias(upload_names=UPLOAD_NAMES).filter(
            upload_names__overlap=[upload.key for upload in uploads]
        )

    def lock(self, ids):
        """The rows of `ids`, locked in order. NO KEY, because plain FOR UPDATE deadlocks with the KEY SHARE
        locks of foreign keys.
        """
        return self.filter(pk__in=set(ids)).order_by("pk").select_for_update(no_key=True, of=("self",))


class AnnotationQuerySet(models.QuerySet):
    def present(self):
        return self.filter(NOT_DELETED, task__deleted_at=None, project__deleted_at=None)

    def visible_to(self, user: "User"):
        """Those turned back into drafts are seen by their author and by managers: what a manager could see,
        nobody below them can hide."""
        managed = within(user, "manage_project")
        found = self.present().filter(self._seen_by(user))
        return found.filter(Q(is_draft=False) | Q(completed_by=user) | managed) if managed else found

    def known_to(self, user: "User"):
        """See TaskQuerySet.known_to."""
        return self.filter(self._seen_by(user), project__deleted_at=None)

    def deleted_for(self, user: "User"):
        """What was deleted, for managers, who may restore it."""
        managed = within(user, "manage_project")
        return self.filter(managed, deleted_at__isnull=False, task__deleted_at=None, project__deleted_at=None)

    def _seen_by(self, user: "User") -> Q:
        everything = within(user, "view_all_annotations")
        if not everything:
            return everything
        return everything | (within(user, "view_project") & Q(completed_by=user))

    def listed(self):
        """Without those converted back to drafts."""
        return self.filter(is_draft=False)

    def listed_for(self, user: "User"):
        """The same, but managers see them all, marked `is_draft`."""
        managed = within(user, "manage_project")
        return self.filter(Q(is_draft=False) | managed) if managed else self

    def config_outdated(self):
        return self.filter(CONFIG_OUTDATED)

    def with_config_outdated(self):
        """With a column `config_outdated`."""
        return self.annotate(config_outdated=ExpressionWrapper(CONFIG_OUTDATED, models.BooleanField()))

    def with_verdict(self):
        return self.filter(last_action__in=VERDICTS)

    def lock_with_task(self):
        """One annotation with its task and project; annotation and task are locked, in that order.

        Only for one annotation: of several, the task of the first would be locked before the second. Nothing
        else is joined: what another transaction changed while we waited would not match the row any more.
        """
        found = self.select_related("project", "task")
        return found.select_for_update(no_key=True, of=("self", "task"))

    def lock(self, ids):
        """See TaskQuerySet.lock. Annotations are locked first, then their tasks."""
        return self.filter(pk__in=set(ids)).order_by("pk").select_for_update(no_key=True, of=("self",))


class HistoryQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        """Managers also see what happened to deleted annotations."""
        from .models import Annotation

        return self.filter(
            Q(annotation__in=Annotation.objects.visible_to(user))
            | Q(annotation__in=Annotation.objects.deleted_for(user))
        )

    def versions(self):
        return self.filter(number__isnull=False)


class DraftQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        present = Q(task__deleted_at=None, task__project__deleted_at=None)
        return self.filter(present & within(user, "view_project", prefix="task__project"), user=user)


class PredictionQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        from .models import Task

        return self.filter(task__in=Task.objects.visible_to(user))


class UploadQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        """Files that a visible task of the same project refers to; all files for managers of the project."""
        from .models import Task

        key = Concat(Cast(OuterRef("project_id"), models.TextField()), Value("/"), OuterRef("name"))
        tasks = Task.objects.visible_to(user).filter(project=OuterRef("project")).naming(key)
        return self.managed_by(user) | self.filter(Exists(tasks), project__deleted_at=None)

    def managed_by(self, user: "User"):
        return self.filter(within(user, "manage_project"), project__deleted_at=None)
