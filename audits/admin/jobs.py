"""How far an import, a fit or a deletion is, how it ended, and which rows were wrong."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from jobs import runner
from jobs.models import Job, State
from jobs.registry import label_of
from tasks.admin.base import LEADS
from tasks.querysets import within
from tasks.services.jobs import visible_jobs
from users.admin.base import signed_in

from .. import jobs
from ..models import BaseModel, Dataset
from . import words
from .base import NotFound


def address_of(job: Job) -> str:
    return reverse("admin:audits_dataset_job", args=[job.pk])


class DatasetPages(NotFound):
    """The page of a job, for whoever may see it."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("job/<int:pk>/", view(self.job), name="audits_dataset_job"),
            path("job/<int:pk>/cancel/", view(require_POST(self.cancel)), name="audits_dataset_cancel"),
        ]
        return own + super().get_urls()

    def show(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        form = context.get("form")
        shared = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.opts,
            "media": self.media + form.media if form else self.media,
        }
        return TemplateResponse(request, f"admin/audits/{template}.html", shared | context)

    def job(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks for itself again while the job runs."""
        job = self._job(request, pk)
        return self.show(request, "job", label_of(job), **described(job, request))

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = self._job(request, pk)
        if not runner.cancel(job):
            messages.warning(request, "It had ended already.")
        return redirect(address_of(job))

    def _job(self, request: HttpRequest, pk: int) -> Job:
        """404 for jobs of projects that one does not manage, and of other kinds."""
        user = signed_in(request)
        mine = visible_jobs(user).filter(within(user, LEADS), kind__in=jobs.KINDS)
        if not self.has_view_permission(request) or (job := mine.filter(pk=pk).first()) is None:
            raise Http404
        return job


def described(job: Job, request: HttpRequest) -> dict[str, Any]:
    """The report in words, and where to go from here."""
    report = job.report if isinstance(job.report, dict) else {}
    mine = Dataset.objects.managed_by(signed_in(request))
    base, dataset, fit = None, None, None
    if job.kind == jobs.BASE_FIT:
        base = BaseModel.objects.filter(pk=job.subject).select_related("dataset").first()
        dataset = base.dataset if base else None
    elif job.kind == jobs.IMPORT:
        dataset = mine.filter(pk=report.get("dataset")).first()
        fit = Job.objects.filter(kind=jobs.BASE_FIT, pk=report.get("base_fit")).first()
    is_done = job.state == State.SUCCEEDED
    return {
        "job": job,
        "is_done": is_done,
        # The fit that follows an import is watched, too.
        "is_running": not job.is_finished or fit is not None and not fit.is_finished,
        "dataset": dataset,
        "base": base,
        "fit": fit,
        "fit_address": address_of(fit) if fit else "",
        "sentences": [words.held_out(base), words.gate(base)] if base and is_done else [],
        "numbers": [(report[name], name) for name in COUNTED if name in report and not base],
        "bad_rows": report.get("errors", []),
        "bad_count": report.get("bad_rows", 0),
    }


# Keys of a report that are numbers of something, in the order of the page.
COUNTED = ("topics", "comments", "raters", "ratings", "audit models", "versions", "labels", "reports")
