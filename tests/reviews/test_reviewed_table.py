"""When is a task reviewed? Overlap 1 to 3 × every mix of standing verdicts × both
criteria, against a second implementation."""

from collections import Counter
from collections.abc import Iterable
from itertools import combinations_with_replacement, product

import pytest

from reviews.service import AnnotationReviewService
from tasks.models import Annotation, Project, Task
from tasks.services import annotations, projects
from tasks.services import tasks as task_service
from tests import factories
from tests.factories import result
from tests.snapshots import assert_counters_true

STANDING = ("none", "accepted", "fixed", "removed", "requeued", "redistributed", "skipped")
STATES = (*STANDING, "undone", "reopened")
MIXES = [mix for size in range(3) for mix in combinations_with_replacement(STATES, size)]
MIXES += combinations_with_replacement(STANDING, 3)
SETTINGS = list(product((1, 2, 3), ("one", "all")))
REJECTS = {"removed": "remove", "requeued": "requeue", "redistributed": "redistribute"}


def is_reviewed(mix: Iterable[str], overlap: int, criteria: str) -> bool:
    """A second implementation of the rule, which shares nothing with the code under test."""
    has = Counter(mix)
    if criteria == "one":
        return has["accepted"] > 0 or has["fixed"] > 0
    settled = has["accepted"] + has["fixed"] + has["removed"]
    waiting = has["none"] + has["requeued"] + has["undone"] + has["reopened"]
    enough = (
        settled + waiting >= overlap
    )  # a redistributed one has freed its place, a skipped one never took it
    return enough and waiting == 0 and settled + has["redistributed"] > 0


def fill(project: Project, reviewer, authors) -> dict[int, tuple[str, ...]]:
    """A task for every mix, made through the services. Task id → its mix."""
    tasks = task_service.create_many(
        project, [{"data": {"text": "A"}}] * len(MIXES), actor=project.created_by
    )
    by_state: dict[str, list[Annotation]] = {state: [] for state in STATES}
    for place, author in enumerate(authors):
        entries = [(task, mix[place]) for task, mix in zip(tasks, MIXES, strict=True) if place < len(mix)]
        work = [
            (task, annotations.Work(was_cancelled=state == "skipped", result=result()))
            for task, state in entries
        ]
        made = annotations.submit_many(work, actor=author)
        for annotation, (_, state) in zip(made, entries, strict=True):
            by_state[state].append(annotation)
    pronounce(by_state, AnnotationReviewService(reviewer))
    return {task.pk: mix for task, mix in zip(tasks, MIXES, strict=True)}


def pronounce(by_state: dict[str, list[Annotation]], service: AnnotationReviewService) -> None:
    service.accept_many([*by_state["accepted"], *by_state["undone"]])
    for state, reject_action in REJECTS.items():
        service.reject_many(by_state[state], reject_action=reject_action)
    for annotation in by_state["fixed"]:
        service.fix_and_accept(annotation, result=result("B"))
    factories.verdicts_checked()
    service.undo_many(by_state["undone"])
    service.reopen_many(by_state["reopened"])


@pytest.fixture
def filled(house):
    house.project.allowed_reject_actions = ["remove", "requeue", "redistribute"]
    house.project.save()
    third = factories.member(house.project, "AN", "annotator3")

    def fill_project(**settings) -> dict[int, tuple[str, ...]]:
        projects.update(house.project, settings, actor=house.lead)
        house.project.refresh_from_db()
        return fill(house.project, house.reviewer, (house.annotator, house.annotator2, third))

    return fill_project


def wrong(mixes: dict[int, tuple[str, ...]], overlap: int, criteria: str) -> list[tuple[str, ...]]:
    reviewed = dict(Task.objects.filter(pk__in=mixes).values_list("pk", "reviewed"))
    return [mix for pk, mix in mixes.items() if reviewed[pk] != is_reviewed(mix, overlap, criteria)]


@pytest.mark.parametrize(("overlap", "criteria"), SETTINGS)
def test_reviewed_follows_every_mix_of_standing_verdicts(house, filled, overlap, criteria):
    mixes = filled(maximum_annotations=overlap, review_criteria=criteria)

    assert wrong(mixes, overlap, criteria) == []
    assert_counters_true(house.project)


def test_reviewed_follows_when_overlap_or_criteria_change(house, filled):
    mixes = filled(maximum_annotations=2, review_criteria="all")

    for overlap, criteria in [*SETTINGS, *reversed(SETTINGS)]:
        projects.update(
            house.project, {"maximum_annotations": overlap, "review_criteria": criteria}, actor=house.lead
        )
        house.project.refresh_from_db()
        assert (overlap, criteria, wrong(mixes, overlap, criteria)) == (overlap, criteria, [])
    assert_counters_true(house.project)


@pytest.mark.parametrize("criteria", ["one", "all"])
def test_reviewed_at_is_kept_while_reviewed_and_gone_after(house, criteria):
    projects.update(house.project, {"review_criteria": criteria}, actor=house.lead)
    factories.reviewed(house.annotation, house.reviewer)
    first = Task.objects.get(pk=house.task.pk).reviewed_at

    again = factories.reviewed(house.annotation, house.reviewer2)
    kept = Task.objects.get(pk=house.task.pk).reviewed_at
    factories.undone(again, house.reviewer2)

    assert first is not None
    assert kept == first
    assert Task.objects.get(pk=house.task.pk).reviewed_at is None


def test_a_substitute_completes_a_redistributed_task(house):
    changes = {"review_criteria": "all", "allowed_reject_actions": ["requeue", "redistribute"]}
    projects.update(house.project, changes, actor=house.lead)
    factories.reviewed(house.annotation, house.reviewer, "rejected", reject_action="redistribute")
    waiting = Task.objects.get(pk=house.task.pk)

    substitute = factories.annotation(house.task, house.annotator2)
    factories.reviewed(substitute, house.reviewer)
    done = Task.objects.get(pk=house.task.pk)

    assert (waiting.is_labeled, waiting.reviewed) == (False, False)
    assert (done.is_labeled, done.reviewed, done.reviews_accepted, done.reviews_rejected) == (
        True,
        True,
        1,
        1,
    )
