"""Files that came with tasks: to look at. They are removed by the API, which asks whether tasks show them still."""

from django.contrib import admin
from django.utils.html import format_html

from ..models import Upload
from .base import LeadAdmin
from .filters import ByProject
from .show import column, person

BY = person("created_by", "by")


@admin.display(description="address")
def address(upload: Upload) -> str:
    return format_html('<a href="{0}">{0}</a>', upload.path)


@admin.register(Upload)
class UploadAdmin(LeadAdmin):
    list_display = ("name", column("project", "project"), "content_type", "size", BY, "created_at")
    list_filter = (ByProject, "content_type")
    list_select_related = ("project", "created_by")
    search_fields = ("name",)
    date_hierarchy = "created_at"
    fields = ("project", "name", address, "content_type", "size", "sha256", BY, "created_at")
    readonly_fields = (address, BY, "created_at")
