"""The answer of a task, derived from its annotations under the task's lock, like the counters.

Candidates are the ground truth or, if there is none and the task is reviewed, all accepted and fixed
annotations; rejected ones never. If all candidates agree, the one with the lowest id is the answer. If they
differ, it is the one a reviewer picked, and without a pick there is a conflict.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.utils import timezone

from tasks.choices import FinalState
from tasks.models import Annotation, Task
from tasks.results import same_answer
from tasks.state import ABSENT, State

from .models import FinalPick
from .siblings import Sibling

FINAL_FIELDS = ("final_annotation_id", "final_state")

Answer = tuple[FinalState, int | None]
Results = Mapping[int, list]  # annotation id → its result


def can_answer(sibling: Sibling) -> bool:
    if sibling.state in (*ABSENT, State.SKIPPED) or sibling.was_cancelled:
        return False
    return sibling.is_accepted or (sibling.ground_truth and not sibling.is_rejected)


def candidates_of(siblings: Iterable[Sibling], *, reviewed: bool) -> Sequence[Sibling]:
    """The annotations of one task among which its answer is."""
    possible = [sibling for sibling in siblings if can_answer(sibling)]
    gold = [sibling for sibling in possible if sibling.ground_truth]
    return gold or (possible if reviewed else [])


def answer_of(siblings: Iterable[Sibling], results: Results, *, reviewed: bool) -> Answer:
    """`siblings` of one task, ordered by id; `results` of its candidates if there are several."""
    found = candidates_of(siblings, reviewed=reviewed)
    if not found:
        return (FinalState.NONE if reviewed else FinalState.NOT_REVIEWED), None
    if all_agree(found, results):
        return FinalState.GOLD, found[0].annotation_id
    picked = next((one.annotation_id for one in found if one.is_picked), None)
    return (FinalState.GOLD if picked else FinalState.CONFLICT), picked


def all_agree(answers: Sequence[Sibling], results: Results) -> bool:
    first, *others = answers
    return all(same_answer(results[first.annotation_id], results[other.annotation_id]) for other in others)


def set_answers(tasks: Collection[Task], siblings: Mapping[int, Sequence[Sibling]]) -> list[int]:
    """Set the answers of these tasks, whose `reviewed` is up to date. Saves nothing.

    Returns the ids of picked annotations that can no longer be the answer: their picks are void.
    """
    # Results can be large, so they are read only where they have to be compared.
    several = (found for t in tasks if len(found := candidates_of(siblings[t.pk], reviewed=t.reviewed)) > 1)
    results = results_of(one.annotation_id for found in several for one in found)
    for task in tasks:
        task.final_state, task.final_annotation_id = answer_of(
            siblings[task.pk], results, reviewed=task.reviewed
        )
    return [
        one.annotation_id for t in tasks for one in siblings[t.pk] if one.is_picked and not can_answer(one)
    ]


def set_answers_of_new(
    tasks: Iterable[Task], annotations: Iterable[Annotation], siblings: Mapping[int, Sequence[Sibling]]
) -> None:
    """The same for tasks and annotations that are not in the database yet."""
    results = {annotation.pk: annotation.result for annotation in annotations}
    for task in tasks:
        task.final_state, task.final_annotation_id = answer_of(
            siblings[task.pk], results, reviewed=task.reviewed
        )


def results_of(annotation_ids: Iterable[int]) -> Results:
    ids = list(annotation_ids)
    return dict(Annotation.objects.filter(pk__in=ids).order_by().values_list("pk", "result")) if ids else {}


def void_picks(annotation_ids: Collection[int]) -> None:
    """End these picks for good: accepting the annotation again does not bring them back."""
    if annotation_ids:
        FinalPick.objects.filter(annotation__in=annotation_ids, undone_at=None).update(
            undone_at=timezone.now()
        )
