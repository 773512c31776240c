"""Roles × actions × ownership, exhaustively: what the service does, and which buttons are shown."""

from collections.abc import Callable

import pytest
from django.db import transaction

from reviews import workflow
from reviews.service import AnnotationReviewService
from tasks.errors import Refused
from tasks.models import Annotation
from tasks.services import annotations, members, projects
from tests.factories import annotation, person, result, reviewed
from users.models import User

YES = "yes"
NO_ROLE, OUTSIDE, OWN, THEIRS = "not_a_reviewer", "not_a_member", "own_annotation", "not_yours"
NOTHING, SIGNED, LOCKED = "not_standing", "not_your_review", "locked_by_verdict"
NOT_MINE, NO_REJECT = "not_your_work", "not_rejected"
VERDICTS = ("accept", "reject", "fix_and_accept")
WORK = ("edit", "skip", "convert_to_draft", "delete")


def row(
    verdicts: str, undo: str, edit: str, *, delete: str | None = None, convert: str | None = None
) -> dict[str, str]:
    same = dict.fromkeys((*VERDICTS, "reopen"), verdicts) | dict.fromkeys(WORK, edit)
    return same | {"undo": undo, "delete": delete or edit, "convert_to_draft": convert or edit}


def contesting(role: str, whose: str) -> str:
    """Nothing is rejected in these tables: authors are refused for that, others as non-authors."""
    if role not in ("annotator", "reviewer", "manager", "admin", "owner"):
        return OUTSIDE
    return NO_REJECT if whose == "own" else NOT_MINE


# (role, whose work) → action → yes, or the code of the refusal.
UNREVIEWED = {
    ("stranger", "own"): row(NO_ROLE, NO_ROLE, OUTSIDE),
    ("stranger", "other"): row(NO_ROLE, NO_ROLE, THEIRS),
    ("removed reviewer", "own"): row(NO_ROLE, NO_ROLE, OUTSIDE),
    ("removed reviewer", "other"): row(NO_ROLE, NO_ROLE, THEIRS),
    ("inactive reviewer", "own"): row(NO_ROLE, NO_ROLE, OUTSIDE),
    ("inactive reviewer", "other"): row(NO_ROLE, NO_ROLE, THEIRS),
    ("inactive admin", "own"): row(NO_ROLE, NO_ROLE, OUTSIDE),
    ("inactive admin", "other"): row(NO_ROLE, NO_ROLE, THEIRS),
    ("reviewer elsewhere", "own"): row(NO_ROLE, NO_ROLE, OUTSIDE),
    ("reviewer elsewhere", "other"): row(NO_ROLE, NO_ROLE, THEIRS),
    ("manager elsewhere", "own"): row(NO_ROLE, NO_ROLE, OUTSIDE),
    ("manager elsewhere", "other"): row(NO_ROLE, NO_ROLE, THEIRS),
    ("annotator", "own"): row(NO_ROLE, NO_ROLE, YES),
    ("annotator", "other"): row(NO_ROLE, NO_ROLE, THEIRS),
    ("reviewer", "own"): row(OWN, NOTHING, YES),
    ("reviewer", "other"): row(YES, NOTHING, YES, convert=THEIRS),
    ("manager", "own"): row(OWN, NOTHING, YES),
    ("manager", "other"): row(YES, NOTHING, YES, convert=THEIRS),
    ("admin", "own"): row(OWN, NOTHING, YES),
    ("admin", "other"): row(YES, NOTHING, YES, convert=THEIRS),
    ("owner", "own"): row(OWN, NOTHING, YES),
    ("owner", "other"): row(YES, NOTHING, YES, convert=THEIRS),
}
# The same with an accept by another reviewer standing.
ACCEPTED_BY_ANOTHER = UNREVIEWED | {
    ("annotator", "own"): row(NO_ROLE, NO_ROLE, LOCKED),
    ("reviewer", "own"): row(OWN, SIGNED, LOCKED),
    ("reviewer", "other"): row(YES, SIGNED, YES, delete=LOCKED, convert=THEIRS),
    ("manager", "own"): row(OWN, YES, YES, convert=LOCKED),
    ("manager", "other"): row(YES, YES, YES, convert=THEIRS),
    ("admin", "own"): row(OWN, YES, YES, convert=LOCKED),
    ("admin", "other"): row(YES, YES, YES, convert=THEIRS),
    ("owner", "own"): row(OWN, YES, YES, convert=LOCKED),
    ("owner", "other"): row(YES, YES, YES, convert=THEIRS),
}


def somebody(house, role: str) -> User:
    user = person("subject")
    if role in ("annotator", "reviewer", "removed reviewer", "inactive reviewer", "manager"):
        code = {"annotator": "AN", "manager": "MA"}.get(role, "RE")
        members.set_role(house.project, user, code)
    if role in ("reviewer elsewhere", "manager elsewhere"):
        elsewhere = projects.create(actor=house.lead, title="Elsewhere")
        members.set_role(elsewhere, user, "RE" if role == "reviewer elsewhere" else "MA")
    if role in ("admin", "inactive admin", "owner"):
        user.site_role = "OW" if role == "owner" else "AD"
    user.save()
    return user


def loses_it(house, role: str, user: User) -> User:
    if role == "removed reviewer":
        members.remove(house.membership(user))
    user.is_active = not role.startswith("inactive")
    user.save()
    return User.objects.get(pk=user.pk)


def deeds(work: Annotation, user: User) -> dict[str, Callable[[], object]]:
    service = AnnotationReviewService(user)
    return {
        "accept": lambda: service.accept(work),
        "reject": lambda: service.reject(work, reject_action="remove"),
        "fix_and_accept": lambda: service.fix_and_accept(work, result=result("B")),
        "reopen": lambda: service.reopen(work),
        "contest": lambda: service.contest(work, reason="It is an A"),
        "undo": lambda: _undo(service, work),
        "edit": lambda: annotations.edit(work.pk, {"result": result("B")}, actor=user),
        "skip": lambda: annotations.edit(work.pk, {"was_cancelled": True}, actor=user),
        "convert_to_draft": lambda: annotations.convert_to_draft(work.pk, actor=user),
        "delete": lambda: annotations.delete(work.pk, actor=user),
    }


def _undo(service: AnnotationReviewService, work: Annotation) -> None:
    report = service.undo_many([work])
    for _, refusal in report.refused:
        raise refusal.as_error()


def outcome(deed: Callable[[], object]) -> str:
    """The outcome; the transaction is rolled back."""
    try:
        with transaction.atomic():
            deed()
            transaction.set_rollback(True)
    except Refused as refusal:
        return refusal.code
    return YES


def outcomes(house, role: str, whose: str, *, accepted: bool) -> tuple[dict[str, str], list[str]]:
    user = somebody(house, role)
    work = annotation(house.task, user) if whose == "own" else house.annotation
    if accepted:
        reviewed(work, house.reviewer2)
    user = loses_it(house, role, user)
    found = {action: outcome(deed) for action, deed in deeds(work, user).items()}
    return found, workflow.allowed_actions(Annotation.objects.get(pk=work.pk), user)


@pytest.mark.parametrize(("role", "whose"), UNREVIEWED)
def test_what_may_be_done_with_unreviewed_work(house, role, whose):
    found, buttons = outcomes(house, role, whose, accepted=False)

    assert found == UNREVIEWED[role, whose] | {"contest": contesting(role, whose)}
    assert [one for one in buttons if one in found] == [
        one for one in workflow.BUTTONS if found.get(one) == YES
    ]


@pytest.mark.parametrize(("role", "whose"), ACCEPTED_BY_ANOTHER)
def test_what_may_be_done_with_work_another_accepted(house, role, whose):
    found, buttons = outcomes(house, role, whose, accepted=True)

    assert found == ACCEPTED_BY_ANOTHER[role, whose] | {"contest": contesting(role, whose)}
    assert [one for one in buttons if one in found] == [
        one for one in workflow.BUTTONS if found.get(one) == YES
    ]


@pytest.mark.parametrize("who", ["annotator", "reviewer", "reviewer2", "lead", "admin", "stranger"])
def test_every_refused_action_has_a_reason(house, who):
    reviewed(house.annotation, house.reviewer)
    user = getattr(house, who)

    closed = workflow.refusals(house.annotation, user)

    assert closed.keys() | set(workflow.allowed_actions(house.annotation, user)) == set(workflow.BUTTONS)
    assert all(
        refusal.code and refusal.detail.endswith(".") and refusal.status in (400, 403)
        for refusal in closed.values()
    )


def test_creating_projects_needs_the_flag_or_a_site_role(house):
    allowed = {}
    for who in ("lead", "admin", "reviewer", "annotator", "stranger"):
        allowed[who] = outcome(lambda who=who: projects.create(actor=getattr(house, who), title="Mine"))

    refusal = "may_not_create_projects"
    assert allowed == {
        "lead": YES,
        "admin": YES,
        "reviewer": refusal,
        "annotator": refusal,
        "stranger": refusal,
    }


def test_completed_by_is_honoured_for_managers_only(house):
    for_other = {"completed_by": house.annotator2}

    by_lead = annotation(house.task, house.lead, **for_other)
    by_reviewer = annotation(house.task, house.reviewer, **for_other)

    assert (by_lead.completed_by, by_lead.written_by) == (house.annotator2, house.lead)
    assert (by_reviewer.completed_by, by_reviewer.written_by) == (house.reviewer, house.reviewer)
