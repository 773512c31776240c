"""What the body of each action contains."""

import json

import pytest

from api.serializers.bodies import annotation_body, person_body, project_body, review_body, task_body
from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks.events import DomainEvent
from tasks.models import Annotation, Task
from tasks.services import annotations, projects
from tasks.services import tasks as task_service
from tests.factories import annotation, client_of, result, reviewed, task
from webhooks import bodies
from webhooks.bodies import LIMIT
from webhooks.models import Event
from webhooks.sender import drain
from webhooks.signing import secret_of

from .steps import hook_of

FIVE_KEYS = ["event", "annotation", "reviewer", "comment", "timestamp"]
LONG = Annotation(pk=10**9, task_id=10**9, annotation_seq=100)


def last(action: str) -> dict:
    return json.loads(Event.objects.filter(action=action).latest("id").body)


@pytest.mark.parametrize(
    ("door", "sent", "event"),
    [
        ("accept", {"comment": "fine"}, "annotation_accepted"),
        ("reject", {"comment": "not tight"}, "annotation_rejected"),
        ("fix-and-accept", {"comment": "was A", "result": result("C")}, "annotation_fixed_and_accepted"),
    ],
)
def test_verdict_over_rest_reaches_the_consumer(house, receiver, door, sent, event):
    hook = hook_of(house, receiver.url)

    answer = client_of(house.reviewer).post(f"/api/annotations/{house.annotation.pk}/{door}/", sent)
    drain(hook.pk)

    assert answer.status_code == 200
    (got,) = receiver.got
    review = Annotation.objects.get(pk=house.annotation.pk).reviews.get()
    after = Annotation.objects.select_related("task").get(pk=house.annotation.pk)
    assert got.verified_by(secret_of(hook)) == {
        "event": event,
        "annotation": annotation_body(after),
        "reviewer": person_body(house.reviewer),
        "comment": sent["comment"],
        "timestamp": review.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "review": review_body(review),
        "task": {
            "id": after.task_id,
            "unique_id": str(after.task.unique_id),
            "inner_id": after.task.inner_id,
            "reviewed": after.task.reviewed,
            "final_state": after.task.final_state,
        },
        "project": {"id": house.project.pk, "title": "Letters"},
        "annotation_seq": after.annotation_seq,
        "action": event.upper(),
    }
    assert list(got.body)[:5] == FIVE_KEYS


def test_comment_is_null_when_there_is_none(house, receiver):
    hook = hook_of(house, receiver.url)

    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)

    assert receiver.bodies[0]["comment"] is None


def test_undone_verdict_is_withdrawn_with_the_reason(house, receiver):
    hook = hook_of(
        house, receiver.url, actions=["ANNOTATION_REVIEW_WITHDRAWN", "REVIEWS_DELETED", "TASK_UNREVIEWED"]
    )
    decision = reviewed(house.annotation, house.reviewer)

    AnnotationReviewService(house.reviewer).undo(decision.review)
    drain(hook.pk)

    assert receiver.actions == ["ANNOTATION_REVIEW_WITHDRAWN", "REVIEWS_DELETED", "TASK_UNREVIEWED"]
    by_action = {body["action"]: body for body in receiver.bodies}
    withdrawn = by_action["ANNOTATION_REVIEW_WITHDRAWN"]
    assert list(withdrawn)[:5] == FIVE_KEYS
    assert (withdrawn["event"], withdrawn["reason"]) == ("annotation_review_withdrawn", "undone")
    assert withdrawn["annotation"]["last_action"] == "deleted_review"
    assert by_action["REVIEWS_DELETED"]["reviews"] == [
        {
            "id": decision.review.pk,
            "unique_id": str(decision.review.unique_id),
            "external_id": None,
            "annotation": house.annotation.pk,
            "task": house.task.pk,
            "project": house.project.pk,
            "annotation_seq": 3,
        }
    ]


def test_project_created_has_the_project(house):
    assert last("PROJECT_CREATED")["project"]["title"] == "Letters"


def test_project_updated_has_the_new_setting(house):
    projects.update(house.project, {"title": "Renamed"}, actor=house.lead)

    assert last("PROJECT_UPDATED")["project"]["title"] == "Renamed"


def test_project_deleted_has_its_id(house):
    projects.delete(house.project, actor=house.lead)

    assert last("PROJECT_DELETED") == {
        "action": "PROJECT_DELETED",
        "project": {"id": house.project.pk, "title": "Letters"},
    }


def test_tasks_created_has_the_tasks(house):
    created = task(house.project)

    assert last("TASKS_CREATED")["tasks"] == [task_body(created)]


def test_tasks_deleted_has_their_ids(house):
    task_service.delete_many(house.project, [house.task.pk], actor=house.lead)

    assert last("TASKS_DELETED")["tasks"] == [
        {"id": house.task.pk, "unique_id": str(house.task.unique_id), "external_id": None}
    ]


def test_annotation_created_has_annotation_task_and_project(house):
    made = annotation(house.task, house.annotator2)
    house.task.refresh_from_db()

    assert last("ANNOTATION_CREATED") == {
        "action": "ANNOTATION_CREATED",
        "annotation": annotation_body(made),
        "project": project_body(house.project),
        "task": task_body(house.task),
        "annotation_seq": 1,
    }


def test_many_annotations_are_one_list(house):
    entries = [(task(house.project), annotations.Work(result=result())) for _ in range(3)]
    before = Event.objects.filter(action="ANNOTATION_CREATED").count()

    made = annotations.submit_many(entries, actor=house.annotator)

    assert [item["id"] for item in last("ANNOTATIONS_CREATED")["annotation"]] == [a.pk for a in made]
    assert Event.objects.filter(action="ANNOTATION_CREATED").count() == before


def test_edit_is_annotation_updated_with_a_higher_sequence(house):
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)

    body = last("ANNOTATION_UPDATED")
    assert (body["annotation"]["result"], body["annotation_seq"]) == (result("B"), 2)


def test_deleted_annotations_are_ids(house):
    annotations.delete(house.annotation.pk, actor=house.annotator)

    assert last("ANNOTATIONS_DELETED")["annotations"] == [
        {
            "id": house.annotation.pk,
            "unique_id": str(house.annotation.unique_id),
            "external_id": None,
            "task": house.task.pk,
            "annotation_seq": 2,
        }
    ]


def test_import_of_many_tasks_is_sent_as_ids_by_the_thousand(house):
    task_service.create_many(
        house.project, [{"data": {"text": str(n)}} for n in range(1001)], actor=house.lead
    )

    bodies_sent = [
        json.loads(event.body) for event in Event.objects.filter(action="TASKS_CREATED").order_by("-id")[:2]
    ]
    assert [len(body["tasks"]) for body in bodies_sent] == [1, 1000]
    assert bodies_sent[1]["truncated"] is True
    assert bodies_sent[1]["tasks"][0].keys() == {"id"}


@pytest.mark.parametrize(
    ("build", "subject", "at_most"),
    [
        (bodies.of_tasks, Task(pk=10**9), bodies.TASKS_AT_MOST),
        (bodies.of_deleted_tasks, Task(pk=10**9, external_id="e" * 160), bodies.DELETED_TASKS_AT_MOST),
        (bodies.of_annotations, LONG, bodies.ANNOTATIONS_AT_MOST),
        (bodies.of_deleted_annotations, LONG, bodies.DELETED_ANNOTATIONS_AT_MOST),
        (
            bodies.of_deleted_reviews,
            Review(pk=10**9, annotation=LONG, task_id=10**9, project_id=10**6),
            bodies.DELETED_REVIEWS_AT_MOST,
        ),
    ],
)
def test_longest_list_of_ids_fits_into_the_limit(house, build, subject, at_most):
    context = bodies.Context(DomainEvent("many", house.project))

    sent = bodies.as_text(build(context, (subject,) * at_most), context)

    assert LIMIT / 3 < len(sent) < LIMIT
    assert len(next(value for value in json.loads(sent).values() if isinstance(value, list))) == at_most


def test_project_with_large_settings_becomes_a_link(house, settings):
    settings.BASE_URL = "https://review.example.org"

    projects.update(house.project, {"expert_instruction": "x" * LIMIT}, actor=house.lead)

    pk = house.project.pk
    link = f"https://review.example.org/api/projects/{pk}/"
    assert last("PROJECT_UPDATED") == {
        "action": "PROJECT_UPDATED",
        "project": {"id": pk, "title": "Letters", "link": link},
        "truncated": True,
    }


def test_large_result_becomes_an_id_and_a_link(house, settings):
    settings.BASE_URL = "https://review.example.org"
    large = result() + [
        {"id": str(n), "type": "choices", "value": {"choices": ["x" * 100]}} for n in range(300)
    ]

    made = annotation(house.task, house.annotator2, result=large)

    event = Event.objects.filter(action="ANNOTATION_CREATED").latest("id")
    sent = json.loads(event.body)
    assert len(event.body) < LIMIT
    assert sent["annotation"] == {
        "id": made.pk,
        "unique_id": str(made.unique_id),
        "task": house.task.pk,
        "project": house.project.pk,
        "last_action": "submitted",
        "annotation_seq": 1,
        "link": f"https://review.example.org/api/annotations/{made.pk}/",
    }
    assert sent["truncated"] is True
