"""`only=final`: the tasks that have an answer, each with that one annotation, and what was left out for want of one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count

from tasks.errors import Refused
from tasks.models import Project

from .selection import FINAL_TASKS, IS_ANSWER, Selection
from .stream import tasks_in

FINAL = "final"


def narrowed(selection: Selection) -> Selection:
    return replace(
        selection,
        # A changed task is given although it lost its answer: whoever keeps a copy has to learn of it.
        tasks=selection.tasks if selection.changed_since else selection.tasks & FINAL_TASKS,
        annotations=selection.annotations & IS_ANSWER,
        answers_of=selection,
    )


def left_out(project: Project, selection: Selection) -> dict[str, int] | None:
    """Of the tasks asked for, how many have no answer, by their final state. None where all tasks were asked for.

    Once an export has begun, and before its bytes are taken, this is read of the same moment.
    """
    if selection.answers_of is None:
        return None
    without = tasks_in(project, selection.answers_of).exclude(FINAL_TASKS).order_by("final_state")
    return dict(without.values_list("final_state").annotate(Count("pk")))


def headers(project: Project, selection: Selection) -> dict[str, str]:
    """What an export of answers says of itself."""
    left = left_out(project, selection)
    if left is None:
        return {}
    words = ", ".join(f"{state}={number}" for state, number in left.items())
    return {"X-Tasks-Included": str(tasks_in(project, selection).count()), "X-Tasks-Left-Out": words or "0"}


def is_asked(query: Mapping[str, Any]) -> bool:
    asked = query.get("only")
    if asked not in (None, "", FINAL):
        raise Refused(
            "unknown_only", f"An export is narrowed by only={FINAL}, not {asked[:40]!r}.", field="only"
        )
    return asked == FINAL
