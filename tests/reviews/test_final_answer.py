"""Which annotation is the answer of its task: every mix of verdicts and ground truth against a second
implementation of the rule, and picks."""

from itertools import combinations_with_replacement, product

import pytest

from reviews import final_picks
from reviews.models import FinalPick
from reviews.service import AnnotationReviewService
from tasks.choices import FinalState
from tasks.errors import Refused
from tasks.models import Annotation, Task
from tasks.services import annotations, projects
from tasks.services import tasks as task_service
from tests import factories
from tests.factories import House, result, verdicts_checked
from tests.reviews.steps import settings
from tests.snapshots import assert_all_true, everything

SAID = ("A", "B")
STATES = ("none", "accepted", "fixed", "rejected", "skipped", "draft", "deleted")
WORK = list(product(SAID, STATES, (False, True)))
PAIRED = [(said, state, gold) for said, state, gold in WORK if state in ("none", "accepted", "rejected")]
PAIRED += [("A", "fixed", False), ("A", "skipped", False), ("A", "deleted", True)]
MIXES = [(), *((one,) for one in WORK), *combinations_with_replacement(PAIRED, 2)]


def answer(mix, criteria: str) -> tuple[str, int | None]:
    """A second implementation of the rule: (state, place of the answer). It shares nothing
    with the code under test.
    """
    here = [
        (place, said, state, gold)
        for place, (said, state, gold) in enumerate(mix)
        if state not in ("skipped", "draft", "deleted")
    ]
    said_in_the_end = {place: "C" if state == "fixed" else said for place, said, state, _ in here}
    accepted = [place for place, _, state, _ in here if state in ("accepted", "fixed")]
    if criteria == "one":
        reviewed = bool(accepted)
    else:
        reviewed = bool(here) and all(state in ("accepted", "fixed", "rejected") for _, _, state, _ in here)
    gold = [place for place, _, state, is_gold in here if is_gold and state != "rejected"]
    found = gold or (accepted if reviewed else [])
    if found:
        agreed = len({said_in_the_end[place] for place in found}) == 1
        return ("gold", found[0]) if agreed else ("conflict", None)
    return ("none" if reviewed else "not_reviewed"), None


def fill(house: House) -> dict[int, tuple]:
    """A task for every mix, made through the services. Task id → its mix."""
    tasks = task_service.create_many(house.project, [{"data": {"text": "A"}}] * len(MIXES), actor=house.lead)
    by_state: dict[str, list[Annotation]] = {state: [] for state in STATES}
    for place, author in enumerate((house.annotator, house.annotator2)):
        wanted = [(task, *mix[place]) for task, mix in zip(tasks, MIXES, strict=True) if place < len(mix)]
        work = [
            (t, annotations.Work(was_cancelled=state == "skipped", result=result(said, id=f"r{place}")))
            for t, said, state, _ in wanted
        ]
        for made, (_, _, state, gold) in zip(
            annotations.submit_many(work, actor=author), wanted, strict=True
        ):
            by_state[state].append(made)
            if gold:
                annotations.edit(made.pk, {"ground_truth": True}, actor=house.lead)
    pronounce(house, by_state)
    return {task.pk: mix for task, mix in zip(tasks, MIXES, strict=True)}


def pronounce(house: House, by_state: dict[str, list[Annotation]]) -> None:
    service = AnnotationReviewService(house.reviewer)
    service.accept_many(by_state["accepted"])
    service.reject_many(by_state["rejected"], reject_action="remove")
    for annotation in by_state["fixed"]:
        service.fix_and_accept(annotation, result=result("C", id=f"fixed-{annotation.pk}"))
    for annotation in by_state["draft"]:
        annotations.convert_to_draft(annotation.pk, actor=annotation.completed_by)
    annotations.delete_many([annotation.pk for annotation in by_state["deleted"]], actor=house.lead)
    verdicts_checked()


def stored(mixes: dict[int, tuple]) -> dict[int, tuple[str, int | None]]:
    """Task id → its state, and the place of its answer among the annotations it was given."""
    order: dict[int, list[int]] = {}
    for pk, task in Annotation.objects.filter(task__in=mixes).order_by("pk").values_list("pk", "task"):
        order.setdefault(task, []).append(pk)
    tasks = Task.objects.filter(pk__in=mixes).values_list("pk", "final_state", "final_annotation")
    return {pk: (state, None if final is None else order[pk].index(final)) for pk, state, final in tasks}


def test_the_answer_follows_every_mix_of_verdicts_and_ground_truth(house):
    mixes = fill(house)

    for criteria in ("one", "all"):
        settings(house, review_criteria=criteria)
        found = stored(mixes)
        wrong = {mix: found[pk] for pk, mix in mixes.items() if found[pk] != answer(mix, criteria)}
        assert (criteria, wrong) == (criteria, {})
    assert {state for state, _ in found.values()} == set(FinalState)


# --- what counts as the same answer -------------------------------------------------------------------


@pytest.fixture
def two(house):
    """two(one, other): the house's task with both results accepted."""

    def accept_both(one: list, other: list) -> Task:
        annotations.edit(house.annotation.pk, {"result": one}, actor=house.annotator)
        second = factories.annotation(house.task, house.annotator2, result=other)
        for annotation in (house.annotation, second):
            factories.reviewed(annotation, house.reviewer)
        house.second = second
        return Task.objects.get(pk=house.task.pk)

    return accept_both


def related(one: str, other: str) -> list[dict]:
    return [
        *result("A", id=one),
        *result("B", id=other),
        {"type": "relation", "from_id": one, "to_id": other, "direction": "right"},
    ]


SAME = [
    (result("A", id="r1"), result("A", id="x9")),
    ([*result("A", id="1"), *result("B", id="2")], [*result("B", id="1"), *result("A", id="2")]),
    ([], []),
    (related("a", "b"), related("b", "a")),
]
OTHER = [
    (result("A"), result("B")),
    (result("A"), []),
    (result("A"), [*result("A"), *result("A", id="r2")]),
    (
        related("a", "b"),
        [
            *result("A", id="a"),
            *result("B", id="b"),
            {"type": "relation", "from_id": "b", "to_id": "a", "direction": "right"},
        ],
    ),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_equal_results_agree_whatever_the_ids_of_their_regions(house, two, one, other):
    task = two(one, other)

    assert (task.final_state, task.final_annotation_id) == (FinalState.GOLD, house.annotation.pk)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_different_results_are_a_conflict(two, one, other):
    task = two(one, other)

    assert (task.final_state, task.final_annotation_id) == (FinalState.CONFLICT, None)


# --- picking --------------------------------------------------------------------------------------------


@pytest.fixture
def conflict(house, two) -> House:
    two(result("A"), result("B"))
    return house


def now(house: House) -> tuple[str, int | None]:
    task = Task.objects.get(pk=house.task.pk)
    return task.final_state, task.final_annotation_id


def test_a_pick_answers_the_task_until_it_is_undone(conflict):
    house = conflict
    before = Task.objects.get(pk=house.task.pk).updated_at

    final_picks.pick(house.task, house.second.pk, actor=house.reviewer)
    picked = now(house)
    final_picks.undo(house.task, actor=house.reviewer)

    assert picked == ("gold", house.second.pk)
    assert now(house) == ("conflict", None)
    assert Task.objects.get(pk=house.task.pk).updated_at > before
    assert_all_true(house.project)


def test_a_repeated_pick_changes_nothing_and_another_replaces_it(conflict):
    house = conflict
    for _ in range(2):
        final_picks.pick(house.task, house.second.pk, actor=house.reviewer)
    final_picks.pick(house.task, house.annotation.pk, actor=house.reviewer2)

    rows = FinalPick.objects.order_by("id").values_list("annotation", "picked_by", "undone_by")
    assert list(rows) == [
        (house.second.pk, house.reviewer.pk, house.reviewer2.pk),
        (house.annotation.pk, house.reviewer2.pk, None),
    ]
    assert now(house) == ("gold", house.annotation.pk)


def edit_away(house: House) -> None:
    annotations.edit(house.second.pk, {"result": result("C")}, actor=house.lead)


def delete(house: House) -> None:
    annotations.delete(house.second.pk, actor=house.lead)


def reject(house: House) -> None:
    factories.reviewed(house.second, house.reviewer2, "rejected", comment="No")


def change_data(house: House) -> None:
    task_service.update(house.task.pk, {"data": {"text": "Another"}}, actor=house.lead)


@pytest.mark.parametrize("happens", [edit_away, delete, reject, change_data])
def test_a_pick_that_stops_standing_is_void_and_does_not_come_back(conflict, happens):
    house = conflict
    final_picks.pick(house.task, house.second.pk, actor=house.reviewer)

    happens(house)
    verdicts_checked()

    assert now(house)[1] != house.second.pk
    assert not FinalPick.objects.filter(undone_at=None).exists()
    if happens is reject:
        factories.reviewed(house.second, house.reviewer2)
        assert now(house) == ("conflict", None)
    assert_all_true(house.project)


def test_a_fix_of_the_picked_annotation_keeps_the_pick(conflict):
    house = conflict
    final_picks.pick(house.task, house.second.pk, actor=house.reviewer)

    factories.reviewed(house.second, house.reviewer2, "fixed_and_accepted")

    assert now(house) == ("gold", house.second.pk)


def ground_truth(house: House) -> None:
    annotations.edit(house.annotation.pk, {"ground_truth": True}, actor=house.lead)


def both_ground_truth(house: House) -> None:
    ground_truth(house)
    third = factories.annotation(house.task, house.reviewer2, "C")
    annotations.edit(third.pk, {"ground_truth": True}, actor=house.lead)


def unreviewed(house: House) -> None:
    settings(house, review_criteria="all")
    factories.annotation(house.task, house.reviewer2)


def agreed(house: House) -> None:
    factories.reviewed(house.second, house.reviewer2, "fixed_and_accepted", result=result("A"))


def switched_off(house: House) -> None:
    settings(house, enable_review_workflow=False)


def nothing(house: House) -> None: ...


@pytest.mark.parametrize(
    ("given", "by", "code", "status"),
    [
        (nothing, "annotator", "not_a_reviewer", 403),
        (nothing, "stranger", "not_a_reviewer", 403),
        (switched_off, "reviewer", "workflow_disabled", 400),
        (reject, "reviewer", "not_standing", 400),
        (delete, "reviewer", "unknown_annotation", 400),
        (unreviewed, "reviewer", "not_reviewed", 400),
        (agreed, "reviewer", "nothing_to_pick", 400),
        (ground_truth, "reviewer", "not_ground_truth", 400),
        (both_ground_truth, "reviewer", "not_ground_truth", 400),
    ],
)
def test_an_invalid_pick_is_refused_and_nothing_changes(conflict, given, by, code, status):
    given(conflict)
    verdicts_checked()
    before = everything()

    with pytest.raises(Refused) as refused:
        final_picks.pick(conflict.task, conflict.second.pk, actor=getattr(conflict, by))

    assert (refused.value.code, refused.value.status) == (code, status)
    assert everything() == before


def test_own_work_is_not_picked_unless_the_project_allows_it(conflict):
    house = conflict
    own = factories.annotation(house.task, house.reviewer2, "C")
    factories.reviewed(own, house.reviewer)

    with pytest.raises(Refused, match="your own work"):
        final_picks.pick(house.task, own.pk, actor=house.reviewer2)

    settings(house, allow_self_review=True)
    assert final_picks.pick(house.task, own.pk, actor=house.reviewer2).final_annotation_id == own.pk


def test_own_fix_is_not_picked(conflict):
    """They would choose their own words over somebody else's."""
    factories.reviewed(conflict.second, conflict.reviewer, "fixed_and_accepted")

    with pytest.raises(Refused, match="your own work"):
        final_picks.pick(conflict.task, conflict.second.pk, actor=conflict.reviewer)


def test_a_pick_is_undone_by_its_reviewer_or_a_manager(conflict):
    house = conflict
    final_picks.pick(house.task, house.second.pk, actor=house.reviewer)

    with pytest.raises(Refused, match="Only they or a manager"):
        final_picks.undo(house.task, actor=house.reviewer2)

    for _ in range(2):
        assert final_picks.undo(house.task, actor=house.lead).final_state == "conflict"


def test_one_of_several_ground_truths_is_picked(house):
    second = factories.annotation(house.task, house.annotator2, "B")
    for annotation in (house.annotation, second):
        annotations.edit(annotation.pk, {"ground_truth": True}, actor=house.lead)

    final_picks.pick(house.task, second.pk, actor=house.reviewer)

    assert now(house) == ("gold", second.pk)
    annotations.edit(second.pk, {"ground_truth": False}, actor=house.lead)
    assert now(house) == ("gold", house.annotation.pk)


def test_the_event_task_reviewed_has_the_answer(house, emitted):
    factories.reviewed(house.annotation, house.reviewer)

    (told,) = [event for event in emitted if event.kind == "task_reviewed"]
    assert (told.task.final_state, told.task.final_annotation_id) == ("gold", house.annotation.pk)


def test_a_project_deleted_meanwhile_takes_no_picks(conflict):
    projects.delete(conflict.project, actor=conflict.lead)

    with pytest.raises(Refused, match="no longer exists"):
        final_picks.pick(conflict.task, conflict.second.pk, actor=conflict.reviewer)
