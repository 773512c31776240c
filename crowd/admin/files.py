"""Files and long work: restore, known answers, images and videos, export, push, apply."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from jobs.models import Job
from tasks.errors import Refused
from users.admin.base import signed_in

from .. import applying, jobs, push
from ..media import add_zip
from ..models import Campaign
from .pages import CampaignPages
from .reports import to_report


class FileForm(forms.Form):
    file = forms.FileField(label="File")

    def __init__(self, *args: Any, accept: str, help_text: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs["accept"] = accept
        self.fields["file"].help_text = help_text


class CampaignFiles(CampaignPages):
    def campaign_views(self) -> dict[str, Callable[..., HttpResponse]]:
        return super().campaign_views() | {
            "restore": self.restore,
            "images": self.images,
            "export": self.export,
            "push": self.push,
            "apply": self.apply,
        }

    def restore(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        sentences = [
            "Reads reviews back from the zip of an export, or a zip of the files of a dataset.",
            "Each review is stored once, however often it is restored; none that is here is changed.",
        ]

        def start(file: Any) -> HttpResponse:
            return self._started(
                request, campaign, "Restore", jobs.start_restore(campaign, signed_in(request), file)
            )

        help_text = "A zip with the folder reviews/."
        return self._with_file(request, campaign, "Restore reviews", sentences, ".zip", help_text, start)

    def images(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        sentences = [
            "Files that items name by a path, such as refs/a1.jpg. Whoever opens the campaign can load them."
        ]

        def store(file: Any) -> HttpResponse:
            report = add_zip(campaign, file, actor=signed_in(request))
            self.log_change(request, campaign, "Images and videos were uploaded.")
            numbers = [(name, getattr(report, name)) for name in ("stored", "replaced", "unchanged")]
            return self.show(
                request, campaign, "uploaded", "Images and videos", numbers=numbers, refused=report.refused
            )

        help_text = "A zip; its folders are kept."
        return self._with_file(
            request, campaign, "Add images and videos", sentences, ".zip", help_text, store
        )

    def _with_file(
        self,
        request: HttpRequest,
        campaign: Campaign,
        title: str,
        sentences: list[str],
        accept: str,
        help_text: str,
        use: Callable[[Any], HttpResponse],
    ) -> HttpResponse:
        sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form = FileForm(*sent, accept=accept, help_text=help_text)
        if form.is_valid():
            try:
                return use(form.cleaned_data["file"])
            except Refused as refused:
                form.add_error("file", refused.detail)
        return self.confirm(request, campaign, title, sentences, button="Upload", form=form)

    # --- jobs ---

    def export(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        if request.method != "POST":
            return self.to_watch(campaign)
        return self._started(request, campaign, "Export", jobs.start_export(campaign, signed_in(request)))

    def push(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        if request.method != "POST":
            waiting = push.waiting(campaign).count()
            sentences = [
                f"{waiting:,} reviews go to the dataset {campaign.hub_repo}, whose readers can see them."
                if campaign.hub_repo
                else "Name a dataset repository in the settings first.",
                push.problem(campaign),
                "Pushing again is harmless. What is not pushed waits, and nothing is lost.",
            ]
            return self.confirm(request, campaign, "Push to the dataset", sentences, button="Push")
        return self._started(request, campaign, "Push", jobs.start_push(campaign, signed_in(request)))

    def apply(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        if request.method != "POST":
            would = applying.preview(campaign)
            return self.confirm(
                request,
                campaign,
                "Apply the outcomes",
                _apply_sentences(would),
                button="Apply",
                is_harsh=True,
            )
        return self._started(request, campaign, "Apply", jobs.start_apply(campaign, signed_in(request)))

    def _started(self, request: HttpRequest, campaign: Campaign, what: str, job: Job) -> HttpResponse:
        self.log_change(request, campaign, f"{what}: job {job.pk}.")
        return to_report(campaign, job)


def _apply_sentences(would: dict[str, int]) -> list[str]:
    reject = would["needs_fix"] + would["delete"]
    found = [
        f"{would['keep']:,} annotations are accepted (keep).",
        f"{reject:,} are rejected with a summary comment: {would['delete']:,} as delete, "
        f"{would['needs_fix']:,} as needs a fix.",
    ]
    others = {
        "not_finished": "items do not have all their reviews yet: they are left out.",
        "no_annotation": "items do not name an annotation of this project: refused.",
        "applied": "were applied before: they stay unless something has changed.",
    }
    found += [f"{would[name]:,} {words}" for name, words in others.items() if would[name]]
    return [
        *found,
        "Your own work is refused item by item, as by hand. The report says what was refused and why.",
    ]
