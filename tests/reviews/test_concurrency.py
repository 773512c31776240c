"""Concurrent requests: no duplicate verdicts, no deadlocks, correct counters, a complete history."""

import random
from collections import Counter

import pytest

from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks import events
from tasks.choices import ActionType
from tasks.errors import Refused
from tasks.models import Annotation, History
from tasks.services import annotations, projects
from tasks.services import tasks as task_service
from tests import factories
from tests.factories import result
from tests.parallel import one_waits_for_another, together
from tests.snapshots import assert_all_true

pytestmark = pytest.mark.django_db(transaction=True)

REVIEWERS, WORK, MOVES = 8, 60, 30


@pytest.mark.parametrize("asked", [{}, {"comment": "Fine"}])
def test_one_accept_sent_many_times_at_once_is_one_review(house, emitted, asked):
    emitted.clear()

    decisions = together(
        [lambda: AnnotationReviewService(house.reviewer).accept(house.annotation, **asked)] * 32
    )

    review = Review.objects.get()
    assert {decision.review for decision in decisions} == {review}
    assert Counter(decision.repeated for decision in decisions) == {True: 31, False: 1}
    assert Counter(event.kind for event in emitted)["reviews_created"] == 1
    assert History.objects.filter(action=ActionType.ACCEPTED).count() == 1
    assert_all_true(house.project)


def test_one_fix_sent_many_times_at_once_is_one_version(house):
    together(
        [lambda: AnnotationReviewService(house.reviewer).fix_and_accept(house.annotation, result=result("B"))]
        * 16
    )

    assert (Review.objects.count(), Annotation.objects.get().version) == (1, 2)
    assert_all_true(house.project)


def test_many_verdicts_at_once_supersede_each_other_one_by_one(house):
    people = [factories.member(house.project, "RE", f"r{number}") for number in range(8)]
    verdicts = [AnnotationReviewService(person).accept for person in people[:4]]
    verdicts += [AnnotationReviewService(person).reject for person in people[4:]]

    together([lambda verdict=verdict: verdict(house.annotation) for verdict in verdicts])

    states = Counter(review.state for review in Review.objects.select_related("annotation"))
    assert states == {"superseded": 7, "standing": 1}
    assert_all_true(house.project)


def test_an_undo_sent_many_times_at_once_is_one_undo(house):
    review = factories.reviewed(house.annotation, house.reviewer).review

    together([lambda: AnnotationReviewService(house.reviewer).undo(Review.objects.get(pk=review.pk))] * 12)

    assert History.objects.filter(action="deleted_review").count() == 1
    assert_all_true(house.project)


# --- a crowd at random --------------------------------------------------------------------------------


class Crowd:
    """Everybody acts at random on the same annotations. What is refused is refused;
    nothing else may go wrong."""

    def __init__(self, house, work: list[Annotation]):
        self.house, self.work = house, work

    def reviewer(self, user, seed: int):
        dice, service = random.Random(seed), AnnotationReviewService(user)
        moves = [
            lambda a: service.accept(a),
            lambda a: service.reject(
                a, comment="No", reject_action=dice.choice(["requeue", "remove", "redistribute"])
            ),
            lambda a: service.fix_and_accept(a, result=result(dice.choice("ABC"))),
            lambda a: service.undo(Review.objects.filter(annotation=a).latest("id")),
            lambda a: service.reopen(a),
        ]
        return self._acts(dice, moves, weights=[6, 4, 3, 3, 1])

    def annotator(self, user, seed: int):
        dice = random.Random(seed)
        moves = [
            lambda a: annotations.edit(a.pk, {"result": result(dice.choice("ABC"))}, actor=user),
            lambda a: annotations.edit(a.pk, {"was_cancelled": dice.random() < 0.3}, actor=user),
            lambda a: annotations.submit(a.task, annotations.Work(result=result()), actor=user),
        ]
        return self._acts(dice, moves, weights=[6, 2, 1])

    def manager(self, user, seed: int):
        dice, service = random.Random(seed), AnnotationReviewService(user)
        moves = [
            lambda a: service.accept_many(dice.sample(self.work, 10)),
            lambda a: service.undo_many(dice.sample(self.work, 10)),
            lambda a: task_service.update(a.task_id, {"data": {"text": str(dice.random())}}, actor=user),
            lambda a: annotations.delete_many([a.pk], actor=user),
            lambda a: projects.update(
                a.project, {"review_criteria": dice.choice(["one", "all"])}, actor=user
            ),
            lambda a: projects.update(a.project, {"maximum_annotations": dice.choice([1, 2])}, actor=user),
        ]
        return self._acts(dice, moves, weights=[4, 4, 4, 1, 2, 2], times=MOVES // 2)

    def _acts(self, dice, moves, *, weights, times: int = MOVES):
        def act() -> int:
            return sum(
                self._tried(dice.choices(moves, weights)[0], dice.choice(self.work)) for _ in range(times)
            )

        return act

    def _tried(self, move, annotation: Annotation) -> bool:
        try:
            move(annotation)
        except (Refused, Review.DoesNotExist):
            return False
        return True


def test_many_people_deciding_and_editing_at_random_leave_everything_consistent(house):
    projects.update(
        house.project, {"allowed_reject_actions": ["requeue", "remove", "redistribute"]}, actor=house.lead
    )
    house.project.refresh_from_db()
    tasks = task_service.create_many(house.project, [{"data": {"text": "A"}}] * (WORK // 2), actor=house.lead)
    work = [
        annotation
        for author in (house.annotator, house.annotator2)
        for annotation in annotations.submit_many(
            [(task, annotations.Work(result=result())) for task in tasks], actor=author
        )
    ]
    crowd = Crowd(house, work)
    people = [factories.member(house.project, "RE", f"r{number}") for number in range(REVIEWERS)]

    done = together(
        [
            *(crowd.reviewer(person, seed) for seed, person in enumerate(people)),
            crowd.annotator(house.annotator, 101),
            crowd.annotator(house.annotator2, 102),
            crowd.manager(house.lead, 103),
        ]
    )

    assert all(done)
    assert_all_true(house.project)
    told = History.objects.filter(review_id__isnull=False).exclude(action__in=("deleted_review", "reopened"))
    assert set(told.values_list("review_id", flat=True)) == set(Review.objects.values_list("id", flat=True))
    undone = History.objects.filter(action="deleted_review").values_list("review_id", flat=True)
    assert set(undone) == set(Review.objects.exclude(undone_at=None).values_list("id", flat=True))


@pytest.mark.parametrize("kind", [events.ANNOTATION_EDITED, "reviews_created"])
def test_a_failing_listener_rolls_the_change_back(house, kind):
    def fail(events, **_):
        if any(event.kind == kind for event in events):
            raise RuntimeError("no")

    events.domain_events.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)
            AnnotationReviewService(house.reviewer).accept(house.annotation)
    finally:
        events.domain_events.disconnect(fail)

    stored = Annotation.objects.get()
    assert stored.last_action == ("submitted" if kind == events.ANNOTATION_EDITED else "updated")
    assert_all_true(house.project)


def test_a_decision_that_waited_finds_what_changed_meanwhile(house):
    """Whose work it is, and the version that stands: rows joined to a locked one would be those of before."""
    projects.update(house.project, {"label_config": factories.CHOICES + "<!-- again -->"}, actor=house.lead)

    def first() -> None:
        changes = {"completed_by": house.annotator2, "result": result("B")}
        annotations.edit(house.annotation.pk, changes, actor=house.lead)

    def then() -> object:
        return AnnotationReviewService(house.reviewer).accept(house.annotation.pk)

    decision = one_waits_for_another(first, then).result()

    assert decision.annotation.completed_by == house.annotator2
    assert decision.annotation.config_outdated is False
    assert_all_true(house.project)
