"""Accept, reject, undo and reopen on a selection: through the service, with a report of
what was refused and why.
"""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from reviews.models import BulkReview, Review
from tasks.choices import ActionType
from tasks.models import Annotation
from tests import factories
from users.capabilities import Role

LIST = reverse("admin:tasks_annotation_changelist")


def act(client, action: str, annotations, **more):
    return client.post(
        LIST, {"action": action, "_selected_action": [a.pk for a in annotations], **more}, follow=True
    )


def messages_of(answer) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)] or [
        str(m) for m in answer.context["messages"]
    ]


def actions_of(*annotations: Annotation) -> list[str]:
    found = {a.pk: a.last_action for a in Annotation.objects.filter(pk__in=[a.pk for a in annotations])}
    return [found[a.pk] for a in annotations]


@pytest.fixture
def second(house) -> Annotation:
    return factories.annotation(factories.task(house.project), house.annotator2, "B")


def test_accept_signs_the_selection(house, second, lead_client):
    answer = act(lead_client, "accept", [house.annotation, second])

    assert actions_of(house.annotation, second) == ["accepted", "accepted"]
    assert set(Review.objects.values_list("created_by", flat=True)) == {house.lead.pk}
    (message,) = messages_of(answer)
    assert message.startswith("Accepted: 2 annotations of Letters.")
    house.task.refresh_from_db()
    assert (house.task.reviewed, house.task.reviews_accepted) == (True, 1)


def test_refusals_are_listed_by_reason_with_links(house, second, lead_client):
    own = [factories.annotation(factories.task(house.project), house.lead) for _ in range(2)]

    answer = act(lead_client, "accept", [second, *own])

    done, refused = messages_of(answer)
    assert done.startswith("Accepted: 1 annotation of Letters.")
    assert refused.startswith(
        "Not changed, 2 annotations: This is your own work: somebody else has to review it."
    )
    assert all(reverse("admin:tasks_annotation_change", args=[a.pk]) in refused for a in own)
    assert actions_of(second, *own) == ["accepted", "submitted", "submitted"]


def test_a_selection_of_two_projects_is_decided_project_by_project(house, elsewhere, admin_client):
    other = factories.annotation(factories.task(elsewhere.project), elsewhere.annotation.completed_by)

    answer = act(admin_client, "accept", [house.annotation, other])

    assert actions_of(house.annotation, other) == ["accepted", "accepted"]
    assert {bulk.project for bulk in BulkReview.objects.all()} == {house.project, elsewhere.project}
    assert len(messages_of(answer)) == 2


def test_a_lead_decides_nothing_elsewhere(house, elsewhere, lead_client):
    other = factories.annotation(factories.task(elsewhere.project), elsewhere.annotation.completed_by)

    act(lead_client, "accept", [house.annotation, other])

    assert actions_of(house.annotation, other) == ["accepted", "submitted"]


def test_reject_asks_first(house, lead_client):
    answer = act(lead_client, "reject", [house.annotation])

    assert answer.templates[0].name == "admin/reject_selected.html"
    assert list(answer.context["form"].fields) == ["comment", "reject_action"]
    assert actions_of(house.annotation) == ["submitted"]


def test_reject_writes_comment_and_outcome(house, lead_client):
    asked = {"confirmed": "yes", "comment": "The letter is a B", "reject_action": "remove"}

    act(lead_client, "reject", [house.annotation], **asked)

    review = Review.objects.get()
    assert (review.verdict, review.comment, review.reject_action) == (
        ActionType.REJECTED,
        "The letter is a B",
        "remove",
    )
    assert review.created_by == house.lead


def test_reject_offers_the_reasons_of_the_project(lead_client, house):
    house.project.reject_reasons = [{"code": "blurry", "text": "Too blurry"}]
    house.project.save()

    act(lead_client, "reject", [house.annotation], confirmed="yes", reason="blurry")

    assert Review.objects.get().reason == "blurry"


def test_reject_keeps_the_form_when_an_outcome_is_unknown(house, lead_client):
    answer = act(lead_client, "reject", [house.annotation], confirmed="yes", reject_action="shred")

    assert "reject_action" in answer.context["form"].errors
    assert actions_of(house.annotation) == ["submitted"]


def test_undo_undoes_the_verdict(house, lead_client):
    factories.reviewed(house.annotation, house.reviewer)

    act(lead_client, "undo", [house.annotation])

    assert actions_of(house.annotation) == ["deleted_review"]
    assert Review.objects.get().undone_by == house.lead


def test_reopen_returns_it_without_a_verdict(house, lead_client):
    factories.reviewed(house.annotation, house.reviewer)

    act(lead_client, "reopen", [house.annotation])

    house.annotation.refresh_from_db()
    assert (house.annotation.last_action, house.annotation.returned_to) == ("updated", house.annotator)


def test_a_bulk_action_is_undone_from_its_own_list(house, second, lead_client):
    act(lead_client, "accept", [house.annotation, second])
    bulk = BulkReview.objects.get()

    data = {"action": "undo_bulk", "_selected_action": [bulk.pk]}
    lead_client.post(reverse("admin:reviews_bulkreview_changelist"), data)

    assert actions_of(house.annotation, second) == ["deleted_review", "deleted_review"]


def test_an_action_without_the_capability_changes_nothing(house, client):
    """Staff, and a reviewer of the project, but manager of nothing."""
    staff = factories.member(house.project, Role.REVIEWER, "staff-reviewer", is_staff=True)
    client.force_login(staff, backend="users.backends.GuardedPasswordBackend")

    answer = client.post(LIST, {"action": "accept", "_selected_action": [house.annotation.pk]})

    assert answer.status_code == 403
    assert actions_of(house.annotation) == ["submitted"]


def test_a_selection_larger_than_a_list_changes_nothing(house, second, lead_client, monkeypatch):
    monkeypatch.setattr("tasks.admin.base.COUNTED_TO", 1)

    answer = act(lead_client, "accept", [house.annotation, second])

    assert messages_of(answer) == ["More than 1 rows are selected. Narrow the filter first."]
    assert actions_of(house.annotation, second) == ["submitted", "submitted"]


def test_deleting_a_selection_marks_it_and_counts(house, second, lead_client):
    factories.reviewed(house.annotation, house.reviewer)

    act(lead_client, "delete_selected", [house.annotation, second], post="yes")

    assert set(Annotation.objects.filter(deleted_at=None)) == set()
    house.task.refresh_from_db()
    assert (house.task.total_annotations, house.task.reviews_accepted) == (0, 0)
    factories.verdicts_checked()


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("review=none", ["plain"]),
        ("review=any", ["requeued", "removed", "accepted"]),
        ("review=rework", ["requeued"]),
        ("outcome=requeue", ["requeued"]),
        ("outcome=remove", ["removed"]),
        ("outcome=redistribute", []),
        ("last_action__exact=accepted", ["accepted"]),
        ("author={annotator}", ["plain", "requeued", "removed", "accepted"]),
        ("author={reviewer}", []),
        ("reviewer={reviewer}", ["requeued", "removed"]),
        ("reviewer={reviewer2}", ["accepted"]),
        ("project={project}", ["plain", "requeued", "removed", "accepted"]),
        ("project=999999", []),
        ("project=x", []),
        ("q=annotator@example.org", ["plain", "requeued", "removed", "accepted"]),
        ("q={plain}", ["plain"]),
        ("q={unique_id}", ["plain"]),
    ],
)
def test_filters_keep_the_matching_annotations(asked, kept, house, lead_client):
    named = {"plain": house.annotation}
    for name in ("requeued", "removed", "accepted"):
        named[name] = factories.annotation(factories.task(house.project), house.annotator)
    factories.reviewed(named["requeued"], house.reviewer, ActionType.REJECTED, reject_action="requeue")
    factories.reviewed(named["removed"], house.reviewer, ActionType.REJECTED, reject_action="remove")
    factories.reviewed(named["accepted"], house.reviewer2)
    people = {name: getattr(house, name).pk for name in ("annotator", "reviewer", "reviewer2", "project")}

    query = asked.format(**people, plain=house.annotation.pk, unique_id=house.annotation.unique_id)
    answer = lead_client.get(f"{LIST}?{query}")

    found = {row.pk for row in answer.context["cl"].result_list}
    wanted = {named[name].pk for name in kept}
    # A number finds an annotation or the annotations of a task: maybe one of each.
    assert wanted <= found if asked == "q={plain}" else found == wanted
