"""Which tasks name which uploads: a function over a task's data, and an index of the tasks that name any."""

from django.contrib.postgres.fields import ArrayField
from django.db.migrations import RunSQL
from django.db.models import F, Func, TextField

from .triggers import Function

FUNCTION = Function(
    "upload_names(data jsonb)",
    returns="text[]",
    attributes="IMMUTABLE STRICT PARALLEL SAFE",
    body="""
DECLARE body text := data::text;
BEGIN
    IF position('/data/upload/' IN body) = 0 THEN RETURN NULL; END IF;
    RETURN (
        SELECT array_agg(DISTINCT named[1])
        FROM regexp_matches(body, '/data/upload/([0-9]+/[A-Za-z0-9._-]+)', 'g') AS named
    );
END
""",
)
INDEX = """
    CREATE INDEX task_upload_names ON tasks_task USING gin (upload_names(data))
    WHERE upload_names(data) IS NOT NULL
"""
OPERATIONS = [
    RunSQL(FUNCTION.create, "DROP FUNCTION upload_names(jsonb)"),
    RunSQL(INDEX, "DROP INDEX task_upload_names"),
]

# Every `<project>/<name>` that a task's data names as an upload, or NULL.
UPLOAD_NAMES = Func(F("data"), function="upload_names", output_field=ArrayField(TextField()))
