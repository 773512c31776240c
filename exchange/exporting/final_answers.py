"""`only=final`: tasks that have an answer, each with that annotation alone, and how many have none."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count

from tasks.errors import Refused
from tasks.models import Project
from users.sentences import sentence as _

from .selection import FINAL_TASKS, IS_ANSWER, Selection
from .stream import tasks_in

FINAL = "final"


def only_answers(selection: Selection) -> Selection:
    return replace(
        selection,
        # A changed task is included even if it lost its answer: whoever keeps a copy has to know.
        tasks=selection.tasks if selection.changed_since else selection.tasks & FINAL_TASKS,
        annotations=selection.annotations & IS_ANSWER,
        answers_of=selection,
    )


def left_out(project: Project, selection: Selection) -> dict[str, int] | None:
    """The number of selected tasks without an answer, by final state. None if answers were not asked for.

    Called within the export's snapshot, so that the counts and the bodies agree.
    """
    if selection.answers_of is None:
        return None
    without = tasks_in(project, selection.answers_of).exclude(FINAL_TASKS).order_by("final_state")
    return dict(without.values_list("final_state").annotate(Count("pk")))


def headers(project: Project, selection: Selection) -> dict[str, str]:
    """The counts, as HTTP headers."""
    omitted = left_out(project, selection)
    if omitted is None:
        return {}
    counts = ", ".join(f"{state}={number}" for state, number in omitted.items())
    return {"X-Tasks-Included": str(tasks_in(project, selection).count()), "X-Tasks-Left-Out": counts or "0"}


def is_requested(query: Mapping[str, Any]) -> bool:
    only = query.get("only")
    if only not in (None, FINAL):
        raise Refused(
            "unknown_only",
            _("`only` can be %(final)s, not %(only)r.", final=FINAL, only=only[:40]),
            field="only",
        )
    return only == FINAL
