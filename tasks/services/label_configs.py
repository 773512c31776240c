"""The versions of a project's label configuration, and what annotations would be orphaned by another one."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection

from users.models import User
from users.sentences import sentence as _

from ..errors import Refused
from ..labelconfig import Control, LabelConfig, parse
from ..models import LabelConfigVersion, Project
from ..sql import bounded_reads

MAX_NAMED = 5  # in the sentence; the body lists all
MAX_LABELS = 10_000  # different labels that are counted
QUERY_CANCELED = "57014"

REGIONS = """
    FROM tasks_annotation a JOIN tasks_task t ON t.id = a.task_id
    CROSS JOIN LATERAL jsonb_path_query(a.result, 'lax $[*]') region
"""
PRESENT = "a.project_id = %s AND a.deleted_at IS NULL AND t.deleted_at IS NULL"
CONTROLS = f"""
    SELECT region->>'from_name', region->>'to_name', region->>'type', count(DISTINCT a.id) {REGIONS}
    WHERE {PRESENT} AND region->>'from_name' IS NOT NULL GROUP BY 1, 2, 3
"""
# Labels are a list of texts; those of a taxonomy are a list of lists.
LABELS = f"""
    SELECT region->>'from_name', label #>> '{{}}', count(DISTINCT a.id) {REGIONS}
    CROSS JOIN LATERAL jsonb_path_query(region->'value'->(region->>'type'), 'lax $[*][*]') label
    WHERE {PRESENT} AND region->>'from_name' = ANY(%s) AND jsonb_typeof(label) = 'string'
    GROUP BY 1, 2 ORDER BY 3 DESC LIMIT {MAX_LABELS}
"""


@dataclass
class Orphans:
    """How many annotations use what a new configuration drops: by control, and by control and label."""

    controls: dict[str, int] = field(default_factory=dict)
    labels: dict[str, dict[str, int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.controls or self.labels)

    def as_dict(self) -> dict[str, Any]:
        return {"controls": self.controls, "labels": self.labels}

    def sentences(self) -> Iterator[str]:
        for control, number in self.controls.items():
            yield _("the control %(control)r (%(counted)s)", control=control, counted=_counted(number))
        for control, labels in self.labels.items():
            for label, number in labels.items():
                yield _(
                    "the label %(label)r of %(control)r (%(counted)s)",
                    label=label,
                    control=control,
                    counted=_counted(number),
                )


def _counted(number: int) -> str:
    return _("1 annotation") if number == 1 else _("%(number)s annotations", number=number)


def append(project: Project, *, actor: User) -> None:
    """Add the project's configuration as its newest version.

    The project is locked or new; the caller saves it.
    """
    newest = LabelConfigVersion.objects.filter(project=project).order_by("-number").first()
    project.label_config_version = LabelConfigVersion.objects.create(
        project=project, number=newest.number + 1 if newest else 1, xml=project.label_config, created_by=actor
    )


def refuse_orphans(project: Project, xml: str) -> None:
    """Raises Refused(labels_in_use) if annotations use what `xml` does not have any more."""
    found = orphans(project, xml)
    if not found:
        return
    words = list(map(str, found.sentences()))
    named = ", ".join(words[:MAX_NAMED])
    if len(words) > MAX_NAMED:
        named = _("%(named)s and %(number)s more", named=named, number=len(words) - MAX_NAMED)
    raise Refused(
        "labels_in_use",
        _(
            "Annotations use what the new configuration does not have: %(named)s. "
            "Use force=true to change it anyway; annotations and reviews stay as they are.",
            named=named,
        ),
        field="label_config",
        extra={"body": {"in_use": found.as_dict()}},
    )


def differs(one: str, other: str) -> bool:
    """Whether two configurations allow different results. A change of appearance is no difference."""
    return parse(one) != parse(other)


def orphans(project: Project, xml: str) -> Orphans:
    """What the current results of annotations use that the project's configuration has and `xml` does not."""
    old, new = parse(project.label_config), parse(xml)
    if old.controls == new.controls:
        return Orphans()
    with _bounded():
        used = list(_rows(CONTROLS, [project.pk]))
        return Orphans(_lost_controls(used, old, new), _lost_labels(project, used, old, new))


def _lost_controls(used: list[tuple], old: LabelConfig, new: LabelConfig) -> dict[str, int]:
    lost: dict[str, int] = defaultdict(int)
    for name, to_name, kind, number in used:
        if _fits(old, name, to_name, kind) and not _fits(new, name, to_name, kind):
            lost[name] += number
    return dict(lost)


def _fits(config: LabelConfig, name: str, to_name: str, kind: str) -> bool:
    control = config.control(name)
    return control is not None and control.makes(kind) and control.is_for(to_name)


def _lost_labels(
    project: Project, used: list[tuple], old: LabelConfig, new: LabelConfig
) -> dict[str, dict[str, int]]:
    """By the names in the results: those of a Repeater are numbered."""
    pairs = {name: (old.control(name), new.control(name)) for name, *_ in used}
    asked = {name: (was, now) for name, (was, now) in pairs.items() if was and now and _drops(was, now)}
    lost: dict[str, dict[str, int]] = defaultdict(dict)
    for name, label, number in _rows(LABELS, [project.pk, list(asked)]) if asked else ():
        was, now = asked[name]
        if _offers(was, label) and not _offers(now, label):
            lost[name][label] = number
    return dict(lost)


def _drops(old: Control, new: Control) -> bool:
    same_kind = old.type == new.type  # otherwise the whole control counts as lost
    return same_kind and not new.dynamic and (old.dynamic or bool(old.accepted - new.accepted))


def _offers(control: Control, label: str) -> bool:
    return control.dynamic or label in control.accepted


def _rows(statement: str, values: list[Any]) -> Iterator[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        yield from islice(cursor.fetchall(), MAX_LABELS)


@contextmanager
def _bounded() -> Iterator[None]:
    """Counting reads all annotations of the project. If that takes too long, it is refused."""
    try:
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            yield
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) != QUERY_CANCELED:
            raise
        detail = _(
            "This project has too many annotations to count what the new configuration would drop."
            " Use force=true to change it without counting; annotations and reviews stay as they are."
        )
        raise Refused("too_slow", detail, field="label_config") from error
