"""A project of boxes with one uploaded picture, and files of every kind."""

from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tasks.models import Task, Upload
from tests.factories import BOXES, client_of

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(240))  # 248 bytes


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def a_file(name: str = "cat.png", content: bytes = PICTURE) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def imported(project, by, *files, query: str = ""):
    """The answer to a multipart import of these files."""
    body = {f"file{number}": file for number, file in enumerate(files or [a_file()])}
    return client_of(by).post(f"/api/projects/{project.pk}/import{query}", body, format="multipart")


@pytest.fixture
def picture(house):
    """`upload`, and the `task` that shows it, in the project of `house`."""
    house.project.label_config = BOXES
    house.project.save(update_fields=["label_config"])
    answer = imported(house.project, house.lead, query="?return_task_ids=true").json()
    return SimpleNamespace(
        upload=Upload.objects.get(pk=answer["file_upload_ids"][0]),
        task=Task.objects.get(pk=answer["task_ids"][0]),
    )
