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
from tests.snapshots import everything
from users.capabilities import Role

LIST = reverse("admin:tasks_annotation_changelist")


def ask(client, action: str, annotations, **more):
    """The page that says what would happen, with a form."""
    data = {"action": action, "_selected_action": [a.pk for a in annotations], **more}
    return client.post(LIST, data, follow=True)


def act(client, action: str, annotations, **more):
    """Confirmed."""
    return ask(client, action, annotations, confirmed="yes", **more)


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


FIELDS = {
    "accept": ["comment", "include_decided"],
    "reject": ["comment", "reject_action", "include_decided"],
    "reopen": ["comment", "include_decided"],
    "reopen_to_anyone": ["comment", "include_decided"],
    "undo": [],
}


@pytest.mark.parametrize(
    ("action", "would"),
    [
        (
            "accept",
            "Letters: 1 of 3 annotations would be accepted. Would be left alone: 1 already decided "
            "by others, 1 of your own work.",
        ),
        (
            "reject",
            "Letters: 1 of 3 annotations would be rejected. Would be left alone: 1 already decided "
            "by others, 1 of your own work.",
        ),
        (
            "undo",
            "Letters: 1 of 3 annotations would be undone. 1 verdict of somebody else would be undone. "
            "Would be left alone: 2 without a verdict to undo.",
        ),
    ],
)
def test_an_action_says_first_what_it_would_do(action, would, house, second, lead_client):
    own = factories.annotation(factories.task(house.project), house.lead)
    factories.reviewed(second, house.reviewer)
    before = everything()

    answer = ask(lead_client, action, [house.annotation, second, own])

    assert answer.templates[0].name == "admin/confirm_bulk_review.html"
    assert (answer.context["would"], list(answer.context["form"].fields)) == ([would], FIELDS[action])
    assert would in answer.content.decode()
    assert everything() == before


@pytest.mark.parametrize("action", ["reopen", "reopen_to_anyone"])
def test_reopening_asks_first(action, house, lead_client):
    answer = ask(lead_client, action, [house.annotation])

    assert answer.context["would"] == ["Letters: 1 of 1 annotation would be reopened."]
    assert list(answer.context["form"].fields) == FIELDS[action]


def test_decided_ones_are_included_on_request(house, lead_client):
    factories.reviewed(house.annotation, house.reviewer)

    left = messages_of(act(lead_client, "reject", [house.annotation]))
    done = messages_of(act(lead_client, "reject", [house.annotation], include_decided="on"))

    assert left[0].startswith("Not changed, 1 annotation: Somebody else has decided this already.")
    assert done[0].startswith("Rejected: 1 annotation of Letters. 1 verdict of somebody else replaced.")
    assert actions_of(house.annotation) == ["rejected"]


def test_reject_writes_comment_and_outcome(house, lead_client):
    asked = {"comment": "The letter is a B", "reject_action": "remove"}

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

    act(lead_client, "reject", [house.annotation], reason="blurry")

    assert Review.objects.get().reason == "blurry"


def test_reject_keeps_the_form_when_an_outcome_is_unknown(house, lead_client):
    answer = act(lead_client, "reject", [house.annotation], reject_action="shred")

    assert "reject_action" in answer.context["form"].errors
    assert actions_of(house.annotation) == ["submitted"]


def test_undo_undoes_the_verdict(house, lead_client):
    factories.reviewed(house.annotation, house.reviewer)

    act(lead_client, "undo", [house.annotation])

    assert actions_of(house.annotation) == ["deleted_review"]
    assert Review.objects.get().undone_by == house.lead


def test_reopen_returns_it_without_a_verdict(house, lead_client):
    factories.reviewed(house.annotation, house.reviewer)

    act(lead_client, "reopen", [house.annotation], include_decided="on")

    house.annotation.refresh_from_db()
    assert (house.annotation.last_action, house.annotation.returned_to) == ("updated", house.annotator)


def test_a_bulk_action_is_undone_from_its_own_list(house, second, lead_client):
    factories.reviewed(second, house.reviewer, "rejected")
    act(lead_client, "accept", [house.annotation, second], include_decided="on")
    bulk = BulkReview.objects.get()

    data = {"action": "undo_bulk", "_selected_action": [bulk.pk]}
    bulks = reverse("admin:reviews_bulkreview_changelist")
    asked = lead_client.post(bulks, data)
    assert actions_of(house.annotation, second) == ["accepted", "accepted"]
    lead_client.post(bulks, data | {"confirmed": "yes"})

    assert asked.context["would"] == [
        f"accept ({bulk.pk}) of Letters: 2 of 2 annotations would be undone. Earlier verdicts would be "
        "restored: 1."
    ]
    assert actions_of(house.annotation, second) == ["deleted_review", "rejected"]


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

    ask(lead_client, "delete_selected", [house.annotation, second], post="yes")

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
