"""A closed task leaves label stream and queue, and comes back when it is opened again."""

import pytest

from reviews.models import QueueEntry
from tasks.models import History, Reservation, Task
from tasks.services import closing, stream
from tests.factories import annotation, client_of, reviewed, task
from tests.reviews.steps import decide, kinds, now, settings
from tests.snapshots import refused

pytestmark = pytest.mark.usefixtures("adds_up")


def close(house, reason="The picture is black"):
    return closing.close(house.task.pk, reason=reason, actor=house.lead)


def drawn(house, user):
    return stream.draw(house.project, Task.objects.visible_to(user).order_by("id"), user)


def test_it_leaves_the_stream(house):
    settings(house, maximum_annotations=2)
    before = drawn(house, house.annotator2)

    close(house)

    assert before.task_id == house.task.pk
    assert drawn(house, house.annotator2) is None
    assert not Reservation.objects.exists()


def test_returned_work_of_it_is_handed_out_no_more(house):
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue")

    close(house)

    assert drawn(house, house.annotator) is None


def test_it_leaves_the_queue_and_comes_back(house):
    queued = QueueEntry.objects.count()

    close(house)
    closed = QueueEntry.objects.count()
    closing.open_again(house.task.pk, actor=house.lead)

    assert (queued, closed, QueueEntry.objects.count()) == (1, 0, 1)


def test_work_and_verdicts_stay(house):
    reviewed(house.annotation, house.reviewer)
    before = now(house)

    close(house)

    after = now(house)
    assert (after.last_action, after.standing_review_id) == (before.last_action, before.standing_review_id)
    assert after.annotation_seq == before.annotation_seq + 1
    row = History.objects.latest("id")
    assert (row.action, row.details) == ("updated", {"task": "closed", "because": "The picture is black"})


def test_closing_emits_events(house, emitted):
    close(house)
    closing.open_again(house.task.pk, actor=house.lead)

    assert kinds(emitted) == ["annotation_touched", "task_closed", "annotation_touched", "task_opened"]


def test_closing_twice_changes_nothing(house, emitted):
    close(house)
    told = len(emitted)

    assert close(house, reason="Another reason").closed_because == "The picture is black"
    assert len(emitted) == told


def test_a_reason_is_required(house):
    with refused("because_required", field="because"):
        close(house, reason="  ")


def test_it_may_still_be_decided(house):
    close(house)

    assert decide(house, "accept").review.verdict == "accepted"
    assert not QueueEntry.objects.exists()


def test_over_the_api(house):
    lead, path = client_of(house.lead), f"/api/tasks/{house.task.pk}/close/"

    closed = lead.post(path, {"because": "Black"}).json()
    seen = client_of(house.reviewer).get(f"/api/tasks/{house.task.pk}/").json()
    opened = lead.delete(path).json()

    assert (closed["closed_by"], closed["closed_because"]) == (house.lead.pk, "Black")
    assert (seen["closed_because"], seen["closed_at"]) == ("Black", closed["closed_at"])
    assert (opened["closed_at"], opened["closed_by"], opened["closed_because"]) == (None, None, "")


@pytest.mark.parametrize("who", ["reviewer", "annotator"])
def test_only_managers_close(house, who):
    client, path = client_of(getattr(house, who)), f"/api/tasks/{house.task.pk}/close/"

    assert client.post(path, {"because": "No"}).status_code == 403
    assert client.delete(path).status_code == 403
    assert Task.objects.get(pk=house.task.pk).closed_at is None


def test_a_task_without_annotations_is_closed_too(house):
    other = task(house.project)

    assert closing.close(other.pk, reason="Empty", actor=house.lead).closed_at is not None
    annotation(other, house.annotator)
    assert QueueEntry.objects.filter(task=other).count() == 0
