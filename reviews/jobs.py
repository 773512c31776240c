"""The kinds of jobs of this app: thin, each a call."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob
from users.sentences import sentence as _

from . import bulk, purging, recalculation
from .sampling import RECALCULATION


# Not atomic: its chunks commit, so that nobody waits for their tasks longer than a moment.
@job_kind(
    RECALCULATION,
    label=_("Recalculation"),
    atomic=False,
    is_cancellable=False,
    if_stopped=_("Counters of the tasks after this may not follow the settings: run `manage.py recount`."),
    on_end=recalculation.settle_sample,
)
def recalculate(running: RunningJob) -> Done | Continue:
    return recalculation.run(running)


@job_kind(
    bulk.KIND,
    label=_("Bulk action"),
    if_stopped=_("What was done before stays, and can be undone as one bulk action."),
    on_end=bulk.forget_if_empty,
)
def bulk_review(running: RunningJob) -> Done | Continue:
    return bulk.run_part(running)


@job_kind(
    bulk.UNDO_KIND,
    label=_("Undo of a bulk action"),
    if_stopped=_("What was undone before stays undone. Undo the bulk action again for the rest."),
    on_end=bulk.forget_if_empty,
)
def undo_bulk_review(running: RunningJob) -> Done | Continue:
    return bulk.run_part(running)


@shared_task
def purge_trash() -> None:
    """Delete for good what was deleted more than TRASH_DAYS ago, in short steps. 0: never."""
    if settings.TRASH_DAYS:
        before = timezone.now() - timedelta(days=settings.TRASH_DAYS)
        purging.purge(before, seconds=purging.STEP_SECONDS)
