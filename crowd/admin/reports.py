"""The page that shares a campaign, and shows what a job did: its link, a QR code, the job's report."""

from collections.abc import Callable
from typing import Any

import segno
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString, mark_safe

from jobs import runner
from jobs.models import Job, State
from jobs.registry import label_of

from .. import jobs
from ..models import Campaign
from .pages import CampaignPages, link_of, page_of

# Keys of a report that are numbers of something, in the words of the page.
WORDS = {
    "created": "created",
    "unchanged": "unchanged",
    "changed": "changed: the line differs, and nobody had reviewed the item",
    "kept": "kept as they were: the line differs, but the item has reviews",
    "bad_lines": "bad lines, not imported",
    "surplus": "of them surplus",
    "duplicate": "here already",
    "unknown": "of items that this campaign does not have",
    "invalid": "files that are not reviews",
    "accepted": "accepted",
    "rejected": "rejected",
    "reviews": "reviews",
    "pushed": "reviews pushed",
    "commits": "commits",
    "items": "items",
}


class CampaignReports(CampaignPages):
    def campaign_views(self) -> dict[str, Callable[..., HttpResponse]]:
        return super().campaign_views() | {
            "share": self.share,
            "report/<int:job>": self.report,
            "cancel/<int:job>": self.cancel,
            "download/<int:job>": self.download,
        }

    def share(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        return self.show(request, campaign, "report", f"Share {campaign.title}", **shared(request, campaign))

    def report(self, request: HttpRequest, campaign: Campaign, job: int) -> HttpResponse:
        """Reloads itself while the job runs."""
        found = _job(campaign, job)
        context = described(found) | (shared(request, campaign) if found.kind == jobs.IMPORT else {})
        if jobs.export_file(found):
            context["download"] = page_of("download", campaign, found.pk)
        return self.show(request, campaign, "report", f"{label_of(found)}: {campaign.title}", **context)

    def cancel(self, request: HttpRequest, campaign: Campaign, job: int) -> HttpResponse:
        found = _job(campaign, job)
        if request.method == "POST":
            if runner.cancel(found):
                self.log_change(request, campaign, f"{label_of(found)} cancelled: job {found.pk}.")
            else:
                messages.warning(request, "It had ended already, or cannot be cancelled.")
        return to_report(campaign, found)

    def download(self, request: HttpRequest, campaign: Campaign, job: int) -> HttpResponse:
        found = _job(campaign, job)
        path = jobs.export_file(found)
        if path is None:
            raise Http404
        name = f"{campaign.slug}-{found.pk}.zip"
        # It is answered like any other; the stubs know no common type but HttpResponseBase.
        return FileResponse(path.open("rb"), as_attachment=True, filename=name)  # type: ignore[return-value]


def to_report(campaign: Campaign, job: Job) -> HttpResponse:
    return redirect("admin:crowd_campaign_report", campaign.pk, job.pk)


def _job(campaign: Campaign, pk: int) -> Job:
    """404 for a job of another campaign."""
    if (job := jobs.jobs_of(campaign).filter(pk=pk).first()) is None:
        raise Http404
    return job


def shared(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    link = link_of(request, campaign)
    return {"link": link, "qr_code": qr_code(link)}


def qr_code(link: str) -> SafeString:
    """Inline SVG, dark on white whatever the page's colours are: cameras need the contrast."""
    code = segno.make(link, micro=False, error="m")
    svg = code.svg_inline(
        border=4, dark="#000", light="#fff", svgclass="qr-code", lineclass=None, omitsize=True
    )
    return mark_safe(svg)  # digits and letters of the generator, nothing of the link


def described(job: Job) -> dict[str, Any]:
    """The job's report as numbers with words, and lists of what was wrong."""
    report = job.report if isinstance(job.report, dict) else {}
    return {
        "job": job,
        "label": label_of(job),
        "succeeded": job.state == State.SUCCEEDED,
        "numbers": [
            (report[name], words) for name, words in WORDS.items() if isinstance(report.get(name), int)
        ],
        "kept": _listed(report, "kept_items"),
        "bad_lines": _listed(report, "errors"),
        "unknown_items": _listed(report, "unknown_items"),
        "invalid_files": _listed(report, "invalid_files"),
        "refused": report["refused"] if isinstance(report.get("refused"), dict) else {},
        "examples": _listed(report, "examples"),
        "repository": report.get("repository", ""),
    }


def _listed(report: dict[str, Any], name: str) -> list[Any]:
    return found if isinstance(found := report.get(name), list) else []
