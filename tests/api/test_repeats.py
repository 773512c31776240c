"""What is created under a unique_id, and sent again because its answer got lost, is the first."""

from uuid import UUID

import pytest

from reviews.models import Comment
from tasks.models import Annotation, Task
from tasks.services import annotations
from tests.factories import client_of, result
from tests.parallel import together
from tests.snapshots import everything

NAME = "6b1e2f0a-0000-4000-8000-000000000001"
KINDS = {"annotation": Annotation, "task": Task, "comment": Comment}


def sent(house, kind: str, **changes) -> tuple[str, dict]:
    """Where it is created, and the body."""
    path, body = {
        "annotation": (f"/api/tasks/{house.task.pk}/annotations/", {"result": result("B"), "lead_time": 3.5}),
        "task": ("/api/tasks/", {"project": house.project.pk, "data": {"text": "B"}}),
        "comment": ("/api/comments/", {"annotation": house.annotation.pk, "text": "Look"}),
    }[kind]
    return path, body | {"unique_id": NAME} | changes


def named(kind: str):
    return KINDS[kind].objects.filter(unique_id=UUID(NAME))


@pytest.mark.parametrize("kind", KINDS)
def test_sent_again_it_is_the_first(house, kind):
    client = client_of(house.lead)
    path, body = sent(house, kind)
    first = client.post(path, body, format="json")
    before = everything()
    again = client.post(path, body, format="json")

    assert (first.status_code, again.status_code) == (201, 200), again.json()
    assert again.json() == first.json()
    assert everything() == before


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("annotation", {"result": result("C")}),
        ("annotation", {"was_cancelled": True}),
        ("annotation", {"lead_time": 4}),
        ("task", {"data": {"text": "C"}}),
        ("task", {"meta": {"page": 2}}),
        ("comment", {"text": "Look again"}),
    ],
)
def test_another_body_is_refused_with_the_one_that_has_the_name(house, kind, change):
    client = client_of(house.lead)
    client.post(*sent(house, kind), format="json")
    before = everything()
    answer = client.post(*sent(house, kind, **change), format="json")

    body = answer.json()
    assert (answer.status_code, body["code"], body["existing"]) == (
        400,
        "unique_id_taken",
        named(kind).get().pk,
    )
    assert body["detail"].startswith(f"{kind.capitalize()} {named(kind).get().pk} already has this unique_id")
    assert everything() == before


def test_what_somebody_else_sent_is_no_repeat(house):
    client_of(house.annotator2).post(*sent(house, "annotation"), format="json")
    answer = client_of(house.annotator).post(*sent(house, "annotation"), format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "unique_id_taken")
    assert "existing" not in answer.json()  # which they do not see


def test_an_annotation_that_was_edited_since_is_still_a_repeat(house):
    client = client_of(house.annotator)
    first = client.post(*sent(house, "annotation"), format="json").json()
    annotations.edit(first["id"], {"result": result("C")}, actor=house.lead)
    again = client.post(*sent(house, "annotation"), format="json")

    assert (again.status_code, again.json()["id"], again.json()["version"]) == (200, first["id"], 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", KINDS)
def test_sent_many_times_at_once_it_is_created_once(house, kind):
    clients = [client_of(house.lead) for _ in range(6)]
    path, body = sent(house, kind)

    answers = together([lambda client=client: client.post(path, body, format="json") for client in clients])

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert {answer.json()["id"] for answer in answers} == {named(kind).get().pk}


def test_a_name_that_is_free_again_makes_a_new_one(house):
    client = client_of(house.lead)
    first = client.post(*sent(house, "annotation"), format="json").json()
    annotations.delete(first["id"], actor=house.lead)

    assert client.post(*sent(house, "annotation"), format="json").status_code == 201
    assert Annotation.objects.filter(unique_id=UUID(NAME)).count() == 2
