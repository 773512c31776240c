"""Two requests at the same moment, each of which has read the row before the other changed it.

A row is locked before it is read, and only changed columns are written: what one request deleted stays
deleted, and what two changed in different columns is changed in both.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from reviews import comments
from reviews.models import Comment
from tasks.choices import ActionType
from tasks.models import Annotation, Draft, History, Membership, Prediction, Project, Task, View
from tasks.services import drafts, members, tabs
from tasks.services import tasks as task_service
from tests.factories import annotation, client_of, member, result
from tests.parallel import together
from users.capabilities import Role
from webhooks import endpoints, health
from webhooks.models import Event, Webhook

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 20
Request = Callable[[], int]  # the status of the answer


def raced(prepare: Callable[[], tuple[list[Request], Callable[[], bool]]]) -> Counter[str]:
    """Send pairs of requests ROUNDS times. How often it went wrong, and which answers were no success."""
    seen: Counter[str] = Counter()
    for _ in range(ROUNDS):
        requests, wrong = prepare()
        answers = together(requests)
        seen["wrong"] += wrong()
        seen.update(str(status) for status in answers if status not in (200, 201, 204))
    return +seen


def request(client: APIClient, method: str, path: str, body: Any = None) -> Request:
    client.raise_request_exception = False
    return lambda: getattr(client, method)(path, body, format="json").status_code


def test_a_draft_saved_while_it_is_submitted_does_not_come_back(house):
    author = client_of(house.annotator)
    path = f"/api/tasks/{house.task.pk}/annotations/"

    def prepare():
        draft = drafts.save(house.task, actor=house.annotator, result=result("B"))
        submit = request(author, "post", path, {"result": result("B"), "draft_id": draft.pk})
        save = request(author, "patch", f"/api/drafts/{draft.pk}/", {"result": result("C")})
        return [submit, save], Draft.objects.filter(pk=draft.pk).exists

    assert raced(prepare).keys() <= {"404"}  # to save what is submitted already


def test_a_draft_saved_while_it_is_deleted_does_not_come_back(house):
    author = client_of(house.annotator)

    def prepare():
        draft = drafts.save(house.task, actor=house.annotator, result=result("B"))
        path = f"/api/drafts/{draft.pk}/"
        delete, save = (
            request(author, "delete", path),
            request(author, "patch", path, {"result": result("C")}),
        )
        return [delete, save], Draft.objects.filter(pk=draft.pk).exists

    assert raced(prepare).keys() <= {"404"}


def test_a_comment_changed_while_it_is_deleted_does_not_come_back(house):
    author = client_of(house.reviewer)

    def prepare():
        comment = comments.create(house.annotation, "First", actor=house.reviewer)
        path = f"/api/comments/{comment.pk}/"
        delete, edit = request(author, "delete", path), request(author, "patch", path, {"text": "Second"})
        return [delete, edit], Comment.objects.filter(pk=comment.pk, deleted_at=None).exists

    assert raced(prepare).keys() <= {"404"}


def test_a_comment_changed_while_it_is_resolved_is_changed_and_resolved(house):
    author, other = client_of(house.reviewer), client_of(house.reviewer2)

    def prepare():
        comment = comments.create(house.annotation, "First", actor=house.reviewer)
        path = f"/api/comments/{comment.pk}/"
        edit, resolve = (
            request(author, "patch", path, {"text": "Second"}),
            request(other, "patch", path, {"is_resolved": True}),
        )
        both = Comment.objects.filter(pk=comment.pk, text="Second", is_resolved=True)
        return [edit, resolve], lambda: not both.exists()

    assert raced(prepare) == {}


def test_two_changes_of_a_prediction_lose_neither(house):
    lead, admin = client_of(house.lead), client_of(house.admin)

    def prepare():
        prediction = task_service.save_prediction(house.task, actor=house.lead, result=result(), score=0.1)
        path = f"/api/predictions/{prediction.pk}/"
        changes = [
            request(lead, "patch", path, {"score": 0.9}),
            request(admin, "patch", path, {"model_version": "v2"}),
        ]
        both = Prediction.objects.filter(pk=prediction.pk, score=0.9, model_version="v2")
        return changes, lambda: not both.exists()

    assert raced(prepare) == {}


def test_a_prediction_changed_while_it_is_deleted_does_not_come_back(house):
    lead = client_of(house.lead)

    def prepare():
        prediction = task_service.save_prediction(house.task, actor=house.lead, result=result(), score=0.1)
        path = f"/api/predictions/{prediction.pk}/"
        change, delete = request(lead, "patch", path, {"score": 0.9}), request(lead, "delete", path)
        return [change, delete], Prediction.objects.filter(pk=prediction.pk).exists

    assert raced(prepare).keys() <= {"404"}


@pytest.mark.parametrize("how", ["demoted", "removed"])
def test_two_managers_at_once_leave_one(house, how):
    other = member(house.project, Role.MANAGER, "lead2")
    clients = [(house.lead, client_of(house.lead)), (other, client_of(other))]
    path = f"/api/projects/{house.project.pk}/members/"

    def prepare():
        for person, _ in clients:
            members.set_role(house.project, person, Role.MANAGER)
        body = {"role": "AN"} if how == "demoted" else {}
        method = "post" if how == "demoted" else "delete"
        requests = [request(client, method, path, {"user": person.pk} | body) for person, client in clients]
        managers = Membership.objects.filter(project=house.project, role=Role.MANAGER)
        return requests, lambda: managers.count() != 1

    assert raced(prepare).keys() == {"400"}


def test_a_member_paused_while_they_are_removed(house):
    lead, path = client_of(house.lead), f"/api/projects/{house.project.pk}/members/"

    def prepare():
        members.set_role(house.project, house.annotator, Role.ANNOTATOR)
        pause = request(lead, "patch", path, {"user": house.annotator.pk, "paused": True})
        remove = request(lead, "delete", path, {"user": house.annotator.pk})
        return [pause, remove], Membership.objects.filter(user=house.annotator).exists

    assert raced(prepare).keys() <= {"404"}


def test_a_member_gets_another_role_while_they_are_removed(house):
    lead, path = client_of(house.lead), f"/api/projects/{house.project.pk}/members/"

    def prepare():
        members.set_role(house.project, house.annotator, Role.ANNOTATOR)
        promote = request(lead, "post", path, {"user": house.annotator.pk, "role": "RE"})
        return [promote, request(lead, "delete", path, {"user": house.annotator.pk})], lambda: False

    assert raced(prepare).keys() <= {"404"}


def test_a_tab_saved_while_it_is_deleted_does_not_come_back(house):
    lead = client_of(house.lead)

    def prepare():
        path = f"/api/dm/views/{tabs.create(house.project, actor=house.lead, data={'title': 'Mine'}).pk}/"
        save = request(lead, "patch", path, {"project": house.project.pk, "data": {"title": "Yours"}})
        return [save, request(lead, "delete", path)], View.objects.filter(project=house.project).exists

    assert raced(prepare).keys() <= {"404"}


def test_two_additions_to_the_selection_of_a_tab_lose_neither(house):
    lead, admin = client_of(house.lead), client_of(house.admin)

    def prepare():
        view = tabs.create(house.project, actor=house.lead, data={"title": "Mine"})
        path = f"/api/dm/views/{view.pk}/selected-items/"
        requests = [
            request(who, "patch", path, {"all": False, "included": [pk]})
            for who, pk in ((lead, 1), (admin, 2))
        ]
        return requests, lambda: set(View.objects.get(pk=view.pk).selected_items["included"]) != {1, 2}

    assert raced(prepare) == {}


def test_two_changes_of_different_settings_lose_neither(house):
    lead, admin = client_of(house.lead), client_of(house.admin)
    path = f"/api/projects/{house.project.pk}/"

    def prepare():
        Project.objects.filter(pk=house.project.pk).update(title="First", description="", max_rounds=None)
        requests = [
            request(lead, "patch", path, {"title": "Second"}),
            request(admin, "patch", path, {"description": "C"}),
        ]
        both = Project.objects.filter(pk=house.project.pk, title="Second", description="C")
        return requests, lambda: not both.exists()

    assert raced(prepare) == {}


def test_two_deletions_of_a_project_are_one(house):
    lead, admin = client_of(house.lead), client_of(house.admin)
    path = f"/api/projects/{house.project.pk}/"

    def prepare():
        Project.objects.filter(pk=house.project.pk).update(deleted_at=None)
        Event.objects.filter(action="PROJECT_DELETED").delete()
        requests = [request(lead, "delete", path), request(admin, "delete", path)]
        return requests, lambda: Event.objects.filter(action="PROJECT_DELETED").count() != 1

    assert raced(prepare).keys() <= {"404"}


def test_an_endpoint_changed_while_the_sender_disables_it_stays_disabled(house):
    lead = client_of(house.lead)

    def prepare():
        webhook = endpoints.create(actor=house.lead, project=house.project, url="https://example.org/hook")
        change = request(lead, "patch", f"/api/webhooks/{webhook.pk}/", {"send_payload": False})

        def disable() -> int:
            health.disable(webhook, "failing")
            return 200

        right = Webhook.objects.filter(
            pk=webhook.pk, is_active=False, disabled_reason="failing", send_payload=False
        )
        return [change, disable], lambda: not right.exists()

    assert raced(prepare) == {}


def test_a_task_closed_while_its_annotation_is_decided(house):
    lead, reviewer = client_of(house.lead), client_of(house.reviewer)

    def prepare():
        task = task_service.create(house.project, actor=house.lead, data={"text": "B"})
        work = annotation(task, house.annotator)
        close = request(lead, "post", f"/api/tasks/{task.pk}/close/", {"because": "Broken"})
        decide = request(reviewer, "post", f"/api/annotations/{work.pk}/accept/", {})
        return [close, decide], lambda: Task.objects.get(pk=task.pk).closed_at is None

    assert raced(prepare).keys() <= {"400", "403"}


def test_an_annotation_deleted_while_it_is_restored(house):
    lead, path = client_of(house.lead), f"/api/annotations/{house.annotation.pk}/"

    def prepare():
        Annotation.objects.filter(pk=house.annotation.pk).update(last_action=ActionType.SUBMITTED)
        return [request(lead, "delete", path), request(lead, "post", path + "restore/", {})], lambda: False

    assert raced(prepare).keys() <= {"400", "404"}


def test_a_task_assigned_to_somebody_who_is_removed(house):
    lead, path = client_of(house.lead), f"/api/projects/{house.project.pk}/"

    def prepare():
        members.set_role(house.project, house.annotator, Role.ANNOTATOR)
        body = {"users": [house.annotator.pk], "type": "AN"}
        assign = request(lead, "post", f"{path}tasks/{house.task.pk}/assignees/", body)
        return [
            assign,
            request(lead, "delete", path + "members/", {"user": house.annotator.pk}),
        ], lambda: False

    assert raced(prepare).keys() <= {"400"}


@pytest.mark.parametrize("on_annotation", [False, True])
def test_two_equal_submits_of_a_draft_both_get_the_annotation(house, on_annotation):
    author = client_of(house.annotator)

    def prepare():
        work = annotation(house.task, house.annotator) if on_annotation else None
        draft = drafts.save(house.task, actor=house.annotator, annotation=work)
        method, path = (
            ("patch", f"/api/annotations/{work.pk}/")
            if work
            else ("post", f"/api/tasks/{house.task.pk}/annotations/")
        )
        body = {"result": result("B"), "draft_id": draft.pk}
        made = History.objects.filter(draft_id=draft.pk)
        return [request(author, method, path, body)] * 2, lambda: made.count() != 1

    assert raced(prepare) == {}
