"""Drafts: their author's own, submitted once, and never over a newer version."""

import pytest

from tasks.models import Annotation, Draft, History
from tasks.services import annotations, drafts
from tests.factories import result
from tests.snapshots import everything, refused

WORK = annotations.Work(result=result("B"))


def test_a_draft_of_a_task_becomes_an_annotation(house):
    draft = drafts.save(house.task, actor=house.annotator2, result=result("B"))

    made = drafts.submit(draft, WORK, actor=house.annotator2)

    assert (made.last_action, made.completed_by, made.result) == ("submitted", house.annotator2, result("B"))
    assert not Draft.objects.exists()


def test_a_draft_of_an_annotation_becomes_a_version_that_names_it(house):
    draft = drafts.save(house.task, actor=house.annotator, annotation=house.annotation)
    pk = draft.pk

    changed = drafts.submit(draft, WORK, actor=house.annotator)

    assert (changed.pk, changed.version, changed.last_action) == (house.annotation.pk, 2, "updated")
    assert History.objects.get(pk=changed.current_version_id).draft_id == pk


def test_a_draft_on_an_older_version_is_stale_and_kept(house):
    draft = drafts.save(house.task, actor=house.annotator, annotation=house.annotation)
    annotations.edit(house.annotation.pk, {"result": result("C")}, actor=house.reviewer)

    with refused("stale", 412):
        drafts.submit(draft, WORK, actor=house.annotator)
    assert Draft.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize("on_annotation", [False, True])
def test_a_draft_is_submitted_once(house, on_annotation):
    draft = drafts.save(
        house.task, actor=house.annotator, annotation=house.annotation if on_annotation else None
    )
    same = Draft.objects.get(pk=draft.pk)
    first = drafts.submit(draft, WORK, actor=house.annotator)
    before = everything()

    assert drafts.submit(same, WORK, actor=house.annotator) == first
    assert everything() == before


def test_a_deleted_draft_is_not_submitted(house):
    draft = drafts.save(house.task, actor=house.annotator)
    Draft.objects.get(pk=draft.pk).delete()

    with refused("not_found", 404):
        drafts.submit(draft, WORK, actor=house.annotator)


def test_a_draft_remembers_the_version_it_began_on(house):
    draft = drafts.save(house.task, actor=house.annotator, annotation=house.annotation)

    assert draft.began_on_id == house.annotation.current_version_id


def test_a_submitted_annotation_turned_back_into_a_draft_is_submitted_by_an_edit(house):
    annotations.convert_to_draft(house.annotation.pk, actor=house.annotator)
    hidden = Annotation.objects.visible_to(house.reviewer).exists()

    annotations.edit(house.annotation.pk, {"result": result("A")}, actor=house.annotator)

    after = Annotation.objects.get()
    assert (hidden, after.is_draft, after.version) == (False, False, 2)
    assert Annotation.objects.visible_to(house.reviewer).exists()


def test_results_are_kept_as_sent_unless_the_project_validates(house):
    unknown = annotations.Work(result=result("Z"))
    kept = annotations.submit(house.task, unknown, actor=house.annotator2)
    house.project.validate_results = True
    house.project.save()

    with refused("invalid_result", field="result"):
        annotations.submit(house.task, unknown, actor=house.annotator2)
    with refused("invalid_result", field="result"):
        annotations.edit(house.annotation.pk, {"result": result("Z")}, actor=house.annotator)
    assert kept.result == result("Z")
