"""Imports as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from exchange.exporting.bodies import iso
from exchange.importing import long_imports, repeats
from exchange.importing.importer import Outcome
from exchange.models import Status
from jobs.models import Job
from tasks.models import Import, Task
from users.models import User

from .values import Body


class ImportStateSerializer(serializers.Serializer):
    """`status`: `created`, `in_progress`, `completed`, `failed` (nothing was imported, `error` says why)."""

    id = serializers.IntegerField()
    project = serializers.IntegerField()
    name = serializers.CharField(help_text="Of its files, empty for a body without a name.")
    created_by = serializers.IntegerField()
    taken_back_at = serializers.DateTimeField(
        allow_null=True, help_text="When its tasks were deleted together, by `DELETE /api/imports/{id}/`."
    )
    status = serializers.ChoiceField(choices=Status.choices)
    error = serializers.CharField(allow_null=True)
    error_code = serializers.CharField(allow_null=True, help_text="`cancelled` if somebody stopped it.")
    errors: Any = serializers.ListField(
        child=serializers.DictField(), help_text="What is wrong with the file: up to 100, by task and path."
    )
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    done = serializers.IntegerField(help_text="Tasks written so far. None can be seen before all are.")
    total = serializers.IntegerField(allow_null=True, help_text="Null until the file has been checked.")
    task_count = serializers.IntegerField()
    annotation_count = serializers.IntegerField()
    prediction_count = serializers.IntegerField()
    report: Any = serializers.DictField()


class ListedImportSerializer(ImportStateSerializer):
    """Without the report."""

    report: Any = None


def import_answer(
    report: Mapping[str, Any],
    *,
    record: int | None = None,
    task_ids: list[int] | None = None,
    seconds: float | None = None,
) -> Body:
    """The answer to a request to import, in Label Studio's keys and ours."""
    return {
        "task_count": report["tasks"],
        "annotation_count": report.get("annotations", 0),
        "prediction_count": report.get("predictions", 0),
        "duration": None if seconds is None else round(seconds, 3),
        "file_upload_ids": report.get("uploads", []),
        "could_be_tasks_list": False,
        "found_formats": report.get("formats", []),
        "data_columns": report.get("columns", []),
        "import": record,
        "report": report,
        "job": None,
        "task_ids": task_ids,
    }


def answer_of(outcome: Outcome) -> Body:
    report = outcome.report
    return import_answer(
        report.as_dict(), record=outcome.record.pk, task_ids=report.task_ids, seconds=outcome.seconds
    )


def repeated_answer(record: Import) -> Body:
    """To the same request again. Raises Refused while the first is being answered."""
    if job := long_imports.job_of(record):
        return answer_of_job(job)
    repeats.wait_for(record)
    ids = Task.objects.filter(imported_by=record, deleted_at=None).order_by("pk").values_list("pk", flat=True)
    report = {name: value for name, value in record.report.items() if name != "last_history"}
    return import_answer(report, record=record.pk, task_ids=list(ids))


def answer_of_job(job: Job) -> Body:
    unknown = ("task_count", "annotation_count", "prediction_count", "report")
    return (
        import_answer({"tasks": None}, record=job.subject_id)
        | dict.fromkeys(unknown)
        | {
            "job": {
                "id": job.pk,
                "status": long_imports.status_of(job),
                "url": f"/api/imports/{job.subject_id}/",
            },
        }
    )


def listed_bodies(records: Sequence[Import], reader: User) -> list[Body]:
    jobs = {job.subject_id: job for job in long_imports.jobs_of(records)}
    bodies = [import_body(record, jobs.get(record.pk)) for record in records]
    return [{name: value for name, value in body.items() if name != "report"} for body in bodies]


def import_body(record: Import, job: Job | None) -> Body:
    """Label Studio's keys, and the progress. An import without a job was done within its request."""
    report = record.report
    counts = {"tasks": "task_count", "annotations": "annotation_count", "predictions": "prediction_count"}
    return {
        "id": record.pk,
        "project": record.project_id,
        "name": record.name,
        "created_by": record.created_by_id,
        "taken_back_at": iso(record.taken_back_at),
        **(_progress(job) if job else _completed(record)),
        **{ours: report.get(name, 0) for name, ours in counts.items()},
        "report": report,
    }


def _progress(job: Job) -> dict[str, Any]:
    error = job.error or {"detail": None, "code": None}
    return {
        "status": long_imports.status_of(job),
        "error": error["detail"],
        "error_code": error["code"],
        "errors": error.get("errors", []),
        "created_at": iso(job.created_at),
        "finished_at": iso(job.finished_at),
        "done": job.done,
        "total": job.total,
    }


def _completed(record: Import) -> dict[str, Any]:
    tasks = record.report.get("tasks", 0)
    instant = iso(record.created_at)
    is_complete = record.reserved_until is None
    return {
        "status": (Status.COMPLETED if is_complete else Status.IN_PROGRESS).value,
        "error": None,
        "error_code": None,
        "errors": [],
        "created_at": instant,
        "finished_at": instant if is_complete else None,
        "done": tasks,
        "total": tasks,
    }
