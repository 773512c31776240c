"""Who reads a pseudonym, whose, and that it is one on every path."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.models import Membership
from tasks.pseudonyms import is_pseudonym
from tasks.services import members
from tests.factories import annotation, client_of, person, task
from users.capabilities import Role

from .house import pseudonym_told, second_project


def test_one_person_has_one_pseudonym_on_every_path_and_another_in_another_project(house):
    client = client_of(house.reviewer)
    seen = client.get(f"/api/annotations/{house.annotation.pk}/").json()
    author = seen["completed_by"]
    label = f"{author - 2**40:08x}"
    whole = client.get(f"/api/tasks/{house.task.pk}/").json()
    face = {
        "id": author,
        "email": f"annotator-{label}@anonymous.invalid",
        "first_name": "Annotator",
        "last_name": label.upper(),
    }

    assert seen["created_username"] == f"Annotator {label.upper()} {face['email']}, {author}"
    assert {name: whole["annotations"][0]["completed_by"][name] for name in face} == face
    assert whole["annotators"][0]["user_id"] == author
    history = client.get(f"/api/annotation-history/?annotation={house.annotation.pk}").json()
    assert (history[-1]["action"], history[-1]["created_by"]) == ("submitted", author)
    assert face in client.get(f"/api/projects/{house.project.pk}/annotators/").json()
    assert author in {row["user"] for row in client.get(f"/api/projects/{house.project.pk}/roles/").json()}
    assert author in {
        one["id"] for one in client.get(f"/api/projects/{house.project.pk}/editor-options/").json()["users"]
    }
    assert client.get(f"/api/users/{author}/").json()["email"] == face["email"]
    exported = client.get(f"/api/projects/{house.project.pk}/export?ids={house.task.pk}")
    assert f'"completed_by":{author},"completed_by_email":"{face["email"]}"'.encode() in b"".join(
        exported.streaming_content
    )
    assert (
        client_of(house.reviewer2).get(f"/api/annotations/{house.annotation.pk}/").json()["completed_by"]
        == author
    )

    other = second_project(house)
    assert client_of(house.reviewer).get(f"/api/annotations/{other.pk}/").json()["completed_by"] != author


def test_who_does_not_review_reads_names(house):
    for reader in (house.lead, house.admin, house.annotator):
        client = client_of(reader)
        assert (
            client.get(f"/api/annotations/{house.annotation.pk}/").json()["completed_by"]
            == house.annotator.pk
        )
        assert house.annotator.email in {one["email"] for one in client.get("/api/users/").json()}

    roles = client_of(house.lead).get(f"/api/projects/{house.project.pk}/roles/").json()
    assert {row["user"] for row in roles} == set(Membership.objects.values_list("user", flat=True))


def test_reader_is_named_to_themselves(house):
    client = client_of(house.reviewer)

    own = client.get(f"/api/annotations/{house.own.pk}/").json()

    assert (own["completed_by"], own["can_be_reviewed"]) == (house.reviewer.pk, False)
    assert own["refusals"]["accept"]["code"] == "own_annotation"
    assert (
        client.get(f"/api/annotation-reviews/{house.own_verdict.pk}/").json()["created_by"]
        == house.reviewer.pk
    )
    assert client.get(f"/api/annotations/?completed_by={house.reviewer.pk}").json()["count"] == 1
    assert client.get("/api/users/").json()[0]["email"] == house.reviewer.email


def test_manager_switches_it_on_and_off(house):
    at, client = f"/api/projects/{house.project.pk}/", client_of(house.lead)

    off = client.patch(at, {"review_settings": {"anonymize_annotations": False}}, format="json")

    assert (off.status_code, off.json()["review_settings"]["anonymize_annotations"]) == (200, False)
    seen = client_of(house.reviewer).get(f"/api/annotations/{house.annotation.pk}/").json()
    assert seen["completed_by"] == house.annotator.pk
    refused = client_of(house.reviewer).patch(
        at, {"review_settings": {"anonymize_annotations": True}}, format="json"
    )
    assert refused.status_code == 403


def test_administrator_who_is_also_a_reviewer_reads_names(house):
    members.set_role(house.project, house.admin, Role.REVIEWER)

    assert (
        client_of(house.admin).get(f"/api/annotations/{house.annotation.pk}/").json()["completed_by"]
        == house.annotator.pk
    )


def test_person_removed_from_the_project_keeps_the_pseudonym(house):
    before = pseudonym_told(house, house.annotator)
    members.remove(house.membership(house.annotator))
    client = client_of(house.reviewer)

    assert client.get(f"/api/annotations/{house.annotation.pk}/").json()["completed_by"] == before
    assert client.get(f"/api/users/{before}/").status_code == 200


def test_every_id_in_the_table_is_in_the_list_of_users(house):
    client = client_of(house.reviewer)
    users = {one["id"] for one in client.get("/api/users/").json()}

    shown = {
        one["user_id"]
        for row in client.get(f"/api/tasks/?project={house.project.pk}").json()["tasks"]
        for name in ("annotators", "reviewers", "updated_by")
        for one in row[name]
    }

    assert shown <= users
    assert {one for one in shown if one != house.reviewer.pk} == {one for one in shown if is_pseudonym(one)}


@pytest.mark.parametrize(
    "path", ["/api/tasks/?project={}&fields=all", "/api/annotations/?project={}", "/api/users/"]
)
def test_pseudonyms_cost_no_query_of_their_own(house, path):
    client = client_of(house.reviewer)
    path = path.format(house.project.pk)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for number in range(3):
        author = person(f"more{number}")
        members.set_role(house.project, author, Role.ANNOTATOR)
        annotation(task(house.project), author)

    with CaptureQueriesContext(connection) as more:
        client.get(path)

    assert len(more) == len(few)


def test_people_of_many_projects_are_read_at_once(house):
    client = client_of(house.reviewer)
    client.get("/api/users/")
    with CaptureQueriesContext(connection) as few:
        assert len(client.get("/api/users/").json()) == 5
    for _ in range(3):
        second_project(house)

    with CaptureQueriesContext(connection) as more:
        assert len(client.get("/api/users/").json()) == 5 + 3 * 2

    assert len(more) == len(few)
