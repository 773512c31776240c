"""Imports as JSON."""

from typing import Any

from rest_framework import serializers

from exchange.exporting.bodies import iso
from exchange.importing import long_imports
from exchange.models import Status
from jobs.models import Job
from tasks.models import Import


class ImportStateSerializer(serializers.Serializer):
    """`status`: `created`, `in_progress`, `completed`, `failed` (nothing was imported, `error` says why)."""

    id = serializers.IntegerField()
    project = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Status.choices)
    error = serializers.CharField(allow_null=True)
    error_code = serializers.CharField(allow_null=True, help_text="`cancelled` if somebody stopped it.")
    errors = serializers.ListField(
        child=serializers.DictField(), help_text="What is wrong with the file: up to 100, by task and path."
    )
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    done = serializers.IntegerField(help_text="Tasks written so far. None can be seen before all are.")
    total = serializers.IntegerField(allow_null=True, help_text="Null until the file has been checked.")
    task_count = serializers.IntegerField()
    annotation_count = serializers.IntegerField()
    prediction_count = serializers.IntegerField()
    report = serializers.DictField()


def import_body(record: Import) -> dict[str, Any]:
    """Label Studio's keys, and the progress. An import without a job was done within its request."""
    report = record.report
    job = long_imports.job_of(record)
    counts = {"tasks": "task_count", "annotations": "annotation_count", "predictions": "prediction_count"}
    return {
        "id": record.pk,
        "project": record.project_id,
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
