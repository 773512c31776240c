"""Imports on the wire."""

from typing import Any

from rest_framework import serializers

from exchange.exporting.bodies import iso
from exchange.models import ImportJob, Status
from tasks.models import Import


class ImportStateSerializer(serializers.Serializer):
    """`created`, `in_progress`, `completed`, `failed`: nothing was imported then, and `error` says why."""

    id = serializers.IntegerField()
    project = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Status.choices)
    error = serializers.CharField(allow_null=True)
    error_code = serializers.CharField(allow_null=True, help_text="`cancelled` where somebody stopped it.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    done = serializers.IntegerField(help_text="Tasks read in so far. None of them is there before all are.")
    total = serializers.IntegerField(allow_null=True, help_text="Null until the file was read through once.")
    task_count = serializers.IntegerField()
    annotation_count = serializers.IntegerField()
    prediction_count = serializers.IntegerField()
    report = serializers.DictField()


def import_body(record: Import) -> dict[str, Any]:
    """Label Studio's keys, and how far it is. An import without a job was through when its request was."""
    report = record.report
    job = ImportJob.objects.filter(pk=record.pk).first()
    counts = {"tasks": "task_count", "annotations": "annotation_count", "predictions": "prediction_count"}
    return {
        "id": record.pk,
        "project": record.project_id,
        **(_state(job) if job else _through(record)),
        **{ours: report.get(name, 0) for name, ours in counts.items()},
        "report": report,
    }


def _state(job: ImportJob) -> dict[str, Any]:
    error = job.error or {"detail": None, "code": None}
    return {
        "status": job.status,
        "error": error["detail"],
        "error_code": error["code"],
        "created_at": iso(job.created_at),
        "finished_at": iso(job.finished_at),
        "done": job.done,
        "total": job.total,
    }


def _through(record: Import) -> dict[str, Any]:
    tasks = record.report.get("tasks", 0)
    moment = iso(record.created_at)
    when = {"created_at": moment, "finished_at": moment}
    return {
        "status": Status.COMPLETED.value,
        "error": None,
        "error_code": None,
        **when,
        "done": tasks,
        "total": tasks,
    }
