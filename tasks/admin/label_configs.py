"""The label configurations that projects have had: append-only."""

from django.contrib import admin

from ..models import LabelConfigVersion
from .base import LeadAdmin
from .filters import ByProject
from .show import column, person

CREATED_BY = person("created_by", "by")


@admin.register(LabelConfigVersion)
class LabelConfigVersionAdmin(LeadAdmin):
    list_display = ("id", column("project", "project"), "number", CREATED_BY, "created_at")
    list_filter = (ByProject,)
    list_select_related = ("project", "created_by")
    list_defer = ("xml", "project__label_config")
    search_fields = ("created_by__email",)
    fields = ("project", "number", CREATED_BY, "created_at", "xml")
    readonly_fields = (CREATED_BY,)
