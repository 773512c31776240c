"""Saved exports."""

import csv
import io
import json

import pytest

from exchange.exporting import snapshots
from exchange.models import Export
from jobs import runner
from jobs.models import Job, State
from tasks.models import View
from tests.factories import annotation, build_house, client_of, gold, reviewed, skipped, task
from tests.parallel import together


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def at(house, path: str = "") -> str:
    return f"/api/projects/{house.project.pk}/exports/{path}"


def made(house, **wanted) -> dict:
    answer = client_of(house.lead).post(at(house), wanted)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def downloaded(house, pk: int, query: str = "") -> bytes:
    return b"".join(client_of(house.lead).get(at(house, f"{pk}/download{query}")).streaming_content)


def annotation_ids(house, **wanted) -> list[int]:
    tasks = json.loads(downloaded(house, made(house, **wanted)["id"]))
    return [a["id"] for body in tasks for a in body["annotations"]]


def test_a_small_export_is_completed_when_it_answers(house):
    body = made(house, title="now")

    assert (body["status"], body["title"], body["converted_formats"]) == ("completed", "now", [])
    assert body["counters"] == {"task_number": 1, "annotation_number": 1}
    assert client_of(house.reviewer).get(at(house)).json()[0]["id"] == body["id"]
    assert json.loads(downloaded(house, body["id"]))[0]["annotations"][0]["id"] == house.annotation.pk


def test_filters_by_verdict(house):
    other = annotation(task(house.project), house.annotator)
    reviewed(house.annotation, house.reviewer)

    assert annotation_ids(house, task_filter_options={"reviewed": "only"}) == [house.annotation.pk]
    assert annotation_ids(house, task_filter_options={"reviewed": "exclude"}) == [other.pk]
    assert annotation_ids(house, annotation_filter_options={"reviewed": "only"}) == [house.annotation.pk]
    assert annotation_ids(house, annotation_filter_options={"reviewed": "exclude"}) == [other.pk]


def accepted_view(house) -> View:
    item = {"filter": "filter:tasks:reviews_accepted", "operator": "equal", "type": "Number", "value": 1}
    filters = {"conjunction": "and", "items": [item]}
    return View.objects.create(project=house.project, data={"filters": filters})


@pytest.mark.django_db(transaction=True)
def test_a_view_narrows_an_export(house):
    """In no outer transaction, where a query before the isolation level is set would go unnoticed."""
    annotation(task(house.project), house.annotator)
    reviewed(house.annotation, house.reviewer)

    assert annotation_ids(house, task_filter_options={"view": accepted_view(house).pk}) == [
        house.annotation.pk
    ]


def test_filters_by_kind(house):
    passed = skipped(task(house.project), house.annotator)
    marked = gold(task(house.project), house.annotator, marked_by=house.reviewer)

    kinds = [
        annotation_ids(house, annotation_filter_options={kind: True})
        for kind in ("usual", "skipped", "ground_truth")
    ]
    assert kinds == [[house.annotation.pk], [passed.pk], [marked.pk]]
    assert len(annotation_ids(house, annotation_filter_options={"usual": False})) == 3


def test_an_export_keeps_the_state_of_its_instant(house):
    pk = made(house)["id"]
    annotation(house.task, house.annotator2)

    assert len(json.loads(downloaded(house, pk))[0]["annotations"]) == 1


def test_a_conversion_has_the_state_of_the_same_instant(house):
    pk = made(house)["id"]
    annotation(house.task, house.annotator2)
    client = client_of(house.lead)
    early = client.get(at(house, f"{pk}/download?exportType=CSV"))
    started = client.post(at(house, f"{pk}/convert"), {"export_type": "CSV"}).json()
    body = client.get(at(house, f"{pk}")).json()

    assert (early.status_code, early.json()["code"]) == (404, "not_converted")
    assert body["converted_formats"] == [
        {"id": started["converted_format"], "export_type": "CSV", "status": "completed"}
    ]
    rows = list(csv.DictReader(io.StringIO(downloaded(house, pk, "?exportType=CSV").decode())))
    assert [(row["text"], row["letter"], row["annotator"]) for row in rows] == [
        ("A letter", "A", str(house.annotator.pk))
    ]


def test_the_older_client_says_beside_the_body_that_key_frames_stay_as_they_are(house):
    client, address = client_of(house.lead), at(house, "")
    answers = [client.post(f"{address}?interpolate_key_frames={value}", {}) for value in ("False", "True")]

    assert [answer.status_code for answer in answers] == [201, 400]


def test_converting_again_answers_with_the_first(house):
    pk = made(house)["id"]
    client = client_of(house.lead)
    first, second = (client.post(at(house, f"{pk}/convert"), {"export_type": "TSV"}).json() for _ in range(2))

    assert first == second


def test_authors_as_objects_and_predictions_as_ids(house):
    options = {"predictions": {"only_id": True}, "annotations__completed_by": {"only_id": False}}
    (body,) = json.loads(downloaded(house, made(house, serialization_options=options)["id"]))

    assert body["annotations"][0]["completed_by"]["email"] == house.annotator.email


@pytest.mark.parametrize(
    "wanted",
    [
        {"serialization_options": {"interpolate_key_frames": True}},
        {"task_filter_options": {"reviewed": "maybe"}},
        {"task_filter_options": {"view": 2**40}},
    ],
)
def test_what_cannot_be_done_is_refused(house, wanted):
    assert client_of(house.lead).post(at(house), wanted).status_code == 400


@pytest.fixture
def sent(monkeypatch) -> list[int]:
    """The jobs that a worker was asked for, with a limit that leaves every export to one."""
    messages: list[int] = []
    monkeypatch.setattr(snapshots, "REQUEST_LIMIT", 0)
    monkeypatch.setattr(runner, "send", messages.append)
    return messages


@pytest.mark.django_db(transaction=True)
def test_a_large_export_is_left_to_a_worker(sent):
    house = build_house()
    body = made(house)
    early = client_of(house.lead).get(at(house, f"{body['id']}/download")).status_code

    job = Job.objects.get()
    assert (body["status"], sent, early) == ("created", [job.pk], 404)
    runner.run_step(job.pk)
    runner.run_step(job.pk)
    body = client_of(house.lead).get(at(house, str(body["id"]))).json()
    job.refresh_from_db()
    assert (body["status"], job.report) == ("completed", body["counters"])


@pytest.mark.django_db(transaction=True)
def test_a_large_conversion_is_left_to_a_worker(sent):
    house = build_house()
    pk = made(house)["id"]
    runner.run_step(sent[0])
    client_of(house.lead).post(at(house, f"{pk}/convert"), {"export_type": "CSV"})
    (waiting,) = client_of(house.lead).get(at(house, f"{pk}")).json()["converted_formats"]

    runner.run_step(sent[1])

    (converted,) = client_of(house.lead).get(at(house, f"{pk}")).json()["converted_formats"]
    assert (waiting["status"], converted["status"]) == ("created", "completed")
    assert b"A letter" in downloaded(house, pk, "?exportType=CSV")


@pytest.mark.django_db(transaction=True)
def test_a_view_narrows_an_export_outside_of_a_transaction():
    house = build_house()
    annotation(task(house.project), house.annotator)
    reviewed(house.annotation, house.reviewer)

    body = made(house, task_filter_options={"view": accepted_view(house).pk})

    assert body["status"] == "completed"
    assert [row["id"] for row in json.loads(downloaded(house, body["id"]))] == [house.task.pk]


@pytest.mark.django_db(transaction=True)
def test_an_export_has_the_state_of_one_instant(monkeypatch):
    """A task that is added while the file is written is not in it."""
    house = build_house()
    selection = snapshots._selection

    def meanwhile(export: Export):
        together([lambda: annotation(task(house.project), house.annotator)])
        return selection(export)

    monkeypatch.setattr(snapshots, "_selection", meanwhile)
    body = made(house)

    assert body["counters"] == {"task_number": 1, "annotation_number": 1}


@pytest.mark.django_db(transaction=True)
def test_a_deleted_export_is_not_written(sent, media):
    house = build_house()
    pk = made(house)["id"]
    assert client_of(house.lead).delete(at(house, str(pk))).status_code == 204

    runner.run_step(sent[0])

    assert Job.objects.get().state == State.CANCELLED
    assert not [path for path in media.rglob("*") if path.is_file()]


def test_an_export_that_cannot_be_written_fails(house, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file"

    assert made(house)["status"] == "failed"


def test_a_failed_conversion_is_repeated(house, settings, tmp_path):
    pk = made(house)["id"]
    path = snapshots.path_of(Export.objects.get(), "JSON")
    path.rename(path.with_suffix(".away"))
    client = client_of(house.lead)
    states = []
    for _ in range(2):
        client.post(at(house, f"{pk}/convert"), {"export_type": "CSV"})
        states.append(client.get(at(house, f"{pk}")).json()["converted_formats"][0]["status"])
        path.with_suffix(".away").rename(path)
        path.with_suffix(".away").touch()

    assert states == ["failed", "completed"]


@pytest.mark.parametrize(("who", "status"), [("reviewer", 201), ("annotator", 403), ("stranger", 404)])
def test_who_may_save_exports(house, who, status):
    assert client_of(getattr(house, who)).post(at(house), {}).status_code == status


def test_its_creator_or_a_manager_deletes_it(house, media):
    pk = made(house)["id"]

    assert client_of(house.reviewer).delete(at(house, str(pk))).status_code == 403
    assert client_of(house.lead).delete(at(house, str(pk))).status_code == 204
    assert not [path for path in media.rglob("*") if path.is_file()]


@pytest.mark.parametrize("number", [1, 3])
def test_exports_are_listed_in_a_constant_number_of_queries(house, django_assert_num_queries, number):
    client = client_of(house.lead)
    for _ in range(number):
        made(house)
    client.get(at(house))
    with django_assert_num_queries(8):
        assert len(client.get(at(house)).json()) == number
