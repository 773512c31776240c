"""Reads that chain. Who sees what (docs/reference/rules.md#9-who-sees-what) is decided here, not in views."""

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


# The version now was made under another configuration than the project has now. Rows that name none were made
# under its first.
CONFIG_OUTDATED = (
    Q(current_version__label_config__isnull=False)
    & ~Q(current_version__label_config=F("project__label_config_version"))
) | Q(current_version__label_config=None, project__label_config_version__number__gt=1)


class ProjectQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        return self.filter(NOT_DELETED & within(user, "view_project", prefix=""))

    def managed_by(self, user: "User"):
        return self.filter(NOT_DELETED & within(user, "manage_project", prefix=""))


class MembershipQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        return self.filter(within(user, "view_project"), project__deleted_at=None)


class ViewQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        return self.filter(within(user, "view_project"), project__deleted_at=None)


class TaskQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        return self.filter(NOT_DELETED, self._seen_by(user), project__deleted_at=None)

    def _seen_by(self, user: "User") -> Q:
        everything = within(user, "view_all_annotations")
        if not everything:
            return everything
        return everything | self._given_to(user)

    def _given_to(self, user: "User") -> Q:
        """An annotator's tasks: every one where work is handed out freely, else the assigned and already
        annotated ones."""
        from .models import Annotation, Assignment

        assigned = Exists(Assignment.objects.filter(task=OuterRef("pk"), user=user))
        mine = Exists(Annotation.objects.filter(NOT_DELETED, task=OuterRef("pk"), completed_by=user))
        free = Q(project__label_stream_task_distribution=Distribution.AUTO)
        return within(user, "view_project") & (free | assigned | mine)

    def offered_to(self, user: "User"):
        """Of the visible tasks, those a list shows: reviewers see what has entered review for them, and what
        they annotated."""
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
        """Tasks with a standing reject, by counter."""
        return self.filter(reviews_rejected__gt=0)

    def with_accepted(self):
        """Tasks with a standing accept, by counter: fixed counts as accepted."""
        return self.filter(reviews_accepted__gt=0)

    def naming(self, upload_key):
        """Tasks whose data has `/data/upload/<upload_key>` somewhere, by index."""
        return self.alias(upload_names=UPLOAD_NAMES).filter(upload_names__contains=[upload_key])

    def naming_any(self, uploads):
        return self.alias(upload_names=UPLOAD_NAMES).filter(
            upload_names__overlap=[upload.key for upload in uploads]
        )

    def lock(self, ids):
        """The rows of `ids`,
        locked in order. NO KEY: plain FOR UPDATE deadlocks with the KEY SHARE of foreign keys."""
        return self.filter(pk__in=set(ids)).order_by("pk").select_for_update(no_key=True, of=("self",))


class AnnotationQuerySet(models.QuerySet):
    def present(self):
        return self.filter(NOT_DELETED, task__deleted_at=None, project__deleted_at=None)

    def visible_to(self, user: "User"):
        return self.present().filter(self._seen_by(user)).exclude(Q(is_draft=True) & ~Q(completed_by=user))

    def _seen_by(self, user: "User") -> Q:
        everything = within(user, "view_all_annotations")
        if not everything:
            return everything
        return everything | (within(user, "view_project") & Q(completed_by=user))

    def listed(self):
        """Without the ones turned back into drafts."""
        return self.filter(is_draft=False)

    def config_outdated(self):
        return self.filter(CONFIG_OUTDATED)

    def saying_config_outdated(self):
        """Each row says so itself: `config_outdated`."""
        return self.annotate(config_outdated=ExpressionWrapper(CONFIG_OUTDATED, models.BooleanField()))

    def with_verdict(self):
        return self.filter(last_action__in=VERDICTS)

    def lock_with_task(self):
        """One annotation, its task, its project and its author. Of one annotation a statement locks both rows
        in order; of several it would lock the task of the first before the second."""
        found = self.select_related("project", "task", "completed_by")
        return found.saying_config_outdated().select_for_update(no_key=True, of=("self", "task"))

    def lock(self, ids):
        """See TaskQuerySet.lock. Annotations first, then their tasks, and nothing else."""
        return self.filter(pk__in=set(ids)).order_by("pk").select_for_update(no_key=True, of=("self",))


class HistoryQuerySet(models.QuerySet):
    def visible_to(self, user: "User"):
        from .models import Annotation

        return self.filter(annotation__in=Annotation.objects.visible_to(user))

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
        """Who sees a task of the same project that names the file; managers see every file of theirs."""
        from .models import Task

        key = Concat(Cast(OuterRef("project_id"), models.TextField()), Value("/"), OuterRef("name"))
        tasks = Task.objects.visible_to(user).filter(project=OuterRef("project")).naming(key)
        return self.managed_by(user) | self.filter(Exists(tasks), project__deleted_at=None)

    def managed_by(self, user: "User"):
        return self.filter(within(user, "manage_project"), project__deleted_at=None)
