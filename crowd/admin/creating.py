"""Creating a campaign, or importing more items into one; then the report."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from django.contrib import messages
from django.contrib.staticfiles import finders
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from jobs.models import Job
from tasks.errors import Refused
from tasks.models import Project, Upload
from users.admin.base import RowSelect, signed_in
from users.models import User

from .. import campaigns, jobs
from ..importing.from_project import STATIC, UPLOADS, Written, write_lines
from ..media import BadFile, MediaReport, add_zip, checked_path, folder
from ..models import Campaign
from ..rubric import question_keys
from .forms import FILE, CampaignForm, MoreItemsForm
from .links import KEYED
from .pages import CampaignPages
from .reports import to_report

NAMED = 10  # files in a warning


class CreatesCampaigns(CampaignPages):
    def campaign_views(self) -> dict[str, Callable[..., HttpResponse]]:
        return super().campaign_views() | {"import": self.import_more}

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)  # which refuses
        user = signed_in(request)
        projects = Project.objects.managed_by(user)
        form = CampaignForm(
            *((request.POST, request.FILES) if request.method == "POST" else ()),
            user=user,
            projects=projects,
            widget=RowSelect(Campaign._meta.get_field("project"), self.admin_site),
            initial={"project": _asked_project(request, projects)},
        )
        if form.is_valid():
            try:
                campaign, job, written, media = create(form, actor=user)
            except Refused as refused:
                form.add_error(refused.field if refused.field in form.fields else None, refused.detail)
            else:
                warn_of_left_out(request, written, media)
                self.log_addition(request, campaign, f"Created, with an import: job {job.pk}.")
                return to_report(campaign, job)
        return self.show(request, None, "create", "New campaign", form=form)

    def import_more(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Items that are new are added; a line that is here already changes nothing."""
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = MoreItemsForm(*sent, user=signed_in(request), campaign=campaign)
        if form.is_valid():
            try:
                job, written = start_import(campaign, form.cleaned_data, actor=signed_in(request))
            except Refused as refused:
                form.add_error("file", refused.detail)
            else:
                warn_of_left_out(request, written)
                self.log_change(request, campaign, f"Import: job {job.pk}.")
                return to_report(campaign, job)
        return self.show(request, campaign, "import", f"Import into {campaign.title}", form=form)


def _asked_project(request: HttpRequest, projects: Any) -> int | None:
    """The one that a link names, else the newest."""
    asked = request.GET.get("project", "")
    if asked.isdecimal() and len(asked) < 19:
        return projects.filter(pk=int(asked)).values_list("pk", flat=True).first()
    return projects.order_by("-pk").values_list("pk", flat=True).first()


def create(form: CampaignForm, *, actor: User) -> tuple[Campaign, Job, Written, MediaReport]:
    """The campaign with its files, and the job that imports its items: all of it, or nothing. What was left
    out of the annotations, and of the zip of images."""
    data = form.cleaned_data
    settings = {
        name: data[name] for name in ("target", "link_expires_at", "per_person", "notice", "instructions")
    }
    campaign, media = None, MediaReport()
    try:
        with transaction.atomic():
            campaign = campaigns.create(
                data["project"], actor=actor, title=data["title"], rubric=form.rubric_of(data), **settings
            )
            if data["access"] == KEYED:
                campaign = campaigns.renew_link(campaign, actor=actor)
            if data["media"]:
                with refused_for("media"):
                    media = add_zip(campaign, data["media"], actor=actor)
            job, written = start_import(campaign, data, actor=actor)
    except BaseException:
        if campaign is not None:
            shutil.rmtree(folder(campaign), ignore_errors=True)
        raise
    return campaign, job, written, media


@contextmanager
def refused_for(field: str) -> Iterator[None]:
    """What is refused is shown at this field of the form."""
    try:
        yield
    except Refused as refused:
        refused.field = field
        raise


def start_import(campaign: Campaign, data: dict[str, Any], *, actor: User) -> tuple[Job, Written]:
    """The job, and what was left out of annotations before it began."""
    if data["source"] == FILE:
        return jobs.start_import(campaign, actor, data["file"], strict=data["strict"]), Written()
    with TemporaryFile() as file:
        keys = question_keys(campaign.rubric)
        written = write_lines(campaign.project, data["annotations"], file, keys=keys)
        copy_files(campaign, written)
        return jobs.start_import(campaign, actor, file), written


def copy_files(campaign: Campaign, written: Written) -> None:
    """What items show of the project's files and this site's own, into the campaign's folder: its reviewers
    have no account."""
    for upload in Upload.objects.filter(project=campaign.project_id, name__in=written.uploads):
        with upload.file.open("rb") as source:
            _copy(campaign, f"{UPLOADS}/{upload.name}", source)
    for path in written.static:
        if found := finders.find(path):
            with Path(found).open("rb") as source:
                _copy(campaign, f"{STATIC}/{path}", source)


def _copy(campaign: Campaign, name: str, source: Any) -> None:
    try:
        target = folder(campaign) / checked_path(name)
    except BadFile:  # no image and no video: not served, either
        return
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as copy:
            shutil.copyfileobj(source, copy)


def warn_of_left_out(request: HttpRequest, written: Written, media: MediaReport | None = None) -> None:
    if media and media.refused_count:
        named = ", ".join(f"{name} ({reason})" for name, reason in media.refused[:NAMED])
        more = " …" if media.refused_count > NAMED else ""
        messages.warning(request, f"{media.refused_count:,} files of the zip were not taken: {named}{more}")
    if written.unseen:
        messages.warning(
            request,
            f"{written.unseen:,} items show no image: browsers of reviewers cannot load its address.",
        )
    if written.unreadable:
        messages.warning(request, f"{written.unreadable:,} annotations were left out: no page can show them.")
