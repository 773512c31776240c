"""Jobs: how far they are and how they ended. Cancelling is all one can do to them."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs import runner
from jobs.models import Job
from jobs.registry import label_of
from users.models import User

from ..models import Project
from ..querysets import within
from ..services.jobs import visible_jobs
from .base import LEADS, LeadAdmin, selected
from .filters import ByProject
from .show import person

BY = person("created_by", "by")


@admin.register(Job)
class JobAdmin(LeadAdmin):
    list_display = ("id", "label", "project", "state", "progress", BY, "created_at", "finished_at")
    list_filter = (ByProject, "state")
    list_select_related = ("created_by",)
    list_defer = ("parameters", "cursor", "report")
    fields = (
        "label",
        "project",
        "state",
        "progress",
        BY,
        "created_at",
        "started_at",
        "finished_at",
        "cancel_requested_at",
        "attempts",
        "error",
        "report",
    )
    readonly_fields = fields
    actions = ("cancel",)

    @admin.display(description="kind", ordering="kind")
    def label(self, job: Job) -> str:
        return label_of(job)

    @admin.display(description="project", ordering="project_id")
    def project(self, job: Job) -> Project | None:
        # A job knows only the number. For the list, fill_page has read all of them at once.
        titled = job.__dict__.get("project", job)
        return Project.objects.filter(pk=job.project_id).first() if titled is job else titled

    def fill_page(self, rows: list[Job]) -> None:
        projects = Project.objects.defer("label_config").in_bulk({row.project_id for row in rows})
        for row in rows:
            row.__dict__["project"] = projects.get(row.project_id)

    @admin.display(description="progress")
    def progress(self, job: Job) -> str:
        percent = "" if job.percent is None or job.is_finished else f"{job.percent} %"
        return ", ".join(filter(None, [percent, job.sentence])) or "–"

    def seen_by(self, user: User, rows: QuerySet[Job]) -> QuerySet[Job]:
        return rows.filter(within(user, LEADS), pk__in=visible_jobs(user).values("pk"))

    @admin.action(description="Cancel selected jobs")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        cancelled = sum(runner.cancel(job) for job in selected(queryset))
        self.message_user(
            request, f"{cancelled} job{'' if cancelled == 1 else 's'} cancelled.", messages.SUCCESS
        )
