"""Who may read an uploaded file, and how long a signed link opens it."""

import pytest
from django.core import signing
from django.test import Client

from tasks.choices import AssignmentType, Distribution
from tasks.services import assignments, projects
from tasks.services import tasks as task_service
from tests.factories import annotation, client_of, project, task

from .conftest import PICTURE, imported


def status_for(user, upload) -> int:
    return client_of(user).get(upload.path).status_code


# --- by sight of a task ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "freely", "assigned_only", "assigned"),
    [
        ("lead", 200, 200, 200),
        ("admin", 200, 200, 200),
        ("reviewer", 200, 200, 200),
        ("annotator", 200, 404, 200),
        ("stranger", 404, 404, 404),
    ],
)
def test_who_sees_a_task_that_shows_it_reads_it(house, picture, person, freely, assigned_only, assigned):
    user = getattr(house, person)
    assert status_for(user, picture.upload) == freely

    house.project.label_stream_task_distribution = Distribution.ASSIGNED_ONLY
    house.project.save()
    assert status_for(user, picture.upload) == assigned_only

    assignments.assign([picture.task], [user], AssignmentType.ANNOTATOR)
    assert status_for(user, picture.upload) == assigned


def test_a_task_imported_as_json_shows_it_as_well(house, picture):
    house.project.label_stream_task_distribution = Distribution.ASSIGNED_ONLY
    house.project.save()
    other = task(house.project, pages=[{"image": f"https://here.example{picture.upload.path}?x=1"}])
    assignments.assign([other], [house.annotator], AssignmentType.ANNOTATOR)
    assert status_for(house.annotator, picture.upload) == 200


def test_a_task_with_a_longer_name_in_it_does_not(house, picture):
    house.project.label_stream_task_distribution = Distribution.ASSIGNED_ONLY
    house.project.save()
    other = task(house.project, image=f"{picture.upload.path}.png")
    assignments.assign([other], [house.annotator], AssignmentType.ANNOTATOR)
    assert status_for(house.annotator, picture.upload) == 404


def test_naming_it_in_a_project_of_ones_own_opens_nothing(house, picture):
    house.stranger.may_create_projects = True
    task(project(lead=house.stranger), image=picture.upload.path)
    assert status_for(house.stranger, picture.upload) == 404


def test_when_its_task_is_deleted_managers_alone_read_it(house, picture):
    task_service.delete_many(house.project, [picture.task.pk], actor=house.lead)
    assert [status_for(user, picture.upload) for user in (house.lead, house.reviewer, house.annotator)] == [
        200,
        404,
        404,
    ]


def test_when_its_project_is_deleted_nobody_reads_it(house, picture):
    link = sign(house.lead, picture.upload).json()["url"]
    projects.delete(house.project, actor=house.lead)
    assert status_for(house.admin, picture.upload) == 404
    assert Client().get(link).status_code == 404


def test_a_session_reads_it_and_nobody_does_not(house, picture, client):
    assert client.get(picture.upload.path).status_code == 401
    client.force_login(house.annotator)
    assert b"".join(client.get(picture.upload.path).streaming_content) == PICTURE


@pytest.mark.parametrize("queries", [1, 3])
def test_as_many_queries_whatever_the_number_of_tasks(house, picture, django_assert_num_queries, queries):
    for _ in range(queries - 1):
        task(house.project, image=picture.upload.path)
    client = client_of(house.annotator)
    client.get(picture.upload.path)
    with django_assert_num_queries(3):  # the token, the roles, the file
        assert client.get(picture.upload.path).status_code == 200


NO_FILES = [
    "/data/upload/{p}/../{p}/{n}",
    "/data/upload/{p}/..%2f..%2f..%2fetc%2fpasswd",
    "/data/upload/{p}/%2e%2e/{n}",
    "/data/upload/{p}//{n}",
    "/data/upload/{p}/.{n}",
    "/data/upload/{p}/{n}%00",
    "/data/upload/0{p}0/{n}",
    "/data/upload/-1/{n}",
    "/data/upload/99999999999999999999999/{n}",
    "/data/upload/{p}/",
    "/data/upload/",
]


def test_only_the_very_name_of_a_row_is_a_file(house, picture):
    client = client_of(house.lead)
    for path in NO_FILES:
        response = client.get(path.format(p=house.project.pk, n=picture.upload.name))
        assert response.status_code in (400, 404), path
        assert not getattr(response, "streaming", False)


# --- by a signed link ------------------------------------------------------------------------------


def sign(user, upload, path: str | None = None, of=None):
    url = f"/api/projects/{(of or upload.project).pk}/uploads/sign/"
    return client_of(user).post(url, {"path": upload.path if path is None else path})


def test_a_signed_link_opens_without_signing_in(house, picture, client):
    answer = sign(house.annotator, picture.upload)
    assert answer.status_code == 200
    assert answer.json()["url"].startswith(f"http://testserver{picture.upload.path}?signature=")
    assert b"".join(client.get(answer.json()["url"]).streaming_content) == PICTURE


def test_a_whole_address_is_signed_as_its_path_is(house, picture):
    assert sign(house.annotator, picture.upload, f"http://testserver{picture.upload.path}").status_code == 200


def test_a_signed_link_lives_ten_minutes(house, picture, client, monkeypatch):
    link = sign(house.annotator, picture.upload).json()["url"]
    real = signing.time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + 590)
    assert client.get(link).status_code == 200
    monkeypatch.setattr(signing.time, "time", lambda: real() + 602)
    refused = client.get(link)
    assert (refused.status_code, refused.json()["code"]) == (403, "link_expired")


def test_a_signature_is_good_for_its_file_alone(house, picture, client):
    imported(house.project, house.lead)
    other = house.project.uploads.latest("id")
    signature = sign(house.annotator, picture.upload).json()["url"].partition("?")[2]
    for path in (
        f"{other.path}?{signature}",
        f"{picture.upload.path}?{signature[:-1]}",
        f"{picture.upload.path}?signature=x:y",
    ):
        refused = client.get(path)
        assert (refused.status_code, refused.json()["code"]) == (403, "bad_link")


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "https://[", "/data/upload/{other}/{name}", "/data/upload/{own}/nothing.png"]
)
def test_only_files_of_the_project_are_signed(house, picture, path):
    other = project(lead=house.lead)
    asked = path.format(other=other.pk, own=house.project.pk, name=picture.upload.name)
    assert sign(house.lead, picture.upload, asked).status_code in (400, 404)
    assert sign(house.lead, picture.upload, of=other).status_code == 404


def test_who_does_not_see_it_gets_no_link(house, picture):
    assert sign(house.stranger, picture.upload).status_code == 404


def test_many_links_are_signed_at_once(house, picture, client, django_assert_max_num_queries):
    url, missing = f"/api/projects/{house.project.pk}/uploads/sign-many/", "/data/upload/1/none.png"
    paths = [picture.upload.path, f"http://testserver{picture.upload.path}", missing, "x"]
    asking, stranger = client_of(house.annotator), client_of(house.stranger)

    with django_assert_max_num_queries(6):
        body = asking.post(url, {"paths": paths}, format="json").json()

    assert [link["path"] for link in body["links"]] == paths[:2]
    assert body["not_found"] == [missing, "x"]
    assert all(client.get(link["url"]).status_code == 200 for link in body["links"])
    hidden = stranger.post(url, {"paths": paths[:1]}, format="json").json()
    assert hidden == {"links": [], "not_found": paths[:1]}
    assert asking.post(url, {"paths": []}, format="json").status_code == 400


def test_an_item_of_the_queue_has_the_links_of_its_media(house, picture, client):
    annotation(picture.task, house.annotator)
    queue = f"/api/projects/{house.project.pk}/review-queue/next/"

    item = client_of(house.reviewer).get(f"{queue}?task={picture.task.pk}").json()

    (link,) = item["media"]
    assert link["path"] == picture.upload.path
    assert client.get(link["url"]).status_code == 200
    assert client_of(house.reviewer).get(f"{queue}?task={house.task.pk}").json()["media"] == []
