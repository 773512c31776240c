"""Files of tasks to import."""

import io
import json
from typing import Any

from django.core.management import call_command
from django.db import connection

from exchange.importing.importer import Outcome, import_file
from exchange.importing.sources import SourceFile
from tasks.models import Annotation, Project
from tests import factories

UUIDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(10)]


def source_of(raw: bytes, name: str = "", content_type: str = "") -> SourceFile:
    return SourceFile(io.BytesIO(raw), name, content_type)


def load(body: Any, project: Project, **options: Any) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    outcome = import_file(project, io.BytesIO(raw), actor=project.created_by, **options)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    call_command("recount", check=True, verbosity=0)
    return outcome


def answer(label: str = "A", **fields: Any) -> dict[str, Any]:
    return {"result": factories.result(label), "completed_by": {"email": "anna@example.org"}} | fields


def task_of(*annotations: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"data": {"text": "A letter"}, "annotations": list(annotations)} | fields


def review(accepted: bool = True, **fields: Any) -> dict[str, Any]:
    return {
        "created_by": {"email": "rita@example.org"},
        "accepted": accepted,
        "created_at": "2026-01-02T10:00:00Z",
    } | fields


def only_annotation() -> Annotation:
    return Annotation.objects.select_related("completed_by", "last_created_by", "task").get()
