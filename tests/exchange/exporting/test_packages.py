"""Formats for training, made by a job in a process of its own, and the folder for `datasets`."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from django.conf import settings as site

from exchange.exporting import converter, converter_process, packages
from jobs import runner
from jobs.models import Job
from tasks.services import tasks
from tests.factories import BOXES, annotation, build_house, client_of, reviewed, task

SPANS = """<View><Text name="text" value="$text"/><Labels name="ner" toName="text">
<Label value="PER"/><Label value="ORG"/></Labels></View>"""
SDK = site.BASE_DIR / ".venv-sdk" / "bin" / "python"


def made(house, export_type: str) -> tuple[Job, dict[str, bytes]]:
    """The job of the conversion, and the files of the zip."""
    client, exports = client_of(house.lead), f"/api/projects/{house.project.pk}/exports"
    pk = client.post(f"{exports}/", {}, format="json").json()["id"]
    started = client.post(f"{exports}/{pk}/convert", {"export_type": export_type}, format="json")
    assert started.status_code == 200, started.json()
    job = runner.run_now(Job.objects.filter(kind="convert_export").latest("pk"))
    answer = client.get(f"{exports}/{pk}/download?exportType={export_type}")
    if answer.status_code != 200:
        return job, {}
    assert (answer["Content-Type"], answer["Content-Disposition"][-5:]) == ("application/zip", '.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        return job, {name: archive.read(name) for name in archive.namelist()}


def box(x: float, label: str = "Car") -> dict:
    value = {"x": x, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": [label]}
    size = {"original_width": 200, "original_height": 100, "image_rotation": 0}
    return {
        "id": f"b{x}",
        "from_name": "box",
        "to_name": "image",
        "type": "rectanglelabels",
        "value": value,
    } | size


def answer(pk: int, last_action: str = "submitted", **more) -> dict:
    return {"id": pk, "last_action": last_action, "was_cancelled": False} | more


@pytest.mark.parametrize(
    ("annotations", "final", "chosen"),
    [
        ([answer(1), answer(2)], None, 2),
        ([answer(1), answer(2)], 1, 1),
        ([answer(1, "accepted"), answer(2), answer(3, "rejected")], None, 1),
        ([answer(1, "accepted"), answer(2, "fixed_and_accepted")], None, 2),
        ([answer(1, "rejected"), answer(2, was_cancelled=True)], None, 1),
        ([answer(1, was_cancelled=True)], None, None),
    ],
)
def test_a_training_set_has_the_best_answer_of_a_task(annotations, final, chosen):
    found = packages.answer_of({"annotations": annotations, "final_annotation": final})
    assert (found and found["id"]) == chosen


def test_no_two_images_share_a_name():
    addresses = [
        *("https://a.example/x/img.jpg?sig=1", "/data/upload/1/img.jpg", "s3://b/IMG.png"),
        *("/data/local-files/?d=a%20b/c.jpg", "../../etc/passwd", "/", "img.jpg"),
    ]
    names = packages.FileNames()
    found = [names.of(packages.Task(pk, address, {})) for pk, address in enumerate(addresses)]
    assert found == ["img.jpg", "1-img.jpg", "2-IMG.png", "c.jpg", "passwd", "image", "6-img.jpg"]


def test_spans_for_spacy(db):
    house = build_house(label_config=SPANS)
    value = {"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}
    region = {"id": "r", "from_name": "ner", "to_name": "text", "type": "labels", "value": value}
    annotation(task(house.project, text="Anna lives"), house.annotator, result=[region])
    task(house.project, text="Untouched")

    job, files = made(house, "SPACY")

    line = json.loads(files["data.jsonl"].splitlines()[1])
    assert (line["text"], line["entities"]) == ("Anna lives", [[0, 4, "PER"]])
    assert job.report["left_out"]["without_annotation"] == 1


def test_folder_for_datasets_says_the_type_of_every_column(house):
    annotation(task(house.project, text="two", n=1, mixed=[1], letter="gold"), house.annotator, "B")
    annotation(task(house.project, text="three", n=2.5, mixed="x"), house.annotator2, "C")
    reviewed(house.annotation, house.reviewer)

    _, files = made(house, "HF")

    rows = [json.loads(line) for line in files["data/train.jsonl"].splitlines()]
    assert [row["letter"] for row in rows] == [["A"], ["B"], ["C"]]
    assert [row["n"] for row in rows] == [None, 1.0, 2.5]
    assert [row["mixed"] for row in rows] == [None, "[1]", '"x"']
    assert [row["data.letter"] for row in rows] == [None, "gold", None]
    assert rows[0]["reviewer"] == house.reviewer.pk
    readme = files["README.md"].decode()
    assert '  - name: "letter"\n    sequence: string\n' in readme
    assert '  - name: "n"\n    dtype: float64\n' in readme
    assert "path: data/train.jsonl" in readme


def test_readme_of_a_folder_for_datasets_is_yaml_whatever_the_keys_are(house):
    key = 'note😀 "x\\y" 注\x85'
    task(house.project, **{"text": "two", key: "z"})

    _, files = made(house, "HF")

    _, front, _ = files["README.md"].decode().split("---\n", 2)
    assert key in [one["name"] for one in yaml.safe_load(front)["dataset_info"]["features"]]


def test_folder_of_no_tasks_is_refused(house):
    client, exports = client_of(house.lead), f"/api/projects/{house.project.pk}/exports"
    tasks.delete_many(house.project, [house.task.pk], actor=house.lead)
    pk = client.post(f"{exports}/", {}, format="json").json()["id"]

    refused = client.post(f"{exports}/{pk}/convert", {"export_type": "HF"}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (400, "nothing_to_convert")
    assert not Job.objects.filter(kind="convert_export").exists()


def test_what_cannot_be_made_says_why(house, monkeypatch):
    client, exports = client_of(house.lead), f"/api/projects/{house.project.pk}/exports"
    monkeypatch.setattr(converter, "python", lambda: None)
    pk = client.post(f"{exports}/", {}, format="json").json()["id"]

    refused = client.post(f"{exports}/{pk}/convert", {"export_type": "COCO"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "format_unavailable")
    assert "There is no Image that is labelled by" in refused.json()["detail"]
    at_once = client.get(f"/api/projects/{house.project.pk}/export?exportType=HF")
    assert (at_once.status_code, at_once.json()["code"]) == (400, "made_by_job")

    house.project.label_config = BOXES
    house.project.save(update_fields=["label_config"])
    refused = client.post(f"{exports}/{pk}/convert", {"export_type": "COCO"}, format="json")
    assert "requirements-formats.txt" in refused.json()["detail"]
    listed = {
        one["name"]: one for one in client.get(f"/api/projects/{house.project.pk}/export/formats").json()
    }
    assert [name for name in ("JSON", "COCO", "CONLL2003", "HF") if listed[name]["disabled"]] == [
        "COCO",
        "CONLL2003",
    ]
    assert "requirements-formats.txt" in listed["COCO"]["description"]


@pytest.fixture
def script(tmp_path, monkeypatch, settings):
    """The converter's process, which runs this text instead."""
    settings.CONVERTER_PYTHON = sys.executable

    def write(text: str) -> Path:
        monkeypatch.setattr(converter, "SCRIPT", tmp_path / "script.py")
        (tmp_path / "script.py").write_text(text)
        return tmp_path

    return write


def test_a_converter_that_takes_too_long_is_ended(script, settings):
    settings.CONVERTER_SECONDS = 1
    folder = script("import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)")

    with pytest.raises(converter.Refused, match="longer than 1 seconds"):
        converter.run("COCO", BOXES, ["box"], folder, lambda *_, **__: None)

    assert not Path(f"/proc/{(folder / 'pid').read_text()}").exists()


def test_the_converter_is_told_nothing_of_the_site_and_its_last_words_are_reported(script, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "our secret")
    folder = script("import os; open('env', 'w').write(repr(os.environ)); raise SystemExit('No room left')")

    with pytest.raises(converter.Refused, match="No room left"):
        converter.run("COCO", BOXES, ["box"], folder, lambda *_, **__: None)

    assert "our secret" not in (folder / "env").read_text()


@pytest.mark.parametrize(
    "statement",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
        "import subprocess; subprocess.run(['true'])",
        "open('/etc/passwd')",
        "open('../outside', 'w')",
    ],
)
def test_the_converter_reaches_nothing_but_its_folder(tmp_path, statement):
    folder = tmp_path / "inside"
    folder.mkdir()
    text = (
        f"import runpy, socket, subprocess, urllib.request\n"
        f"runpy.run_path({converter_process.__file__!r})['confine']({str(folder)!r})\n"
        f"open('inside', 'w').close()\n{statement}"
    )
    done = subprocess.run([sys.executable, "-I", "-c", text], cwd=folder, capture_output=True, text=True)

    assert done.returncode == 1
    assert "PermissionError" in done.stderr.splitlines()[-1]
    assert (folder / "inside").exists() and not (tmp_path / "outside").exists()


def test_the_converter_makes_labels_of_boxes(db, settings):
    if converter.python() is None:
        if not SDK.exists():
            pytest.skip("label-studio-sdk is not installed: make formats")
        settings.CONVERTER_PYTHON = str(SDK)
    house = build_house(label_config=BOXES)
    for url, x in (("https://a.example/img.jpg", 10), ("/etc/img.jpg", 20)):
        annotation(task(house.project, image=url), house.annotator, result=[box(x)])

    job, files = made(house, "YOLO")

    assert job.error is None
    assert files["labels/img.txt"] == b"0 0.25 0.4 0.3 0.4\n"
    (other,) = [name for name in files if name.endswith("-img.txt")]
    assert files[other] == b"0 0.35 0.4 0.3 0.4\n"
    assert files["classes.txt"] == b"Car\nTree\n"
    assert [json.loads(line)["source"] for line in files["sources.jsonl"].splitlines()] == [
        "https://a.example/img.jpg",
        "/etc/img.jpg",
    ]
