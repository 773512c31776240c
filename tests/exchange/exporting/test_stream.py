"""GET /api/projects/{id}/export/, and importing the result again."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Case, CharField, When

from exchange.exporting.selection import Selection
from exchange.exporting.stream import export
from reviews import comments
from reviews.models import Comment, Review
from reviews.service import AnnotationReviewService
from tasks import totals
from tasks.models import Annotation, Prediction, Project, Task
from tasks.services import annotations, tasks
from tests import factories
from tests.exchange.importing.files import load

DATA = Path("devserver/demo/data")


def exported(project: Project, **selection: Any) -> list[dict[str, Any]]:
    return json.loads(b"".join(export(project, Selection(**selection))[1]))


def iso(moment) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def short(user) -> dict[str, Any]:
    return {"id": user.pk, "email": user.email, "first_name": user.first_name, "last_name": user.last_name}


def body_of_work(annotation: Annotation) -> dict[str, Any]:
    """Submitted once, and nothing since."""
    return {
        "id": annotation.pk,
        "completed_by": annotation.completed_by_id,
        "completed_by_email": annotation.completed_by.email,
        "result": annotation.result,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": iso(annotation.created_at),
        "updated_at": iso(annotation.updated_at),
        "draft_created_at": None,
        "started_at": None,
        "lead_time": None,
        "prediction": {},
        "result_count": 1,
        "unique_id": str(annotation.unique_id),
        "import_id": None,
        "imported_by": None,
        "last_action": "submitted",
        "bulk_created": False,
        "task": annotation.task_id,
        "project": annotation.project_id,
        "updated_by": None,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": annotation.completed_by_id,
        "annotation_seq": 1,
        "version": 1,
        "last_annotation_history": annotation.current_version_id,
        "comments": [],
        "reviews": [],
        "review_history": [],
    }


def body_of_prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "id": prediction.pk,
        "task": prediction.task_id,
        "project": prediction.project_id,
        "result": factories.result("B"),
        "score": 0.5,
        "model_version": "v1",
        "created_at": iso(prediction.created_at),
        "updated_at": iso(prediction.updated_at),
    }


def body_of_review(review: Review, **said: Any) -> dict[str, Any]:
    """Signed on the first version, an A, with nothing `said` more; neither taken back nor outdated."""
    return {
        "id": review.pk,
        "created_by": short(review.created_by),
        "created_at": iso(review.created_at),
        "annotation": review.annotation_id,
        "result": None,
        "reject_action": None,
        "previous_annotation_history": review.seen_version_id,
        "previous_annotation_history_result": factories.result("A"),
        "fixed_annotation_history": None,
        "fixed_annotation_history_result": None,
        "unique_id": str(review.unique_id),
        "comment": "",
        "reason": "",
        "started_at": None,
        "imported_by": None,
        "undone_at": None,
        "undone_by": None,
        "restores": None,
        "outdated": False,
        "superseded": False,
    } | said


# --- what it says -----------------------------------------------------------------------------------


def test_export_gives_label_studios_keys(house):
    annotation, task = house.annotation, Task.objects.get()
    prediction = tasks.save_prediction(
        task, actor=house.lead, result=factories.result("B"), score=0.5, model_version="v1"
    )
    task.refresh_from_db()

    (body,) = exported(house.project)

    assert body == {
        "id": task.pk,
        "annotations": [body_of_work(annotation)],
        "drafts": [],
        "predictions": [body_of_prediction(prediction)],
        "data": task.data,
        "meta": {},
        "created_at": iso(task.created_at),
        "updated_at": iso(task.updated_at),
        "allow_skip": True,
        "inner_id": 1,
        "total_annotations": 1,
        "cancelled_annotations": 0,
        "total_predictions": 1,
        "comment_count": 0,
        "unresolved_comment_count": 0,
        "last_comment_updated_at": None,
        "project": house.project.pk,
        "updated_by": house.lead.pk,
        "comment_authors": [],
        "unique_id": str(task.unique_id),
        "external_id": None,
        "overlap": 1,
        "is_labeled": True,
        "reviewed": False,
        "reviewed_at": None,
        "reviews_accepted": 0,
        "reviews_rejected": 0,
        "final_annotation": None,
        "final_state": "not_reviewed",
    }


def test_standing_review_comes_first_with_what_it_saw_and_made(house):
    first = factories.reviewed(house.annotation, house.reviewer, "rejected", comment="Look again").review
    fix = factories.reviewed(house.annotation, house.reviewer2, "fixed_and_accepted").review

    (annotation,) = exported(house.project)[0]["annotations"]

    assert (annotation["last_action"], annotation["review_history"]) == ("fixed_and_accepted", [])
    corrected = factories.result("C")
    made = {
        "result": corrected,
        "fixed_annotation_history": fix.fixed_version_id,
        "fixed_annotation_history_result": corrected,
    }
    assert annotation["reviews"] == [
        body_of_review(fix, verdict="fixed_and_accepted", accepted=True, **made),
        body_of_review(
            first,
            verdict="rejected",
            accepted=False,
            comment="Look again",
            superseded=True,
            reject_action="requeue",
        ),
    ]


def test_reviews_is_empty_when_none_stands(house):
    factories.reviewed(house.annotation, house.reviewer)
    annotations.edit(house.annotation.pk, {"result": factories.result("B")}, actor=house.lead)
    house.annotation.refresh_from_db()
    factories.undone(factories.reviewed(house.annotation, house.reviewer2), house.reviewer2)

    (annotation,) = exported(house.project)[0]["annotations"]

    assert annotation["reviews"] == []
    told = [
        (review["accepted"], review["undone_at"] is not None, review["outdated"])
        for review in annotation["review_history"]
    ]
    assert told == [(True, True, False), (True, False, True)]


def test_default_leaves_out_tasks_without_annotations(house):
    bare = factories.task(house.project)

    assert [task["id"] for task in exported(house.project)] == [house.task.pk]
    assert [task["id"] for task in exported(house.project, without_annotations=True)] == [
        house.task.pk,
        bare.pk,
    ]
    assert exported(house.project, ids=[bare.pk]) == []


def test_deleted_work_and_drafts_are_not_exported(house):
    annotations.convert_to_draft(house.annotation.pk, actor=house.annotator)
    gone = factories.annotation(house.task, house.annotator2)
    annotations.delete(gone.pk, actor=house.lead)

    (task,) = exported(house.project, without_annotations=True)

    assert task["annotations"] == []


def test_comments_on_annotations_are_exported(house):
    first = comments.create(
        house.annotation, "Which one?", actor=house.reviewer, region_ref={"regionId": "r1"}
    )
    comments.delete(comments.create(house.annotation, "Gone", actor=house.reviewer), actor=house.reviewer)

    ((body,),) = ([a["comments"] for a in task["annotations"]] for task in exported(house.project))

    assert body == [
        {
            "id": first.pk,
            "text": "Which one?",
            "created_by": short(house.reviewer),
            "created_at": iso(first.created_at),
            "updated_at": iso(first.updated_at),
            "is_resolved": False,
            "resolved_at": None,
            "region_ref": {"regionId": "r1"},
            "classifications": None,
        }
    ]


def test_comments_cost_the_same_queries_however_many_there_are(house, django_assert_num_queries):
    comments.create(house.annotation, "One", actor=house.reviewer)
    with django_assert_num_queries(9):
        exported(house.project)
    for author in (house.annotator, house.lead):
        more = factories.annotation(factories.task(house.project), house.annotator)
        comments.create(more, "More", actor=author)
    with django_assert_num_queries(9):
        exported(house.project)


def test_export_costs_the_same_queries_however_many_tasks(house, django_assert_num_queries):
    factories.reviewed(house.annotation, house.reviewer)
    with django_assert_num_queries(10):
        exported(house.project)
    for _ in range(2):
        factories.reviewed(
            factories.annotation(factories.task(house.project), house.annotator), house.reviewer
        )
    with django_assert_num_queries(10):
        exported(house.project)


# --- the route --------------------------------------------------------------------------------------


def url(house, query: str = "exportType=JSON") -> str:
    return f"/api/projects/{house.project.pk}/export?{query}"


def test_route_streams_and_names_the_instant(house, client_of):
    response = client_of(house.reviewer).get(url(house))

    assert (response.status_code, response.streaming, response["Content-Type"]) == (
        200,
        True,
        "application/json",
    )
    assert response["X-Snapshot-At"].endswith("Z")
    assert [task["id"] for task in json.loads(response.getvalue())] == [house.task.pk]


@pytest.mark.parametrize(
    ("who", "status"),
    [("lead", 200), ("admin", 200), ("reviewer", 200), ("annotator", 403), ("stranger", 404)],
)
def test_who_may_export(house, client_of, who, status):
    response = client_of(getattr(house, who)).get(url(house))
    response.close()

    assert response.status_code == status


@pytest.mark.parametrize("query", ["exportType=DOCX", "export_type=ASR_MANIFEST"])
def test_other_formats_are_refused_naming_what_there_is(house, client_of, query):
    response = client_of(house.lead).get(url(house, query))

    assert (response.status_code, response.json()["code"]) == (400, "unknown_format")
    assert response.json()["detail"].count("Use JSON, JSONL, JSON_MIN, CSV, TSV, COCO,") == 1


@pytest.mark.parametrize(
    "query", ["ids={0}", "ids[]={0}&ids[]=999", "ids={0},999", "download_all_tasks=true&ids={0}"]
)
def test_ids_choose_tasks(house, client_of, query):
    factories.task(house.project)

    response = client_of(house.lead).get(url(house, query.format(house.task.pk)))

    assert [task["id"] for task in json.loads(response.getvalue())] == [house.task.pk]


def test_broken_ids_are_refused(house, client_of):
    assert client_of(house.lead).get(url(house, "ids=one")).json()["code"] == "invalid_ids"


def test_formats_are_listed(house, client_of):
    formats = client_of(house.reviewer).get(f"/api/projects/{house.project.pk}/export/formats").json()

    offered = [format["name"] for format in formats if not format["disabled"]]
    assert offered == ["JSON", "JSONL", "JSON_MIN", "CSV", "TSV", "HF"]


@pytest.mark.django_db(transaction=True)
def test_export_has_the_state_of_one_instant(client_of):
    house = factories.build_house()
    _, chunks = export(house.project, Selection(without_annotations=True))
    level = "SHOW transaction_isolation"
    with connection.cursor() as cursor:
        cursor.execute(level)
        assert cursor.fetchone() == ("repeatable read",)
    chunks.close()
    with connection.cursor() as cursor:
        cursor.execute(level)
        assert cursor.fetchone() == ("read committed",)


# --- there and back -----------------------------------------------------------------------------------


def told(project: Project) -> list[Any]:
    """What has to be the same after a round trip, ids and times of import aside."""
    rows = Annotation.objects.filter(project=project, deleted_at=None).order_by("id")
    verdicts = (
        Review.objects.filter(project=project)
        .order_by("id")
        .select_related("annotation", "seen_version", "fixed_version")
    )
    everything = Task.objects.filter(project=project).order_by("id")
    guesses = Prediction.objects.filter(project=project).order_by("id")
    # Each project has placeholders of its own for the people whom a file names.
    author = Case(
        When(completed_by__is_placeholder=True, then="completed_by__placeholder_for"),
        default="completed_by__email",
        output_field=CharField(),
    )
    return [
        totals.totals_of([project.pk])[project.pk],
        list(
            everything.values_list(
                "data",
                "meta",
                "unique_id",
                "created_at",
                "reviewed",
                "reviews_accepted",
                "reviews_rejected",
                "is_labeled",
                "comment_count",
                "unresolved_comment_count",
                "last_comment_updated_at",
            )
        ),
        list(guesses.values_list("result", "score", "model_version")),
        list(
            rows.values_list(
                author,
                "result",
                "last_action",
                "unique_id",
                "created_at",
                "redistributed",
                "returned_to",
                "version",
            )
        ),
        [
            (
                r.state,
                r.verdict,
                r.created_by_id,
                r.created_at,
                r.comment,
                r.reject_action,
                r.undone_at,
                r.undone_by_id,
                r.unique_id,
            )
            + (r.seen_version.result, r.fixed_version.result if r.fixed_version else None)
            for r in verdicts
        ],
        list(
            Comment.objects.filter(project=project)
            .order_by("id")
            .values_list(
                *("annotation__unique_id", "text", "created_by", "created_at", "updated_at"),
                *("is_resolved", "resolved_at", "region_ref", "classifications"),
            )
        ),
    ]


def every_kind_of_verdict(house) -> None:
    """Tasks with work in each state, beside the untouched one."""
    lead = house.lead
    guess = {"result": factories.result("B"), "score": 0.5, "model_version": "v1"}
    tasks.save_prediction(house.task, actor=lead, **guess)

    def work(author=house.annotator):
        return factories.annotation(factories.task(house.project), author)

    factories.skipped(factories.task(house.project), house.annotator)
    factories.reviewed(work(), house.reviewer)
    factories.reviewed(work(), house.reviewer, "rejected", comment="No", reject_action="requeue")
    factories.reviewed(work(), house.reviewer, "rejected", reject_action="remove")
    factories.reviewed(work(house.annotator2), house.reviewer2, "fixed_and_accepted")
    twice = work()
    factories.reviewed(twice, house.reviewer)
    factories.reviewed(twice, house.reviewer2, "rejected", comment="Still no")
    edited = work()
    factories.reviewed(edited, house.reviewer)
    annotations.edit(edited.pk, {"result": factories.result("B")}, actor=lead)
    AnnotationReviewService(house.reviewer).fix_and_accept(edited, result=factories.result("C"))


def test_round_trip_gives_the_same_counts_verdicts_and_authorship(house):
    every_kind_of_verdict(house)
    empty = factories.project(lead=house.lead)

    load(exported(house.project, without_annotations=True), empty)

    # What was imported without a verdict keeps its word, and its history is as long as its verdicts need it.
    assert told(empty) == told(house.project)


def test_round_trip_keeps_comments(house):
    factories.reviewed(house.annotation, house.reviewer, "rejected", comment="Look again")
    said = {"region_ref": {"regionId": "r1"}, "classifications": {"kind": "blurred"}}
    resolved = comments.create(house.annotation, "Which one?", actor=house.annotator, **said)
    comments.update(resolved, actor=house.annotator, is_resolved=True)
    empty = factories.project(lead=house.lead)

    load(exported(house.project), empty)

    assert told(empty) == told(house.project)
    assert Comment.objects.filter(project=empty).count() == 2


def test_round_trip_of_an_undone_review_keeps_it_undone(house):
    factories.undone(
        factories.reviewed(house.annotation, house.reviewer, "fixed_and_accepted"), house.reviewer
    )
    empty = factories.project(lead=house.lead)

    load(exported(house.project), empty)

    before, after = told(house.project), told(empty)
    assert (after[0], after[4]) == (before[0], before[4])
    assert Annotation.objects.get(project=empty).last_action == "imported"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["sentiment", "boxes"])
def test_round_trip_of_a_label_studio_export(name):
    users = json.loads((DATA / "label-studio-users.json").read_text())
    described = json.loads((DATA / f"label-studio-project-{name}.json").read_text())
    first, second = factories.project(**described), factories.project(**described)
    load(json.loads((DATA / f"label-studio-export-{name}.json").read_text()), first, users=users)

    load(exported(first, without_annotations=True), second)

    assert told(second) == told(first)
