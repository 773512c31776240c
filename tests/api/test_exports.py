"""GET /api/projects/{id}/export with filters: verdict, reviewed, changed_since."""

import json
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from exchange.models import Export
from reviews import comments
from reviews.service import AnnotationReviewService
from tasks.pseudonyms import pseudonym_of
from tasks.services import annotations, tasks
from tests import factories
from tests.factories import annotation, client_of, reviewed, skipped, task

KINDS = ("accepted", "rejected", "fixed_and_accepted", "unreviewed")


def ask(house, **query: str):
    return client_of(house.reviewer).get(f"/api/projects/{house.project.pk}/export", query)


def exported(house, **query: str) -> list[dict]:
    return json.loads(ask(house, **query).getvalue())


@pytest.fixture
def kinds(house) -> dict[int, str]:
    """Task id → the verdict that stands on its annotation: one task of each, and one without annotations."""
    made = {house.task.pk: "unreviewed", task(house.project).pk: "empty"}
    for verdict in KINDS[:3]:
        of = annotation(task(house.project), house.annotator)
        asked = {"comment": "no"} if verdict == "rejected" else {}
        reviewed(of, house.reviewer, verdict, **asked)
        made[of.task_id] = verdict
    return made


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({}, KINDS),
        ({"verdict": "accepted"}, ["accepted"]),
        ({"verdict": "accepted,fixed_and_accepted"}, ["accepted", "fixed_and_accepted"]),
        ({"reviewed": "only"}, ["accepted", "rejected", "fixed_and_accepted"]),
        ({"reviewed": "exclude"}, ["unreviewed"]),
        ({"reviewed": "only", "verdict": "rejected"}, ["rejected"]),
        ({"reviewed": "exclude", "verdict": "rejected"}, []),
    ],
)
def test_filters_keep_the_tasks_of_the_annotations_they_name(house, kinds, query, kept):
    assert sorted(kinds[body["id"]] for body in exported(house, **query)) == sorted(kept)


def commenters(house) -> list[tuple[str, int | None]]:
    (body,) = exported(house)
    people = [(said["text"], said["created_by"]) for said in body["annotations"][0]["comments"]]
    return [(text, person and person["id"]) for text, person in people]


def test_who_commented_on_a_contested_rejection_is_hidden_from_who_may_decide(house):
    reviewed(house.annotation, house.reviewer2, "rejected", comment="Look again")
    comments.create(house.annotation, "Why?", actor=house.annotator)
    AnnotationReviewService(house.annotator).contest(house.annotation, reason="It is sharp")

    assert commenters(house) == [("Look again", None), ("Why?", house.annotator.pk)]


def test_comments_have_pseudonyms_where_people_are_hidden(house):
    house.project.anonymize_annotations = True
    house.project.save()
    comments.create(house.annotation, "Why?", actor=house.annotator)

    assert commenters(house) == [("Why?", pseudonym_of(house.annotator.pk, house.project.pk))]


@pytest.mark.parametrize("name", ["verdict", "ids", "ids[]", "reviewed", "only", "changed_since"])
@pytest.mark.parametrize("value", ["", " ,"])
def test_filter_that_names_nothing_is_refused(house, name, value):
    answer = ask(house, **{name: value})

    assert (answer.status_code, answer.json()["code"]) == (400, "empty_filter")
    assert name in answer.json()["validation_errors"]


def test_saved_export_of_no_verdict_is_refused(house):
    answer = client_of(house.reviewer).post(
        f"/api/projects/{house.project.pk}/exports/",
        {"annotation_filter_options": {"verdict": []}},
        format="json",
    )

    assert (answer.status_code, Export.objects.count()) == (400, 0)


@pytest.mark.parametrize(
    ("format", "media_type"), [("CSV", "text/csv"), ("TSV", "text/tab-separated-values")]
)
def test_tables_name_their_encoding(house, format, media_type):
    client, path = client_of(house.reviewer), f"/api/projects/{house.project.pk}"
    saved = client.post(f"{path}/exports/", {}, format="json").json()["id"]
    client.post(f"{path}/exports/{saved}/convert", {"export_type": format}, format="json")

    at_once = client.get(f"{path}/export?exportType={format}")
    later = client.get(f"{path}/exports/{saved}/download?exportType={format}")
    assert at_once.getvalue() and later.getvalue()

    assert {at_once["Content-Type"], later["Content-Type"]} == {f"{media_type}; charset=utf-8"}


def test_filter_keeps_the_named_annotations_of_a_task_only(house):
    other = annotation(house.task, house.annotator2, "B")
    reviewed(other, house.reviewer)

    (body,) = exported(house, verdict="accepted")

    assert [a["id"] for a in body["annotations"]] == [other.pk]


def test_filter_with_all_tasks_keeps_those_of_which_nothing_is_taken(house, kinds):
    bodies = exported(house, verdict="accepted", download_all_tasks="true")

    assert {kinds[b["id"]]: len(b["annotations"]) for b in bodies} == {
        "accepted": 1,
        "rejected": 0,
        "fixed_and_accepted": 0,
        "unreviewed": 0,
        "empty": 0,
    }


def test_filters_hold_for_tables_too(house, kinds):
    rows = ask(house, exportType="CSV", verdict="accepted,rejected").getvalue().decode().splitlines()

    assert sorted(line.split(",")[-1] for line in rows[1:]) == ["accepted", "rejected"]


@pytest.mark.parametrize(
    ("query", "code", "field"),
    [
        ({"only": "best"}, "unknown_only", "only"),
        ({"reviewed": "true"}, "invalid_reviewed", "reviewed"),
        ({"verdict": "accepted,good"}, "unknown_verdict", "verdict"),
        ({"changed_since": "yesterday"}, "invalid_instant", "changed_since"),
        ({"changed_since": "2026-13-41T00:00:00Z"}, "invalid_instant", "changed_since"),
        ({"changed_since": "2026-01-31T12:00:00"}, "invalid_instant", "changed_since"),
        ({"changed_since": "2026-01-31T12:00:00Z", "exportType": "CSV"}, "not_supported", "changed_since"),
        (
            {"changed_since": "2026-01-31T12:00:00Z", "export_type": "JSON_MIN"},
            "not_supported",
            "changed_since",
        ),
    ],
)
def test_invalid_query_is_refused_by_name(house, query, code, field):
    answer = ask(house, **query)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert list(answer.json()["validation_errors"]) == [field]


def test_snapshots_take_verdicts_too(house, kinds, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client, url = client_of(house.lead), f"/api/projects/{house.project.pk}/exports/"

    made = client.post(url, {"annotation_filter_options": {"verdict": ["accepted"]}}).json()

    bodies = json.loads(b"".join(client.get(f"{url}{made['id']}/download").streaming_content))
    assert [kinds[b["id"]] for b in bodies if b["annotations"]] == ["accepted"]
    assert client.post(url, {"annotation_filter_options": {"verdict": ["good"]}}).status_code == 400


# --- changes ----------------------------------------------------------------------------------------


@pytest.fixture
def since(house) -> str:
    """An instant after which only what the test does has happened. Two tasks, one annotation each."""
    annotation(task(house.project), house.annotator)
    return timezone.now().isoformat()


CHANGES = {
    "verdict": lambda h: reviewed(h.annotation, h.reviewer),
    "edit": lambda h: annotations.edit(h.annotation.pk, {"result": factories.result("B")}, actor=h.annotator),
    "ground truth": lambda h: annotations.edit(h.annotation.pk, {"ground_truth": True}, actor=h.reviewer),
    "second annotation": lambda h: skipped(h.task, h.annotator2),
    "data": lambda h: tasks.update(h.task.pk, {"data": {"text": "other"}}, actor=h.lead),
    "prediction": lambda h: tasks.save_prediction(h.task, actor=h.lead, result=[]),
    "comment": lambda h: comments.create(h.annotation, "Look again", actor=h.reviewer),
    "draft again": lambda h: annotations.convert_to_draft(h.annotation.pk, actor=h.annotator),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_since_gives_the_tasks_that_changed(house, since, change):
    assert exported(house, changed_since=since) == []

    change(house)

    (body,) = exported(house, changed_since=since)
    assert (body["id"], body["deleted_annotations"]) == (house.task.pk, [])


def test_undone_review_counts_as_a_change_whatever_the_filter(house):
    decision = reviewed(house.annotation, house.reviewer)
    since = timezone.now().isoformat()
    AnnotationReviewService(house.reviewer).undo(decision.review)

    (body,) = exported(house, changed_since=since, verdict="accepted")

    assert (body["id"], body["annotations"]) == (house.task.pk, [])


def test_changed_since_names_deleted_annotations(house, since):
    annotations.delete(house.annotation.pk, actor=house.lead)

    (body,) = exported(house, changed_since=since)

    assert (body["annotations"], body["deleted_annotations"]) == ([], [house.annotation.pk])


def test_changed_since_names_deleted_tasks_last(house, since):
    tasks.delete_many(house.project, [house.task.pk], actor=house.lead)
    new = task(house.project)
    house.task.refresh_from_db()

    first, last = exported(house, changed_since=since)

    assert first["id"] == new.pk
    assert last == {
        "id": house.task.pk,
        "unique_id": str(house.task.unique_id),
        "external_id": None,
        "project": house.project.pk,
        "data": None,
        "annotations": [],
        "deleted_at": house.task.deleted_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    assert exported(house, changed_since=last["deleted_at"].replace("Z", "+00:00"))[-1]["id"] == house.task.pk


def test_deleted_tasks_are_refused_by_an_import(house, since):
    tasks.delete_many(house.project, [house.task.pk], actor=house.lead)

    answer = client_of(house.lead).post(
        f"/api/projects/{house.project.pk}/import", exported(house, changed_since=since)
    )

    assert answer.status_code == 400


def test_plain_export_lists_no_deletions(house):
    (body,) = exported(house)

    assert "deleted_annotations" not in body


def test_next_instant_is_before_the_snapshot(house):
    answer = ask(house)
    answer.close()

    assert answer["X-Next-Changed-Since"] < answer["X-Snapshot-At"]


@pytest.mark.django_db(transaction=True)
def test_next_instant_is_before_work_still_open_elsewhere():
    """A write that commits after the snapshot has an earlier date: the next export must reach back to it."""
    house = factories.build_house()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT now() - interval '2 seconds'")
            began = cursor.fetchone()[0]
            answer = ask(house)
            answer.close()
    finally:
        other.close()

    assert datetime.fromisoformat(answer["X-Next-Changed-Since"]) <= began + timedelta(milliseconds=1)


@pytest.mark.parametrize("number", [1, 3])
def test_changes_cost_the_same_queries_however_many(house, django_assert_num_queries, number):
    since = timezone.now().isoformat()
    for _ in range(number):
        gone = annotation(task(house.project), house.annotator)
        tasks.delete_many(house.project, [task(house.project).pk], actor=house.lead)
        annotations.delete(gone.pk, actor=house.lead)
    client = client_of(house.reviewer)

    with django_assert_num_queries(14):
        client.get(f"/api/projects/{house.project.pk}/export", {"changed_since": since}).getvalue()
