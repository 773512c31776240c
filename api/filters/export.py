"""Reads the query of an export: `…/export?ids=&reviewed=&verdict=&changed_since=`.

(`only=final` is read by exchange.exporting.final_answers.)
"""

from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, Q
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter

from exchange.exporting import packages
from exchange.exporting.formats import FORMATS, Format
from exchange.exporting.selection import EXCLUDE, ONLY, Selection, annotations_of
from tasks.choices import VERDICTS
from tasks.errors import Refused
from tasks.models import Annotation
from users.sentences import sentence as _

from .parameters import boolean_from

FILTERS = ("ids", "ids[]", "reviewed", "verdict", "only", "changed_since")
NAMES = [*FORMATS, *packages.names()]
FORMAT = [
    OpenApiParameter("exportType", str, enum=NAMES, description="By default JSON."),
    OpenApiParameter("export_type", str, enum=NAMES, description="The same as `exportType`."),
]
PARAMETERS = [
    *FORMAT,
    OpenApiParameter("download_all_tasks", bool, description="Also tasks without an included annotation."),
    OpenApiParameter(
        "only", str, enum=["final"], description="Tasks that have an answer, each with that one annotation."
    ),
    OpenApiParameter(
        "ids", str, description="Only these tasks: comma-separated, or repeated (also as `ids[]`)."
    ),
    OpenApiParameter(
        "reviewed",
        str,
        enum=[ONLY, EXCLUDE],
        description="Annotations with any standing verdict, or without one.",
    ),
    OpenApiParameter(
        "verdict", str, description="Annotations with one of these standing verdicts, comma-separated."
    ),
    OpenApiParameter(
        "changed_since",
        str,
        description="Every task changed since this instant, and last an item with `deleted_at` for each"
        " one deleted since. JSON only. Ask next time with the header `X-Next-Changed-Since`.",
    ),
]


def requested_format(query: QueryDict) -> str:
    """Also one that only a saved export can be converted to: see `written_at_once`."""
    asked = query.get("exportType") or query.get("export_type") or "JSON"
    if asked not in NAMES:
        raise Refused(
            "unknown_format",
            _(
                "%(asked)s is not an export format. Use %(formats)s.",
                asked=asked[:40],
                formats=", ".join(NAMES),
            ),
            field="exportType",
        )
    return asked


def written_at_once(query: QueryDict) -> Format:
    asked = requested_format(query)
    if asked not in FORMATS:
        raise Refused(
            "made_by_job",
            _(
                "%(asked)s is made by a job: save an export, convert it, and download it when its conversion"
                " is completed.",
                asked=asked,
            ),
            field="exportType",
        )
    return FORMATS[asked]


def requested_selection(query: QueryDict) -> Selection:
    """A changed task is included whatever is left of it, so that its reader can drop what is gone."""
    _refuse_empty(query)
    since, annotations = (
        _instant(query),
        annotations_of({"reviewed": _reviewed(query), "verdict": _verdicts(query)}),
    )
    everything = since is not None or boolean_from(query.get("download_all_tasks"), "download_all_tasks")
    return Selection(
        ids=_ids(query),
        without_annotations=everything,
        tasks=Q() if everything or not annotations else _has(annotations),
        annotations=annotations,
        changed_since=since,
    )


def _refuse_empty(query: QueryDict) -> None:
    """A script whose variable is empty does not mean everything."""
    if empty := next((name for name in FILTERS if name in query and not _named(query, name)), None):
        raise Refused(
            "empty_filter",
            _("%(name)s names nothing. Leave it out to export everything.", name=empty),
            field=empty,
        )


def _has(annotations: Q) -> Q:
    return Q(
        Exists(Annotation.objects.filter(annotations, task=OuterRef("pk"), deleted_at=None, is_draft=False))
    )


def _named(query: QueryDict, *keys: str) -> list[str]:
    return [
        part.strip()
        for key in keys
        for value in query.getlist(key)
        for part in value.split(",")
        if part.strip()
    ]


def _ids(query: QueryDict) -> list[int] | None:
    named = _named(query, "ids", "ids[]")
    if wrong := next((part for part in named if not part.isdecimal() or len(part) > 18), None):
        raise Refused("invalid_ids", _("%(wrong)r is not a task id.", wrong=wrong[:40]), field="ids")
    return [int(part) for part in named] or None


def _reviewed(query: QueryDict) -> str | None:
    asked = query.get("reviewed")
    if asked not in (None, ONLY, EXCLUDE):
        raise Refused(
            "invalid_reviewed",
            _(
                "reviewed is %(only)s or %(exclude)s, not %(asked)r.",
                only=ONLY,
                exclude=EXCLUDE,
                asked=asked[:40],
            ),
            field="reviewed",
        )
    return asked


def _verdicts(query: QueryDict) -> list[str]:
    named = _named(query, "verdict")
    if wrong := next((part for part in named if part not in VERDICTS), None):
        known = ", ".join(sorted(VERDICTS))
        raise Refused(
            "unknown_verdict",
            _("%(wrong)r is not a verdict. Use %(known)s.", wrong=wrong[:40], known=known),
            field="verdict",
        )
    return named


def _instant(query: QueryDict) -> datetime | None:
    asked = query.get("changed_since")
    if not asked:
        return None
    if written_at_once(query).rows_only:
        detail = _(
            "changed_since also lists deleted tasks, which have no place in rows. Ask for exportType=JSON."
        )
        raise Refused("not_supported", detail, field="changed_since")
    return _parse_instant(asked.replace(" ", "+"))  # a plus sign that was not encoded


def _parse_instant(asked: str) -> datetime:
    try:
        parsed = parse_datetime(asked)
        instant = parsed.astimezone(UTC) if parsed and parsed.tzinfo else None
    except (ValueError, OverflowError):  # in UTC it may be before the year 1, or after 9999
        instant = None
    if instant is None:
        detail = _("%(asked)r is not a time with a zone. Write it as 2026-01-31T12:00:00Z.", asked=asked[:40])
        raise Refused("invalid_instant", detail, field="changed_since")
    return instant
