"""Saved tabs of the data manager."""

from django.conf import settings
from django.db import models

from ..querysets import ViewQuerySet
from .project import Project


class View(models.Model):
    """One tab: filters, an order, hidden columns. `data` is the client's, stored as it was sent."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="views")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    data = models.JSONField(default=dict, blank=True)
    order = models.IntegerField(default=0)
    selected_items = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ViewQuerySet.as_manager()

    class Meta:
        ordering = ["order", "id"]

    def __str__(self) -> str:
        title = self.data.get("title") if isinstance(self.data, dict) else None
        return str(title or f"View {self.pk}")
