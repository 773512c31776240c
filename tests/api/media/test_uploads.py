"""The files of a project: Label Studio's `files` resource."""

from datetime import timedelta

import pytest
from django.utils import timezone

from reviews.purging import purge
from tasks.models import Upload
from tasks.services import projects
from tasks.services import tasks as task_service
from tests.factories import client_of

from .conftest import imported


def url(house, query: str = "") -> str:
    return f"/api/projects/{house.project.pk}/file-uploads{query}"


def files_in(folder) -> list:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_manager_lists_the_files(house, picture):
    (listed,) = client_of(house.lead).get(url(house)).json()
    upload = picture.upload
    assert listed == {
        "id": upload.pk,
        "file": f"upload/{house.project.pk}/{upload.name}",
        "size": upload.size,
        "path": upload.path,
        "name": upload.name,
        "content_type": "image/png",
        "sha256": upload.sha256,
        "created_by": house.lead.pk,
        "created_at": listed["created_at"],
    }


@pytest.mark.parametrize(
    ("person", "status"), [("admin", 200), ("reviewer", 403), ("annotator", 403), ("stranger", 404)]
)
def test_the_list_is_for_managers(house, picture, person, status):
    client = client_of(getattr(house, person))
    assert client.get(url(house)).status_code == status
    assert client.delete(url(house, "?force=true"), {"all": True}).status_code == status


@pytest.mark.parametrize(
    ("ids", "found"),
    [("?ids={id}", 1), ("?ids=[{id},7]", 1), ("?ids=0", 0), ("?ids=[]", 0), ("", 1)],
)
def test_some_files_by_id(house, picture, ids, found):
    assert len(client_of(house.lead).get(url(house, ids.format(id=picture.upload.pk))).json()) == found


def test_ids_that_are_no_numbers_are_refused(house):
    assert client_of(house.lead).get(url(house, "?ids=a")).status_code == 400


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(house, picture, django_assert_max_num_queries, rows):
    for _ in range(rows - 1):
        imported(house.project, house.lead)
    client = client_of(house.lead)
    with django_assert_max_num_queries(9):
        assert len(client.get(url(house)).json()) == rows


def test_one_file_for_who_sees_its_task(house, picture):
    path = f"/api/import/file-upload/{picture.upload.pk}/"
    assert client_of(house.annotator).get(path).json()["file"] == picture.upload.file.name
    assert client_of(house.stranger).get(path).status_code == 404
    assert client_of(house.annotator).delete(path).status_code == 403


def test_files_that_tasks_show_stay_unless_forced(house, picture, folder, django_capture_on_commit_callbacks):
    client = client_of(house.lead)
    refused = client.delete(url(house), {"all": True})
    assert (refused.status_code, refused.json()["code"]) == (400, "upload_in_use")
    assert client.delete(f"/api/import/file-upload/{picture.upload.pk}/").status_code == 400
    assert Upload.objects.exists() and files_in(folder)

    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(url(house, "?force=true"), {"all": True}).json() == {"deleted": 1}

    picture.task.refresh_from_db()
    assert picture.task.file_upload is None
    assert not Upload.objects.exists() and not files_in(folder)


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"ids": [1]},
        {"all": False},
        {"file_upload_ids": [1], "all": True},
        {"file_upload_ids": None},
    ],
)
def test_nothing_is_deleted_that_is_not_named(house, picture, body):
    answer = client_of(house.lead).delete(url(house, "?force=true"), body)
    assert (answer.status_code, Upload.objects.count()) == (400, 1)


def test_only_the_files_named_are_deleted(house, picture):
    imported(house.project, house.lead)
    task_service.delete_many(
        house.project, house.project.tasks.values_list("pk", flat=True), actor=house.lead
    )
    assert client_of(house.lead).delete(url(house), {"file_upload_ids": [picture.upload.pk]}).json() == {
        "deleted": 1
    }
    assert not Upload.objects.filter(pk=picture.upload.pk).exists() and Upload.objects.count() == 1


def test_purge_removes_the_files_of_removed_projects(
    house, picture, folder, django_capture_on_commit_callbacks
):
    projects.delete(house.project, actor=house.lead)
    with django_capture_on_commit_callbacks(execute=True):
        purge(timezone.now() + timedelta(seconds=1))
    assert not Upload.objects.exists() and not files_in(folder)
