"""The answer of a task (rules §8), derived from its annotations under the task's lock, like the counters.

The ground truth answers; without one, once the task is reviewed, what stands accepted or fixed does. Where several answer
and they say the same, it is the one with the lowest id; where they differ, the one a reviewer picked, and else it is a
conflict. What stands rejected never answers.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q
from django.utils import timezone

from tasks.answers import same_answer
from tasks.choices import ACCEPTING, ActionType, FinalState
from tasks.models import Annotation, Task

from .models import FinalPick

FINAL_FIELDS = ("final_annotation_id", "final_state")
PRESENT = Q(deleted_at=None, is_draft=False, was_cancelled=False)
CAN_ANSWER = (
    PRESENT & (Q(ground_truth=True) | Q(last_action__in=ACCEPTING)) & ~Q(last_action=ActionType.REJECTED)
)

Answer = tuple[FinalState, int | None]
Results = Mapping[int, list]  # annotation id → its result


@dataclass(frozen=True)
class Candidate:
    """An annotation that could answer its task."""

    pk: int
    is_ground_truth: bool = False
    is_picked: bool = False


def answering(candidates: Sequence[Candidate], *, reviewed: bool) -> Sequence[Candidate]:
    """Of the candidates of one task, those that do answer it."""
    gold = [candidate for candidate in candidates if candidate.is_ground_truth]
    return gold or (candidates if reviewed else [])


def answer_of(candidates: Sequence[Candidate], results: Results, *, reviewed: bool) -> Answer:
    """`candidates` of one task by id; `results` of those that answer, where there is more than one."""
    found = answering(candidates, reviewed=reviewed)
    if not found:
        return (FinalState.NONE if reviewed else FinalState.NOT_REVIEWED), None
    if all_agree(found, results):
        return FinalState.GOLD, found[0].pk
    picked = next((candidate.pk for candidate in found if candidate.is_picked), None)
    return (FinalState.GOLD if picked else FinalState.CONFLICT), picked


def all_agree(candidates: Sequence[Candidate], results: Results) -> bool:
    first, *others = candidates
    return all(same_answer(results[first.pk], results[other.pk]) for other in others)


def settle(tasks: Collection[Task]) -> list[int]:
    """Set the answer of these tasks, whose `reviewed` is up to date. Saves nothing.

    Returns the annotations that were picked and answer no more: their picks are void.
    """
    candidates, void = candidates_of([task.pk for task in tasks])
    several = (found for t in tasks if len(found := answering(candidates[t.pk], reviewed=t.reviewed)) > 1)
    results = results_of(candidate.pk for found in several for candidate in found)
    for task in tasks:
        task.final_state, task.final_annotation_id = answer_of(
            candidates[task.pk], results, reviewed=task.reviewed
        )
    return void


def settle_new(tasks: Iterable[Task], annotations: Iterable[Annotation]) -> None:
    """The same for tasks and annotations that are not written yet."""
    candidates: dict[int, list[Candidate]] = defaultdict(list)
    results = {}
    for annotation in annotations:
        if can_answer(annotation):
            candidates[annotation.task_id].append(Candidate(annotation.pk, annotation.ground_truth))
            results[annotation.pk] = annotation.result
    for task in tasks:
        task.final_state, task.final_annotation_id = answer_of(
            candidates[task.pk], results, reviewed=task.reviewed
        )


def can_answer(annotation: Annotation) -> bool:
    """CAN_ANSWER, of an annotation in hand."""
    said = annotation.last_action
    return (
        annotation.is_reviewable
        and said != ActionType.REJECTED
        and (annotation.ground_truth or said in ACCEPTING)
    )


def candidates_of(task_ids: Collection[int]) -> tuple[dict[int, list[Candidate]], list[int]]:
    """By task, lowest id first; and what was picked and is no candidate any more."""
    live = FinalPick.objects.filter(task=OuterRef("task"), annotation=OuterRef("pk"), undone_at=None)
    answers = ExpressionWrapper(CAN_ANSWER, BooleanField())
    rows = Annotation.objects.filter(task_id__in=task_ids).filter(CAN_ANSWER | Exists(live)).order_by("pk")
    found: dict[int, list[Candidate]] = defaultdict(list)
    void = []
    for task, pk, gold, can, picked in rows.values_list(
        "task_id", "pk", "ground_truth", answers, Exists(live)
    ):
        if can:
            found[task].append(Candidate(pk, gold, picked))
        else:
            void.append(pk)
    return found, void


def results_of(annotation_ids: Iterable[int]) -> Results:
    ids = list(annotation_ids)
    return dict(Annotation.objects.filter(pk__in=ids).order_by().values_list("pk", "result")) if ids else {}


def void(annotation_ids: Collection[int]) -> None:
    """A pick that stops standing does not come back by itself."""
    if annotation_ids:
        FinalPick.objects.filter(annotation__in=annotation_ids, undone_at=None).update(
            undone_at=timezone.now()
        )
