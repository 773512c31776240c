"""Files to label, by multipart import."""

import re

import pytest

from tasks.models import Import, Task, Upload
from tasks.services import uploads
from tests.factories import BOXES, CHOICES, client_of, project

from .conftest import PICTURE, a_file, imported

BY_ADDRESS = '<View><Text name="text" value="$page" valueType="url"/></View>'
TWO_PICTURES = '<View><Image name="a" value="$before"/><Image name="b" value="$after"/></View>'
SOUND_AND_PICTURE = '<View><Image name="a" value="$photo"/><Audio name="b" value="$voice"/></View>'


def a_project(house, label_config: str):
    return project(lead=house.lead, label_config=label_config)


def test_a_picture_becomes_a_task_that_names_it(house, folder):
    made = a_project(house, BOXES)

    answer = imported(made, house.lead, query="?return_task_ids=true")

    assert answer.status_code == 201
    body, task, upload = answer.json(), made.tasks.get(), made.uploads.get()
    assert re.fullmatch(r"[0-9a-f]{8}-cat\.png", upload.name)
    assert task.data == {"image": f"/data/upload/{made.pk}/{upload.name}"}
    assert (upload.content_type, upload.size, upload.created_by) == ("image/png", len(PICTURE), house.lead)
    assert (folder / "upload" / str(made.pk) / upload.name).read_bytes() == PICTURE
    assert body | {"duration": 0, "report": {}} == {
        "task_count": 1,
        "annotation_count": 0,
        "prediction_count": 0,
        "duration": 0,
        "file_upload_ids": [upload.pk],
        "could_be_tasks_list": False,
        "found_formats": [".png"],
        "data_columns": ["image"],
        "task_ids": [task.pk],
        "import": task.imported_by_id,
        "report": {},
        "job": None,
    }


def test_a_task_says_which_file_it_came_from(house, picture):
    client = client_of(house.lead)
    bodies = [
        client.get(f"/api/tasks/{task.pk}/").json()["file_upload"] for task in (picture.task, house.task)
    ]
    assert bodies == [picture.upload.pk, None]


def test_several_files_become_a_task_each_in_order(house):
    made = a_project(house, BOXES)
    answer = imported(made, house.lead, a_file("b.png"), a_file("a.jpg", b"\xff\xd8\xff\xe0"))
    assert answer.json()["found_formats"] == [".jpg", ".png"]
    assert [task.data["image"][-5:] for task in made.tasks.all()] == ["b.png", "a.jpg"]


def test_taking_the_import_back_deletes_its_tasks(house, picture):
    client_of(house.lead).delete(f"/api/imports/{picture.task.imported_by_id}/")
    picture.task.refresh_from_db()
    assert picture.task.deleted_at


# --- under which key, and how ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label_config", "file", "key"),
    [
        (BOXES, a_file(), "image"),
        (SOUND_AND_PICTURE, a_file(), "photo"),
        (SOUND_AND_PICTURE, a_file("a.wav", b"RIFF....WAVEfmt "), "voice"),
        (CHOICES, a_file("a.html", b"<p>"), "text"),
        ("<View></View>", a_file("a.mp4", b"\0\0\0\x18ftypisom"), "video"),
    ],
)
def test_the_label_configuration_names_the_key(house, label_config, file, key):
    made = a_project(house, label_config)
    imported(made, house.lead, file)
    assert list(made.tasks.get().data) == [key]


def test_lines_of_a_text_are_tasks(house):
    made = a_project(house, CHOICES)
    imported(made, house.lead, a_file("lines.txt", "\ufeffOne\n\n Zwölf \r\n".encode()))
    assert [task.data for task in made.tasks.all()] == [{"text": "One"}, {"text": " Zwölf "}]


def test_a_text_shown_by_address_is_one_task(house):
    made = a_project(house, BY_ADDRESS)
    imported(made, house.lead, a_file("page.txt", b"One\nTwo"))
    assert made.tasks.get().data == {"page": made.uploads.get().path}


# --- refused, and nothing kept ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label_config", "files", "code"),
    [
        (BOXES, [a_file("cat.png", b"<script>alert(1)</script>")], "not_what_it_says"),
        (BOXES, [a_file("cat.svg", b"<html><script>")], "not_what_it_says"),
        (BOXES, [a_file("cat.jpg")], "not_what_it_says"),
        (BOXES, [a_file(), a_file("cat.png", b"")], "empty_file"),
        (BOXES, [a_file(), a_file("dog.png", PICTURE * 5)], "file_too_large"),
        (BOXES, [a_file(), a_file("tasks.json", b'[{"image": "x"}]')], "mixed_files"),
        (CHOICES, [a_file("a.txt", b"  \n ")], "invalid_import"),
        (CHOICES, [a_file("a.txt", b"a" * 600 + b"\xff")], "invalid_import"),
        (TWO_PICTURES, [a_file()], "which_key"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_and_leaves_nothing(
    house, folder, settings, label_config, files, code
):
    settings.UPLOAD_FILE_LIMIT = 1000
    made = a_project(house, label_config)

    answer = imported(made, house.lead, *files)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not made.tasks.exists() and not made.uploads.exists() and not Import.objects.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("person", "status"),
    [("lead", 201), ("admin", 201), ("reviewer", 403), ("annotator", 403), ("stranger", 404)],
)
def test_only_managers_upload(house, person, status):
    assert imported(house.project, getattr(house, person), a_file()).status_code == status
    assert Upload.objects.count() == (status == 201)


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a b(1).png", "a_b_1.png"),
        ("über.png", "uber.png"),
        ("猫.png", "file.png"),
        ("..\\..\\win.png", "win.png"),
        ("x.html.png", "x.html.png"),
        ("-rf.PNG", "-rf.png"),
        ("a" * 240 + ".png", "a" * 100 + ".png"),
    ],
)
def test_names_are_made_plain(sent, kept):
    assert re.fullmatch(rf"[0-9a-f]{{8}}-{re.escape(kept)}", uploads.name_for(sent))


def test_the_same_name_twice_is_two_files(house):
    made = a_project(house, BOXES)
    imported(made, house.lead, a_file(), a_file())
    assert len(set(made.uploads.values_list("name", flat=True))) == 2
    assert Task.objects.filter(project=made).count() == 2
