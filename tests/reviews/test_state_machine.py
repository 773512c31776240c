"""Random actions by random people in any order, compared with a small model."""

from dataclasses import dataclass

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks.errors import Refused
from tasks.models import Annotation, Task
from tasks.services import annotations
from tests.factories import House, build_house, result, verdicts_checked
from tests.snapshots import assert_all_true

REVIEWERS = ("reviewer", "reviewer2", "lead")
PEOPLE = (*REVIEWERS, "annotator")
ALL_REJECTS = {"allowed_reject_actions": ["requeue", "remove", "redistribute"], "review_criteria": "all"}


Said = tuple[str, str, bool]  # label, by whom, skipped


@dataclass
class Model:
    """The annotation as the rules describe it."""

    label: str = "A"
    by: str = "annotator"
    skipped: bool = False
    before: Said = ("A", "annotator", False)  # what the annotator said last
    seen: Said | None = None  # what a standing fix corrects
    verdict: str | None = None
    signer: str | None = None
    outcome: str | None = None
    returned: bool = False
    last_action: str = "submitted"

    def sign(
        self, verdict: str, signer: str, *, seen: Said | None = None, outcome: str | None = None
    ) -> None:
        self.verdict, self.signer, self.seen, self.outcome = verdict, signer, seen, outcome
        self.returned, self.last_action = outcome == "requeue", verdict

    def forget(self, last_action: str, *, returned: bool = False) -> None:
        self.verdict = self.signer = self.outcome = self.seen = None
        self.returned, self.last_action = returned, last_action

    def write(self, who: str, label: str, *, skipped: bool = False) -> None:
        self.label, self.by, self.skipped = label, who, skipped
        if who == "annotator":
            self.before = (label, who, skipped)

    def corrects(self, who: str) -> Said:
        """The version that a fix by `who` corrects: never their own."""
        return self.before if self.by == who else (self.label, self.by, self.skipped)

    def locks(self, who: str) -> bool:
        return who == "annotator" and self.verdict is not None and not self.returned


class OneAnnotation(RuleBasedStateMachine):
    house: House

    def __init__(self) -> None:
        super().__init__()
        self.undo_all = transaction.atomic()
        self.undo_all.__enter__()
        self.house, self.model = build_house(**ALL_REJECTS), Model()

    def teardown(self) -> None:
        assert_all_true(self.house.project)
        transaction.set_rollback(True)
        self.undo_all.__exit__(None, None, None)

    def does(self, call) -> str | None:
        """The code of the refusal, or None."""
        try:
            call()
        except Refused as refused:
            return refused.code
        verdicts_checked()
        return None

    def service(self, who: str) -> AnnotationReviewService:
        return AnnotationReviewService(getattr(self.house, who))

    def closed(self, who: str) -> str | None:
        if who == "annotator":
            return "not_a_reviewer"
        return "skipped" if self.model.skipped else None

    @rule(who=st.sampled_from(PEOPLE))
    def accept(self, who: str) -> None:
        model, expected = self.model, self.closed(who)
        assert self.does(lambda: self.service(who).accept(self.house.annotation)) == expected
        if expected is None:
            own_fix = model.by == who and (model.label, model.skipped) != (model.before[0], model.before[2])
            model.sign(
                "fixed_and_accepted" if own_fix else "accepted", who, seen=model.before if own_fix else None
            )

    @rule(who=st.sampled_from(PEOPLE), action=st.sampled_from(["requeue", "remove", "redistribute"]))
    def reject(self, who: str, action: str) -> None:
        model = self.model
        expected = (
            "not_a_reviewer"
            if who == "annotator"
            else "own_annotation"
            if model.by == who
            else self.closed(who)
        )
        assert (
            self.does(lambda: self.service(who).reject(self.house.annotation, reject_action=action))
            == expected
        )
        if expected is None:
            model.sign("rejected", who, outcome=action)

    @rule(who=st.sampled_from(PEOPLE), label=st.sampled_from("ABC"))
    def fix_and_accept(self, who: str, label: str) -> None:
        model, expected = self.model, self.closed(who)
        repeat = (model.verdict, model.signer, model.label) == ("fixed_and_accepted", who, label)
        if expected is None and label == model.label and not repeat:
            expected = "nothing_fixed"
        assert (
            self.does(lambda: self.service(who).fix_and_accept(self.house.annotation, result=result(label)))
            == expected
        )
        if expected is None and not repeat:
            seen = model.corrects(who)
            model.write(who, label)
            model.sign("fixed_and_accepted", who, seen=seen)

    @precondition(lambda self: self.model.verdict)
    @rule(who=st.sampled_from(PEOPLE))
    def undo(self, who: str) -> None:
        model = self.model
        signed = who in (model.signer, "lead")
        expected = "not_a_reviewer" if who == "annotator" else None if signed else "not_your_review"
        assert self.does(lambda: self.service(who).undo(Review.objects.latest("id"))) == expected
        if expected is None:
            if model.seen:
                model.label, model.by, model.skipped = model.seen
            model.forget("deleted_review")

    @rule(who=st.sampled_from(PEOPLE))
    def reopen(self, who: str) -> None:
        model = self.model
        # A skipped annotation can be asked for again.
        expected = "not_a_reviewer" if who == "annotator" else "own_annotation" if model.by == who else None
        if expected is None and model.returned and model.verdict is None:
            expected = "already_reopened"
        assert self.does(lambda: self.service(who).reopen(self.house.annotation)) == expected
        if expected is None:
            model.forget("updated", returned=True)

    @rule(who=st.sampled_from(PEOPLE), label=st.sampled_from("ABC"))
    def edit(self, who: str, label: str) -> None:
        model, user = self.model, getattr(self.house, who)
        changes = label != model.label
        expected = "locked_by_verdict" if changes and model.locks(who) else None
        change = {"result": result(label)}
        assert self.does(lambda: annotations.edit(self.house.annotation.pk, change, actor=user)) == expected
        if changes and expected is None:
            model.write(who, label, skipped=model.skipped)
            model.forget("updated")

    @rule(who=st.sampled_from(["annotator", "lead"]), skipped=st.booleans())
    def skip(self, who: str, skipped: bool) -> None:
        model, user = self.model, getattr(self.house, who)
        changes = skipped != model.skipped
        expected = "locked_by_verdict" if changes and model.locks(who) else None
        change = {"was_cancelled": skipped}
        assert self.does(lambda: annotations.edit(self.house.annotation.pk, change, actor=user)) == expected
        if changes and expected is None:
            model.write(who, model.label, skipped=skipped)
            model.forget("skipped" if skipped else "updated")

    @rule()
    def annotate_again(self) -> None:
        """Refused to the author of decided work; tried, and not kept."""
        work = annotations.Work(result=result("A"))
        with transaction.atomic():
            code = self.does(lambda: annotations.submit(self.house.task, work, actor=self.house.annotator))
            transaction.set_rollback(True)
        assert code == ("locked_by_verdict" if self.model.locks("annotator") else None)

    @invariant()
    def stored_is_what_the_model_says(self) -> None:
        model, stored = self.model, Annotation.objects.get(pk=self.house.annotation.pk)
        assert (stored.last_action, stored.result, stored.was_cancelled) == (
            model.last_action,
            result(model.label),
            model.skipped,
        )
        assert stored.version_author == getattr(self.house, model.by)
        assert (stored.returned_at is not None, stored.redistributed) == (
            model.returned,
            model.outcome == "redistribute",
        )
        review = Review.objects.filter(pk=stored.standing_review_id).first()
        assert (review and review.verdict, review and review.created_by) == (
            model.verdict,
            model.signer and getattr(self.house, model.signer),
        )

    @invariant()
    def the_task_adds_up(self) -> None:
        model, task = self.model, Task.objects.get(pk=self.house.task.pk)
        settled = (
            model.verdict is not None
            and model.outcome not in ("requeue", "redistribute")
            and not model.skipped
        )
        assert task.reviewed == settled


@pytest.mark.django_db
@pytest.mark.timeout(180)
def test_any_order_of_moves_keeps_the_rules():
    run_state_machine_as_test(
        OneAnnotation,
        settings=settings(
            max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
