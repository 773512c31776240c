"""Querysets of reviews, corrections and comments. Who sees which is decided here."""

from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from tasks.models import Annotation
from tasks.querysets import within


class ReviewQuerySet(models.QuerySet):
    def visible_to(self, user):
        everything = within(user, "view_all_annotations")
        own_work = within(user, "view_project") & Q(annotation__completed_by=user)
        # An empty Q stands for everything, but `Q() | own_work` would be own work alone.
        seen = everything | own_work if everything else everything
        # As annotations are: those turned back into drafts are their author's, and managers see them.
        if managed := within(user, "manage_project"):
            seen &= Q(annotation__is_draft=False) | Q(annotation__completed_by=user) | managed
        return self.filter(seen, annotation__deleted_at=None, task__deleted_at=None, project__deleted_at=None)

    def standing(self):
        return self.filter(pk=F("annotation__standing_review_id"))

    def not_undone(self):
        return self.filter(undone_at=None)

    def in_state(self, state):
        """Reviews with this `Review.state`, which is not stored."""
        standing = Q(pk=F("annotation__standing_review_id"))
        fallen = {
            "undone": Q(undone_at__isnull=False),
            "superseded": Q(undone_at=None, superseded_by__isnull=False),
            "outdated": Q(undone_at=None, superseded_by=None),
        }
        return self.filter(standing) if state == "standing" else self.filter(fallen[state]).exclude(standing)


class CorrectionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Annotators see corrections of their work, and those on annotations that are theirs by now."""
        everything = within(user, "view_all_annotations")
        own_work = within(user, "view_project") & (Q(annotator=user) | Q(annotation__completed_by=user))
        seen = everything | own_work if everything else everything
        return self.filter(
            seen, annotation__deleted_at=None, annotation__task__deleted_at=None, project__deleted_at=None
        )

    def in_force(self):
        """Without those of undone fixes, and of fixes replaced by another verdict on the same version."""
        review: Any = self.model._meta.get_field("review").related_model
        reviews = review._default_manager
        # A verdict that was restored is as good as its newest restoration.
        restorations = reviews.filter(restores=OuterRef("review")).order_by("-id").values("pk")[:1]
        newest = Coalesce(Subquery(restorations), F("review"))
        # A verdict on a later version replaces the fix without contradicting it.
        judged_anew = Q(superseded_by__seen_version=F("seen_version"))
        standing = reviews.filter(
            Q(superseded_by=None) | ~judged_anew, pk=OuterRef("newest_review"), undone_at=None
        )
        return self.alias(newest_review=newest).filter(Exists(standing))


class CommentQuerySet(models.QuerySet):
    def present(self):
        """Comments on a deleted annotation are gone with it."""
        return self.filter(Q(annotation=None) | Q(annotation__deleted_at=None), deleted_at=None)

    def deleted_for(self, user):
        """Deleted ones, by themselves or with their annotation: managers still read them."""
        gone = Q(deleted_at__isnull=False) | Q(annotation__deleted_at__isnull=False)
        managed = within(user, "manage_project")
        return self.filter(gone, managed, task__deleted_at=None, project__deleted_at=None)

    def visible_to(self, user):
        """Annotators see comments on their own annotations, and those they wrote on drafts."""
        seen_annotations = Annotation.objects.visible_to(user)
        about_visible = Q(annotation__in=seen_annotations) | Q(annotation=None, created_by=user)
        return self.present().filter(
            about_visible & within(user, "view_project"), task__deleted_at=None, project__deleted_at=None
        )
