"""Outcomes become verdicts on real annotations, and nothing else does."""

from io import BytesIO

import pytest

from crowd import campaigns
from crowd.applying import apply, preview
from crowd.importing.importer import import_items
from crowd.models import Campaign, Item
from crowd.submitting import submit
from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType
from tasks.errors import Refused
from tasks.models import Annotation
from tasks.services import annotations as annotation_service
from tests import factories

from .factories import answers, lines, reviewer

pytestmark = pytest.mark.django_db

OUTCOMES = {
    "keep": [{}, {}, {"qa": 1}],
    "needs_fix": [{"sg": 2}, {"sg": 2}, {}],
    "delete": [{"tg": 1, "comment": "nothing is lifted"}, {"tg": 1}, {}],
}


def shown(campaign: Campaign, annotation: Annotation, anno_id: str = "x", **keys) -> Item:
    keys = {"annotation_unique_id": str(annotation.unique_id)} | keys
    import_items(campaign, BytesIO(lines(anno_id, **keys)))
    return Item.objects.get(anno_id=anno_id)


def reviewed(campaign: Campaign, anno_id: str = "x", outcome: str = "keep") -> None:
    for scores in OUTCOMES[outcome]:
        submit(campaign, reviewer(), anno_id, answers(**scores))


def applied(campaign: Campaign, actor) -> dict:
    """The report, without the items a, b and c of the campaign, which are not finished."""
    report = apply(Campaign.objects.get(pk=campaign.pk), actor=actor).as_dict()
    assert report["refused"].pop("not_finished") >= 3
    return {name: value for name, value in report.items() if name != "examples" and value}


@pytest.fixture
def annotation(house) -> Annotation:
    return house.annotation


def verdict(annotation: Annotation) -> tuple[str, str]:
    """last_action, and the comment of the standing review."""
    annotation.refresh_from_db()
    standing = Review.objects.filter(pk=annotation.standing_review_id).first()
    return annotation.last_action, standing.comment if standing else ""


def test_scores_alone_never_touch_the_annotation(campaign, annotation):
    shown(campaign, annotation)
    reviewed(campaign, outcome="delete")
    assert verdict(annotation) == (ActionType.SUBMITTED, "")


@pytest.mark.parametrize(
    ("outcome", "report", "expected"),
    [
        ("keep", {"accepted": 1}, (ActionType.ACCEPTED, "")),
        (
            "needs_fix",
            {"rejected": 1},
            (
                ActionType.REJECTED,
                "3 crowd reviewers, median scores: tg 3, sg 2, qa 3."
                "\n– off by one frame\n– off by one frame\n– off by one frame",
            ),
        ),
        (
            "delete",
            {"rejected": 1},
            (
                ActionType.REJECTED,
                "3 crowd reviewers, median scores: tg 1, sg 3, qa 3."
                "\n– nothing is lifted\n– off by one frame\n– off by one frame",
            ),
        ),
    ],
)
def test_keep_accepts_and_the_others_reject_with_a_summary(
    campaign, annotation, house, outcome, report, expected
):
    item = shown(campaign, annotation)
    reviewed(campaign, outcome=outcome)
    assert applied(campaign, house.lead) == report
    assert verdict(annotation) == expected
    item.refresh_from_db()
    assert item.applied_review == annotation.standing_review_id


def test_applying_again_changes_nothing(campaign, annotation, house):
    shown(campaign, annotation)
    reviewed(campaign, outcome="delete")
    applied(campaign, house.lead)
    before = verdict(annotation), annotation.annotation_seq
    assert applied(campaign, house.lead) == {"unchanged": 1}
    assert (verdict(annotation), annotation.annotation_seq) == before
    assert Review.objects.count() == 1


def test_another_outcome_replaces_what_was_applied(campaign, annotation, house):
    shown(campaign, annotation)
    reviewed(campaign)
    applied(campaign, house.lead)
    campaigns.set_target(campaign, 7, actor=house.lead)
    for _ in range(4):
        submit(campaign, reviewer(), "x", answers(tg=1))
    assert applied(campaign, house.lead) == {"rejected": 1}
    assert verdict(annotation)[0] == ActionType.REJECTED


def test_an_item_that_names_no_annotation_is_counted(campaign, house):
    import_items(campaign, BytesIO(lines("x", annotation_unique_id="no such one")))
    reviewed(campaign)
    assert applied(campaign, house.lead) == {"refused": {"no_annotation": 1}}


def test_an_annotation_that_was_deleted_is_counted(campaign, annotation, house):
    shown(campaign, annotation)
    reviewed(campaign)
    annotation_service.delete(annotation.pk, actor=house.lead)
    assert applied(campaign, house.lead) == {"refused": {"no_annotation": 1}}


def by_lead(house) -> Annotation:
    return factories.annotation(factories.task(house.project), house.lead)


def written_by_lead(house) -> Annotation:
    """Another name stands on it."""
    made = by_lead(house)
    Annotation.objects.filter(pk=made.pk).update(completed_by=house.annotator)
    return made


def rewritten_by_lead(house) -> Annotation:
    annotation_service.edit(house.annotation.pk, {"result": factories.result("B")}, actor=house.lead)
    return house.annotation


@pytest.mark.parametrize("work", [by_lead, written_by_lead, rewritten_by_lead])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_manager_s_own_work_is_left_to_others(campaign, house, work, outcome):
    annotation = work(house)
    shown(campaign, annotation)
    reviewed(campaign, outcome=outcome)
    assert applied(campaign, house.lead) == {"refused": {"own_annotation": 1}}
    assert Review.objects.count() == 0
    # Somebody else may, who runs the site.
    assert "refused" not in applied(campaign, house.admin)


@pytest.mark.parametrize("later", ["edited", "data"])
def test_an_annotation_that_changed_since_is_refused(campaign, annotation, house, later):
    shown(campaign, annotation)
    reviewed(campaign)
    if later == "edited":
        annotation_service.edit(annotation.pk, {"result": factories.result("B")}, actor=house.annotator)
    else:
        factories.task_service.update(annotation.task_id, {"data": {"text": "B"}}, actor=house.lead)
    assert applied(campaign, house.lead) == {"refused": {"annotation_changed": 1}}
    assert Review.objects.count() == 0


def test_a_line_may_say_which_version_it_shows(campaign, annotation, house):
    first = annotation.last_row_to_see
    annotation_service.edit(annotation.pk, {"result": factories.result("B")}, actor=house.annotator)
    shown(campaign, annotation, last_annotation_history=first)
    reviewed(campaign)
    assert applied(campaign, house.lead) == {"refused": {"annotation_changed": 1}}


@pytest.mark.parametrize("person", ["reviewer", "lead"])
@pytest.mark.parametrize("outcome", ["keep", "delete"])
def test_what_a_person_has_decided_stands(campaign, annotation, house, person, outcome):
    shown(campaign, annotation)
    reviewed(campaign, outcome=outcome)
    decision = factories.reviewed(annotation, getattr(house, person))
    assert applied(campaign, house.lead) == {"refused": {"already_decided": 1}}
    annotation.refresh_from_db()
    assert annotation.standing_review_id == decision.review.pk


def test_what_a_person_has_undone_stays_undone(campaign, annotation, house):
    shown(campaign, annotation)
    reviewed(campaign)
    applied(campaign, house.lead)
    AnnotationReviewService(house.lead).undo(Review.objects.get())
    assert applied(campaign, house.lead) == {"refused": {"undone": 1}}
    assert verdict(annotation)[0] == ActionType.DELETED_REVIEW


@pytest.mark.parametrize("role", ["reviewer", "annotator", "stranger"])
def test_only_managers_apply(campaign, annotation, house, role):
    shown(campaign, annotation)
    reviewed(campaign)
    with pytest.raises(Refused):
        apply(campaign, actor=getattr(house, role))
    assert Review.objects.count() == 0


def test_what_the_service_refuses_is_counted_and_keeps_nobody_back(campaign, annotation, house):
    skipped = factories.skipped(factories.task(house.project), house.annotator)
    shown(campaign, skipped, "x")
    shown(campaign, annotation, "y")
    for anno_id in ("x", "y"):
        reviewed(campaign, anno_id)
    assert applied(campaign, house.lead) == {"accepted": 1, "refused": {"skipped": 1}}


def test_the_preview_counts_without_writing(campaign, annotation, house):
    shown(campaign, annotation)
    reviewed(campaign, outcome="needs_fix")
    import_items(campaign, BytesIO(lines("y")))
    reviewed(campaign, "y")
    expected = {"keep": 0, "needs_fix": 1, "delete": 0, "not_finished": 3, "no_annotation": 1, "applied": 0}
    assert preview(campaign) == expected
    applied(campaign, house.lead)
    assert preview(campaign) == expected | {"applied": 1}
