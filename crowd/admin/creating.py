"""Creating a campaign, or importing more items into one; then the report."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from jobs.models import Job
from tasks.errors import Refused
from tasks.models import Project, Upload
from users.admin.base import signed_in
from users.models import User

from .. import campaigns, jobs
from ..importing.from_project import UPLOADS, write_lines
from ..media import add_zip, folder
from ..models import Campaign
from .forms import FILE, CampaignForm, MoreItemsForm
from .links import KEYED
from .pages import CampaignPages
from .reports import to_report


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
            widget=AutocompleteSelect(Campaign._meta.get_field("project"), self.admin_site),
            initial={"project": _asked_project(request, projects)},
        )
        if form.is_valid():
            try:
                campaign, job = create(form, actor=user)
            except Refused as refused:
                form.add_error(refused.field if refused.field in form.fields else None, refused.detail)
            else:
                self.log_addition(request, campaign, f"Created, with an import: job {job.pk}.")
                return to_report(campaign, job)
        return self.show(request, None, "create", "New campaign", form=form)

    def import_more(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        """Items that are new are added; a line that is here already changes nothing."""
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = MoreItemsForm(*sent, user=signed_in(request), campaign=campaign)
        if form.is_valid():
            try:
                job = start_import(campaign, form.cleaned_data, actor=signed_in(request))
            except Refused as refused:
                form.add_error("file", refused.detail)
            else:
                self.log_change(request, campaign, f"Import: job {job.pk}.")
                return to_report(campaign, job)
        return self.show(request, campaign, "import", f"Import into {campaign.title}", form=form)


def _asked_project(request: HttpRequest, projects: Any) -> int | None:
    """The one that a link names, else the newest."""
    asked = request.GET.get("project", "")
    if asked.isdecimal() and len(asked) < 19:
        return projects.filter(pk=int(asked)).values_list("pk", flat=True).first()
    return projects.order_by("-pk").values_list("pk", flat=True).first()


def create(form: CampaignForm, *, actor: User) -> tuple[Campaign, Job]:
    """The campaign with its files, and the job that imports its items: all of it, or nothing."""
    data = form.cleaned_data
    settings = {
        name: data[name] for name in ("target", "link_expires_at", "per_person", "notice", "instructions")
    }
    campaign = None
    try:
        with transaction.atomic():
            campaign = campaigns.create(
                data["project"], actor=actor, title=data["title"], rubric=form.rubric_of(data), **settings
            )
            if data["access"] == KEYED:
                campaign = campaigns.renew_link(campaign, actor=actor)
            if data["media"]:
                with refused_for("media"):
                    add_zip(campaign, data["media"], actor=actor)
            job = start_import(campaign, data, actor=actor)
    except BaseException:
        if campaign is not None:
            shutil.rmtree(folder(campaign), ignore_errors=True)
        raise
    return campaign, job


@contextmanager
def refused_for(field: str) -> Iterator[None]:
    """What is refused is shown at this field of the form."""
    try:
        yield
    except Refused as refused:
        refused.field = field
        raise


def start_import(campaign: Campaign, data: dict[str, Any], *, actor: User) -> Job:
    if data["source"] == FILE:
        return jobs.start_import(campaign, actor, data["file"], strict=data["strict"])
    with TemporaryFile() as file:
        keys = [question["key"] for question in campaign.rubric["questions"]]
        written = write_lines(campaign.project, data["annotations"], file, keys=keys)
        copy_uploads(campaign, written.uploads)
        return jobs.start_import(campaign, actor, file)


def copy_uploads(campaign: Campaign, names: set[str]) -> None:
    """Files of the project that the items show, into the campaign's folder: its reviewers have no account."""
    place = folder(campaign) / UPLOADS
    for upload in Upload.objects.filter(project=campaign.project_id, name__in=names):
        target = place / upload.name
        if not target.exists():
            place.mkdir(parents=True, exist_ok=True)
            with upload.file.open("rb") as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
