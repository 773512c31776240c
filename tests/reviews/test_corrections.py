"""What a fix corrected is stored with it, by kind, for the person whose work it was."""

from copy import deepcopy
from dataclasses import dataclass

import pytest

from reviews import corrections
from reviews.models import Correction
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tasks.services import annotations, members
from tests import factories
from tests.factories import annotation, boxes, result, reviewed, task, undone
from tests.reviews.steps import now, patch
from tests.snapshots import refused
from users.capabilities import Role

MOODS = """<View><Text name="text" value="$text"/>
<Choices name="mood" toName="text"><Choice value="Positive"/><Choice value="Neutral"/></Choices></View>"""


@dataclass
class Fixed:
    """Work of `annotator` in a project of its own, about to be fixed by the house's reviewer."""

    annotation: Annotation
    better: list


def work_in(house, label_config: str, before: list, after: list) -> Fixed:
    project = factories.project(lead=house.lead, label_config=label_config)
    members.set_role(project, house.reviewer, Role.REVIEWER)
    members.set_role(project, house.annotator, Role.ANNOTATOR)
    return Fixed(annotation(task(project), house.annotator, result=before), after)


def a_wider_box(house) -> Fixed:
    wider = deepcopy(boxes("Car"))
    wider[0]["value"]["width"] = 24.0
    return work_in(house, factories.BOXES, boxes("Car"), wider)


def a_calmer_mood(house) -> Fixed:
    said = {
        "id": "m",
        "from_name": "mood",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": ["Positive"]},
    }
    return work_in(house, MOODS, [said], [said | {"value": {"choices": ["Neutral"]}}])


FIXES = {
    "box": (a_wider_box, "moved", "moved, overlap 0.83"),
    "choice": (a_calmer_mood, "relabelled", "Positive → Neutral"),
}


def described(found=None) -> list[tuple[str, str]]:
    rows = Correction.objects.order_by("id") if found is None else found
    return [(row.kind, corrections.operation_of(row).sentence) for row in rows]


@pytest.mark.parametrize(("work", "kind", "sentence"), FIXES.values(), ids=FIXES)
def test_a_fixed_box_shows_its_overlap_and_a_fixed_choice_its_labels(house, work, kind, sentence):
    fixed = work(house)

    AnnotationReviewService(house.reviewer).fix_and_accept(fixed.annotation, result=fixed.better)

    assert described(corrections.feed(house.annotator)) == [(kind, sentence)]


def test_a_correction_has_all_its_details(house):
    review = reviewed(house.annotation, house.reviewer, "fixed_and_accepted").review

    (row,) = Correction.objects.values()

    assert row == {
        "id": row["id"],
        "review_id": review.pk,
        "annotation_id": house.annotation.pk,
        "project_id": house.project.pk,
        "annotator_id": house.annotator.pk,
        "kind": "relabelled",
        "region": "",
        "control": "letter",
        "label_from": "A",
        "label_to": "C",
        "overlap": None,
        "before": ["A"],
        "after": ["C"],
        "created_at": row["created_at"],
        "acknowledged_at": None,
    }


def test_accepting_ones_own_edit_corrects_what_the_annotator_had(house):
    patch(house, "B", by=house.reviewer)

    reviewed(now(house), house.reviewer)

    assert described() == [("relabelled", "A → B")]


def test_accepting_ones_own_edits_of_a_selection_corrects_each(house):
    second = annotation(task(house.project), house.annotator2, "B")
    for one in (house.annotation, second):
        annotations.edit(one.pk, {"result": result("C")}, actor=house.reviewer)

    AnnotationReviewService(house.reviewer).accept_many([house.annotation, second])

    assert sorted(described()) == [("relabelled", "A → C"), ("relabelled", "B → C")]
    assert set(Correction.objects.values_list("annotator", flat=True)) == {
        house.annotator.pk,
        house.annotator2.pk,
    }


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_other_verdicts_correct_nothing(house, verdict):
    reviewed(house.annotation, house.reviewer, verdict)

    assert described() == []


def test_a_repeated_fix_is_corrected_once(house):
    for _ in range(2):
        reviewed(house.annotation, house.reviewer, "fixed_and_accepted")

    assert described() == [("relabelled", "A → C")]


def test_an_undone_fix_leaves_the_feed_and_keeps_its_rows(house):
    decision = reviewed(house.annotation, house.reviewer, "fixed_and_accepted")

    undone(decision, house.reviewer)

    assert described(corrections.feed(house.annotator)) == []
    assert list(corrections.confusion(house.project)) == []
    assert described() == [("relabelled", "A → C")]


def test_a_second_fix_replaces_the_corrections_in_the_feed(house):
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("B"))

    reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("C"))

    assert described(corrections.feed(house.annotator)) == [("relabelled", "A → C")]
    assert [group["label_to"] for group in corrections.confusion(house.project)] == ["C"]


def test_a_version_rewritten_by_a_reviewer_is_that_reviewers_work(house):
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("B"))

    reviewed(house.annotation, house.reviewer2, "fixed_and_accepted", result=result("C"))

    assert described(corrections.feed(house.annotator)) == [("relabelled", "A → B")]
    assert described(corrections.feed(house.reviewer)) == [("relabelled", "B → C")]


def test_a_refused_fix_corrects_nothing(house):
    with refused("nothing_fixed"):
        reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("A"))

    assert described() == []


def test_a_fix_stores_a_thousand_corrections_at_most(house, monkeypatch):
    monkeypatch.setattr(corrections, "MAX_PER_FIX", 3)
    fixed = work_in(house, factories.BOXES, [], boxes(*["Car"] * 5))

    reviewed(fixed.annotation, house.reviewer, "fixed_and_accepted", result=fixed.better)

    assert described() == [("added", "Car added")] * 3


def test_masks_stay_with_the_versions(house):
    painted = {"id": "m" * 200, "from_name": "box", "to_name": "image", "type": "brushlabels"}
    before, after = (painted | {"value": {"rle": [n] * 9000, "brushlabels": ["Car"]}} for n in (1, 2))
    fixed = work_in(house, factories.BOXES.replace("Rectangle", "Brush"), [before], [after])

    reviewed(fixed.annotation, house.reviewer, "fixed_and_accepted", result=fixed.better)

    (row,) = Correction.objects.all()
    assert (row.kind, row.before, row.region) == ("moved", {}, "m" * 128)
    assert described() == [("moved", "moved")]


def test_what_is_too_large_stays_with_the_versions(house):
    said = {"id": "t", "from_name": "said", "to_name": "text", "type": "textarea"}
    before, after = (said | {"value": {"text": [word * 11_000]}} for word in "ab")
    config = '<View><Text name="text" value="$text"/><TextArea name="said" toName="text"/></View>'
    fixed = work_in(house, config, [before], [after])

    reviewed(fixed.annotation, house.reviewer, "fixed_and_accepted", result=fixed.better)

    (row,) = Correction.objects.all()
    assert (row.kind, row.before, row.after, described()) == ("text", None, None, [("text", "text changed")])


def test_acknowledging_is_for_the_one_whose_work_it_was_and_counts_once(house):
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted")
    correction = Correction.objects.get()

    with refused("not_yours", 403):
        corrections.acknowledge(correction, actor=house.lead)
    first = corrections.acknowledge(correction, actor=house.annotator).acknowledged_at
    again = corrections.acknowledge(correction, actor=house.annotator).acknowledged_at

    assert first == again is not None
    assert corrections.acknowledge_all(house.project, actor=house.annotator) == 0


def test_confusion_counts_labels_by_annotator_most_often_first(house):
    for author, label in ((house.annotator, "A"), (house.annotator, "A"), (house.annotator2, "B")):
        reviewed(annotation(task(house.project), author, label), house.reviewer, "fixed_and_accepted")
    gone = reviewed(
        annotation(task(house.project), house.annotator, "B"), house.reviewer, "fixed_and_accepted"
    )
    undone(gone, house.reviewer)

    assert list(corrections.confusion(house.project)) == [
        {
            "annotator": house.annotator.pk,
            "control": "letter",
            "label_from": "A",
            "label_to": "C",
            "count": 2,
        },
        {
            "annotator": house.annotator2.pk,
            "control": "letter",
            "label_from": "B",
            "label_to": "C",
            "count": 1,
        },
    ]


def test_confusion_leaves_out_what_has_no_labels(house):
    fixed = a_wider_box(house)

    reviewed(fixed.annotation, house.reviewer, "fixed_and_accepted", result=fixed.better)

    assert list(corrections.confusion(fixed.annotation.project)) == []
