"""After a redistribute somebody else has the slot, and the author is locked out."""

import pytest

from tasks.models import Annotation, Draft, Task
from tasks.services import annotations, drafts, stream
from tests.factories import annotation, client_of, result, reviewed
from tests.reviews.steps import settings
from tests.snapshots import refused


@pytest.fixture
def given_away(house):
    settings(house, allowed_reject_actions=["requeue", "redistribute"])
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="redistribute")
    return house


def drawn(house, user):
    found = stream.draw(house.project, Task.objects.visible_to(user).order_by("id"), user)
    return found and found.task_id


def test_the_label_stream_gives_it_to_others_only(given_away):
    assert drawn(given_away, given_away.annotator) is None
    assert drawn(given_away, given_away.annotator2) == given_away.task.pk


def _draft(house):
    return drafts.save(house.task, actor=house.annotator, result=result("B"))


WAYS_IN = {
    "a new annotation": lambda h: annotation(h.task, h.annotator, "B"),
    "a manager in their name": lambda h: annotation(h.task, h.lead, "B", completed_by=h.annotator),
    "a skip": lambda h: annotation(h.task, h.annotator, result=[], was_cancelled=True),
    "many at once": lambda h: annotations.submit_many(
        [(h.task, annotations.Work(result=result("B"), bulk_created=True))], actor=h.annotator
    ),
    "an edit": lambda h: annotations.edit(h.annotation.pk, {"result": result("B")}, actor=h.annotator),
    "skipping the old one": lambda h: annotations.edit(
        h.annotation.pk, {"was_cancelled": True}, actor=h.annotator
    ),
    "turning it into a draft": lambda h: annotations.convert_to_draft(h.annotation.pk, actor=h.annotator),
    "taking it back": lambda h: drafts.unsubmit(h.annotation.pk, actor=h.annotator),
    "deleting it": lambda h: annotations.delete(h.annotation.pk, actor=h.annotator),
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_its_author_is_locked_out(given_away, way):
    with refused("locked_by_verdict", 403):
        WAYS_IN[way](given_away)


def test_a_draft_begun_before_is_kept_but_not_submitted(house):
    draft = _draft(house)
    settings(house, allowed_reject_actions=["requeue", "redistribute"])
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="redistribute")

    with refused("locked_by_verdict", 403):
        drafts.submit(draft, annotations.Work(result=result("B")), actor=house.annotator)
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_over_the_api_too(given_away):
    client, path = client_of(given_away.annotator), f"/api/tasks/{given_away.task.pk}/annotations/"

    posted = client.post(path, {"result": result("B")}, format="json")
    in_bulk = client.post(
        "/api/annotations/bulk/", {"tasks": [given_away.task.pk], "result": result("B")}, format="json"
    )

    assert (posted.status_code, in_bulk.status_code) == (403, 403)
    assert Annotation.objects.count() == 1


def test_somebody_else_fills_the_slot(given_away):
    annotation(given_away.task, given_away.annotator2)

    assert Task.objects.get(pk=given_away.task.pk).is_labeled
