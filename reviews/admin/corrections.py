"""What fixes corrected."""

from django.contrib import admin

from tasks.admin.base import LeadAdmin, NumberedSearch
from tasks.admin.filters import ByProject
from tasks.admin.show import column, person, pretty

from ..corrections import operation_of
from ..models import Correction
from .filters import ByPerson


class ByAnnotator(ByPerson):
    title = parameter_name = "annotator"
    path = "annotator_id"


@admin.display(description="what")
def sentence(correction: Correction) -> str:
    return operation_of(correction).sentence


@admin.display(description="before")
def before(correction: Correction) -> str:
    return pretty(correction.before)


@admin.display(description="after")
def after(correction: Correction) -> str:
    return pretty(correction.after)


@admin.display(description="undone", boolean=True)
def undone(correction: Correction) -> bool:
    return correction.review.undone_at is not None


@admin.register(Correction)
class CorrectionAdmin(NumberedSearch, LeadAdmin):
    """Append-only: written with the fix."""

    number_fields = ("id", "annotation_id", "review_id")
    search_fields = ("annotator__email", "label_from", "label_to")
    search_help_text = "A number (id of correction, annotation or review), an annotator's e-mail, or a label."
    list_display = (
        "id",
        column("annotation", "annotation", order="annotation_id"),
        column("project", "project"),
        "kind",
        sentence,
        "control",
        person("annotator", "annotator"),
        person("review.created_by", "by"),
        "created_at",
        "acknowledged_at",
        undone,
    )
    list_filter = (ByProject, "kind", ByAnnotator)
    list_select_related = ("annotation", "project", "annotator", "review__created_by")
    list_defer = ("annotation__result", "project__label_config")
    fields = (
        "project",
        "annotation",
        "review",
        "kind",
        sentence,
        "region",
        "control",
        "label_from",
        "label_to",
        "overlap",
        before,
        after,
        person("annotator", "annotator"),
        "created_at",
        "acknowledged_at",
        undone,
    )
    readonly_fields = fields
