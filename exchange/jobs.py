"""The kinds of jobs of this app: thin, each a call."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob
from users.sentences import sentence as _

from .exporting import snapshots
from .importing import long_imports
from .models import Export


@job_kind(
    long_imports.KIND,
    label=_("Import"),
    if_stopped=_("Nothing was imported."),
    is_kept=True,
    on_end=long_imports.clean_up,
)
def import_tasks(running: RunningJob) -> Done | Continue:
    return long_imports.run_step(running)


@job_kind(long_imports.REMOVAL, label=_("Removal of a stopped import"), is_cancellable=False)
def remove_stopped_import(running: RunningJob) -> Done | Continue:
    return long_imports.remove_step(running)


# Not atomic: a snapshot is a transaction of its own kind, and writing a file again does no harm.
@job_kind(snapshots.EXPORT, label=_("Export"), atomic=False, on_end=snapshots.set_export_status)
def write_export(running: RunningJob) -> Done:
    return Done(snapshots.write(running.job, progress=running.report_progress))


@job_kind(snapshots.CONVERSION, label=_("Conversion"), atomic=False, on_end=snapshots.set_conversion_status)
def convert_export(running: RunningJob) -> Done:
    return Done(snapshots.convert(running.job, progress=running.report_progress))


@shared_task
def prune_exports() -> None:
    """Delete saved exports and their files, EXPORT_DAYS after they were made. 0: never."""
    if settings.EXPORT_DAYS:
        before = timezone.now() - timedelta(days=settings.EXPORT_DAYS)
        for export in Export.objects.filter(created_at__lt=before):
            snapshots.delete(export)
