"""Comments on tasks, annotations and drafts."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tasks.models import Annotation, Project, Task
from tasks.search import words_of

from ..querysets import CommentQuerySet

PERSON = settings.AUTH_USER_MODEL


class Comment(models.Model):
    """A comment on an annotation or one of its regions, or on a draft."""

    text = models.TextField()
    # Chosen by the client, so that a repeated request creates only one.
    unique_id = models.UUIDField(null=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="comments")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="comments")
    annotation = models.ForeignKey(Annotation, on_delete=models.CASCADE, null=True, related_name="comments")
    # No foreign key: submitting deletes the draft (see comments.follow_drafts).
    draft_id = models.BigIntegerField(null=True)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="comments")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    is_resolved = models.BooleanField(default=False)
    resolved_at = models.DateTimeField(null=True)
    region_ref = models.JSONField(null=True, blank=True)
    classifications = models.JSONField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "unique_id"], condition=Q(deleted_at=None), name="comment_unique_id_unique"
            )
        ]
        indexes = [GinIndex(words_of("text"), name="comment_words")]

    def __str__(self) -> str:
        return self.text[:60]
