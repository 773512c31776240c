"""Long work on a campaign as jobs: each is a call of the function that does it, from a cursor on.

What is small is done when `start_…` returns, and its job has ended; else a worker does it. An uploaded file
is kept until its job has ended, an export until later ones have replaced it.
"""

import json
import shutil
from pathlib import Path
from typing import Any, BinaryIO

from celery import shared_task
from django.conf import settings
from django.db import transaction

from jobs import runner
from jobs.models import Job, JobQuerySet, State
from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob
from tasks.errors import Refused
from users.models import User
from users.sending import require_sending, sends
from users.sentences import sentence as _

from . import applying, campaigns, completion, export, measuring, push
from .counts import totals
from .hub import refuse_unprepared
from .importing.importer import ImportState, ItemImport
from .models import Campaign, Submission
from .restoring import RestoreState, Restoring
from .review_source import Zip

IMPORT, RESTORE, EXPORT = "crowd_import", "crowd_restore", "crowd_export"
APPLY, TARGET = "crowd_apply", "crowd_target"
KINDS = (IMPORT, RESTORE, EXPORT, APPLY, TARGET, push.KIND)  # their subject is the campaign
# Up to these sizes the request itself does it: about a second.
IMPORT_BYTES, RESTORE_BYTES = 2**20, 100_000
EXPORT_REVIEWS, APPLY_ITEMS, TARGET_ITEMS = 1000, 50, 1000
KEPT_EXPORTS = 3


def jobs_of(campaign: Campaign) -> JobQuerySet:
    """Newest first."""
    return Job.objects.filter(kind__in=KINDS, subject_id=campaign.pk)


def start_import(campaign: Campaign, actor: User, file: BinaryIO, *, strict: bool = False) -> Job:
    """`file`: JSON lines, seekable. `strict`: refused as a whole if there is a bad line."""
    return _start_with_file(IMPORT, campaign, actor, file, IMPORT_BYTES, {"strict": strict})


def start_restore(campaign: Campaign, actor: User, file: BinaryIO) -> Job:
    """`file`: a zip, seekable. Raises Refused if it is something else."""
    campaigns.require_manager(campaign.project, actor)
    Zip(file)
    return _start_with_file(RESTORE, campaign, actor, file, RESTORE_BYTES, {})


def start_export(campaign: Campaign, actor: User) -> Job:
    """Not within a transaction: an export is one of its own."""
    reviews = Submission.objects.filter(campaign=campaign)
    return _start(EXPORT, campaign, actor, is_small=reviews.count() <= EXPORT_REVIEWS)


def start_apply(campaign: Campaign, actor: User) -> Job:
    """The one under way, if there is one: two would wait for each other item by item."""
    campaigns.require_manager(campaign.project, actor)
    job, is_new = _only(APPLY, campaign, actor)
    return _run_or_enqueue(job, is_small=totals(campaign).items <= APPLY_ITEMS) if is_new else job


def start_push(campaign: Campaign, actor: User) -> Job:
    """The one under way, if there is one. Raises Refused: no repository, no token, no library."""
    campaigns.require_manager(campaign.project, actor)
    if not campaign.hub_repo:
        detail = _("Enter the dataset repository of the campaign first, as owner/name.")
        raise Refused("no_repository", detail, field="hub_repo")
    refuse_unprepared()
    job, is_new = _only(push.KIND, campaign, actor)
    if is_new:
        runner.enqueue(job)
    return job


def sweep_pushes() -> None:
    """Push what waits, of all campaigns with a repository."""
    for campaign in Campaign.objects.public().exclude(hub_repo="").select_related("created_by"):
        if push.is_due(campaign):
            job, is_new = _only(push.KIND, campaign, campaign.created_by)
            if is_new:
                runner.enqueue(job)


def _only(kind: str, campaign: Campaign, actor: User) -> tuple[Job, bool]:
    """The unfinished job of this kind, or a new one. (job, whether it is new)"""
    with transaction.atomic():
        Campaign.objects.locked().get(pk=campaign.pk)
        if job := jobs_of(campaign).unfinished().filter(kind=kind).first():
            return job, False
        return _create(kind, campaign, actor), True


def start_target(campaign: Campaign, actor: User, target: int) -> Job:
    """The number changes now, the items follow."""
    campaign = campaigns.change_target(campaign, target, actor=actor)
    return _start(TARGET, campaign, actor, is_small=totals(campaign).items <= TARGET_ITEMS)


def export_file(job: Job) -> Path | None:
    """What a finished export has written, if it is still kept."""
    path = _export_path(job)
    return path if job.kind == EXPORT and job.state == State.SUCCEEDED and path.exists() else None


def _start(kind: str, campaign: Campaign, actor: User, *, is_small: bool) -> Job:
    campaigns.require_manager(campaign.project, actor)
    return _run_or_enqueue(_create(kind, campaign, actor), is_small=is_small)


def _start_with_file(
    kind: str, campaign: Campaign, actor: User, file: BinaryIO, limit: int, parameters: dict[str, Any]
) -> Job:
    campaigns.require_manager(campaign.project, actor)
    with transaction.atomic():  # without the file, the job is not wanted
        job = _create(kind, campaign, actor, parameters)
        path = _upload_path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.seek(0)
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
    return _run_or_enqueue(job, is_small=path.stat().st_size <= limit)


def _create(kind: str, campaign: Campaign, actor: User, parameters: dict[str, Any] | None = None) -> Job:
    return runner.create(
        kind,
        created_by=actor,
        project_id=campaign.project_id,
        subject_id=campaign.pk,
        parameters=parameters,
    )


def _run_or_enqueue(job: Job, *, is_small: bool) -> Job:
    if is_small:
        return runner.run_now(job)
    runner.enqueue(job)
    return job


def _campaign(job: Job) -> Campaign:
    campaign = Campaign.objects.public().select_related("project").filter(pk=job.subject).first()
    if campaign is None:
        raise Refused("not_found", _("The campaign or its project was deleted."))
    return campaign


def _upload_path(job: Job) -> Path:
    return Path(settings.MEDIA_ROOT) / "crowd_uploads" / str(job.subject) / str(job.pk)


def _seen_path(job: Job) -> Path:
    return _upload_path(job).with_suffix(".seen")


def _export_path(job: Job) -> Path:
    return Path(settings.MEDIA_ROOT) / "crowd_exports" / str(job.subject) / f"{job.pk}.zip"


def _open(job: Job) -> BinaryIO:
    try:
        return _upload_path(job).open("rb")
    except FileNotFoundError:
        raise Refused("file_lost", _("The uploaded file is gone. Send it again.")) from None


def _remove_upload(job: Job) -> None:
    def remove() -> None:
        _upload_path(job).unlink(missing_ok=True)
        _seen_path(job).unlink(missing_ok=True)

    transaction.on_commit(remove)


def _remove_old_exports(job: Job) -> None:
    def remove() -> None:
        kept = Job.objects.about(EXPORT, job.subject).filter(state=State.SUCCEEDED)[:KEPT_EXPORTS]
        names = {_export_path(one).name for one in kept}
        for path in _export_path(job).parent.glob("*.zip"):
            if path.name not in names:
                path.unlink(missing_ok=True)

    transaction.on_commit(remove)


@job_kind(
    IMPORT,
    label=_("Import of campaign items"),
    if_stopped=_("The items before stay; import the file again to go on."),
    on_end=_remove_upload,
)
def import_step(running: RunningJob) -> Done | Continue:
    job = running.job
    state = ImportState.from_json(job.cursor) if job.cursor else ImportState()
    seen = _read_seen(job, state)
    with _open(job) as file:
        importing = ItemImport(
            _campaign(job),
            file,
            state,
            seen,
            is_strict=job.parameters["strict"],
            progress=running.report_progress,
        )
        is_done = importing.run(lambda: running.is_out_of_time)
    if is_done:
        return Done(importing.state.report.as_dict())
    _write_seen(job, seen)
    return Continue(importing.state.as_json())


def _read_seen(job: Job, state: ImportState) -> dict[str, int]:
    """Only up to the cursor: a worker may have died between writing the file and its commit."""
    if not state.lines:
        return {}
    seen: dict[str, int] = json.loads(_seen_path(job).read_bytes())
    return {anno_id: number for anno_id, number in seen.items() if number <= state.lines}


def _write_seen(job: Job, seen: dict[str, int]) -> None:
    draft = _seen_path(job).with_suffix(".draft")
    draft.write_text(json.dumps(seen))
    draft.replace(_seen_path(job))


# Not atomic: it commits some reviews at a time, and a review is restored once however often it is read.
@job_kind(
    RESTORE,
    label=_("Restore of campaign reviews"),
    atomic=False,
    if_stopped=_("The reviews before stay; restore the file again to go on."),
    on_end=_remove_upload,
)
def restore_step(running: RunningJob) -> Done | Continue:
    job = running.job
    state = RestoreState.from_json(job.cursor) if job.cursor else RestoreState()
    with _open(job) as file:
        restoring = Restoring(_campaign(job), Zip(file), state, progress=running.report_progress)
        is_done = restoring.run(lambda: running.is_out_of_time)
    return Done(state.report.as_dict()) if is_done else Continue(state.as_json())


# One step, however long: an export has the state of one instant. Written again if its worker dies.
@job_kind(EXPORT, label=_("Export of a campaign"), atomic=False, on_end=_remove_old_exports)
def export_step(running: RunningJob) -> Done:
    path = _export_path(running.job)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{running.token}")
    for old in path.parent.glob(f"{path.stem}.*"):  # of a worker that died
        old.unlink(missing_ok=True)
    try:
        with draft.open("wb") as file:
            reviews = export.write_zip(_campaign(running.job), file, progress=running.report_progress)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return Done({"reviews": reviews, "bytes": path.stat().st_size})


@shared_task
@sends
def push_reviews() -> None:
    """By beat."""
    if settings.HF_TOKEN:
        sweep_pushes()


# Not atomic: what the hub has taken is marked at once.
@job_kind(
    push.KIND,
    label=_("Push to the dataset repository"),
    atomic=False,
    if_stopped=_("The other reviews wait."),
)
def push_step(running: RunningJob) -> Done | Continue:
    require_sending()
    return push.step(running, _campaign(running.job))


@job_kind(
    APPLY,
    label=_("Applying of outcomes"),
    atomic=False,
    if_stopped=_("The annotations before are decided; apply again to go on."),
)
def apply_step(running: RunningJob) -> Done | Continue:
    job = running.job
    state = applying.ApplyState.from_json(job.cursor) if job.cursor else applying.ApplyState()
    # Short steps, so that the report is right even if a worker dies: decisions are committed one by one.
    is_done = applying.apply_from(
        state,
        _campaign(job),
        actor=job.created_by,
        progress=running.report_progress,
        is_out_of_time=lambda: True,
    )
    return Done(state.report.as_dict()) if is_done else Continue(state.as_json())


@job_kind(
    TARGET,
    label=_("Change of the reviews per item"),
    atomic=False,
    if_stopped=_("The items before have the new number; set it again to go on."),
)
def target_step(running: RunningJob) -> Done | Continue:
    last = campaigns.settle_from(
        running.job.cursor or 0,
        _campaign(running.job),
        progress=running.report_progress,
        is_out_of_time=lambda: running.is_out_of_time,
    )
    return Done({"items": running.done}) if last is None else Continue(last)


@shared_task
def complete_campaigns() -> None:
    completion.sweep()


@shared_task
def measure_campaigns() -> None:
    measuring.measure_due()
