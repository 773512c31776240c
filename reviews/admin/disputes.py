"""Contested rejections, to look through. Another verdict decides them, on the list of annotations."""

from django.contrib import admin

from tasks.admin.base import LeadAdmin
from tasks.admin.filters import ByProject
from tasks.admin.search import NumberedSearch
from tasks.admin.show import column, person

from ..models import Dispute


@admin.register(Dispute)
class DisputeAdmin(NumberedSearch, LeadAdmin):
    """Append-only."""

    number_fields = ("id", "annotation_id", "review_id")
    search_fields = ("contested_by__email", "because")
    search_help_text = (
        "A number (id of dispute, annotation or review), an annotator's e-mail, or words of the reason."
    )
    list_display = (
        "id",
        column("annotation", "annotation", order="annotation_id"),
        column("project", "project"),
        person("contested_by", "contested by"),
        "contested_at",
        "because",
        person("review.created_by", "rejected by"),
        "outcome",
        person("decided_by", "decided by"),
    )
    list_filter = (ByProject, "outcome")
    list_select_related = ("annotation", "project", "contested_by", "review__created_by", "decided_by")
    list_defer = ("annotation__result", "project__label_config")
    fields = (
        "project",
        "annotation",
        "review",
        person("contested_by", "contested by"),
        "contested_at",
        "because",
        "outcome",
        person("decided_by", "decided by"),
        "decided_at",
        "deciding_review",
    )
    readonly_fields = fields
