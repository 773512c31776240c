"""Files of tasks, through the one door: whose work it is, which verdicts stand, what is refused."""

import io
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from api.importing.run import Outcome, import_file
from reviews.models import Review
from tasks import totals
from tasks.choices import ActionType, HistoryAction
from tasks.errors import Refused
from tasks.events import Happened, happened
from tasks.models import Annotation, History, Import, Prediction, Project, Task
from tests import factories
from users.models import User

pytestmark = pytest.mark.django_db

DATA = Path("reviewsite/demo/data")
UUIDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(10)]


def load(body: Any, project: Project, **options: Any) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    outcome = import_file(project, io.BytesIO(raw), actor=project.created_by, **options)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    call_command("recount", check=True, verbosity=0)
    return outcome


def answer(label: str = "A", **fields: Any) -> dict[str, Any]:
    return {"result": factories.result(label), "completed_by": {"email": "anna@example.org"}} | fields


def task_of(*annotations: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"data": {"text": "A letter"}, "annotations": list(annotations)} | fields


def review(accepted: bool = True, **fields: Any) -> dict[str, Any]:
    return {"created_by": {"email": "rita@example.org"}, "accepted": accepted, "created_at": "2026-01-02T10:00:00Z"} | fields


def fix(before: str, after: str, **fields: Any) -> dict[str, Any]:
    results = {
        "previous_annotation_history_result": factories.result(before),
        "fixed_annotation_history_result": factories.result(after),
    }
    return review(True, **(results | fields))


@pytest.fixture
def project(db) -> Project:
    return factories.project()


@pytest.fixture
def heard() -> Iterator[list[Happened]]:
    """What is told from here on."""
    events: list[Happened] = []

    def note(event: Happened, **_: Any) -> None:
        events.append(event)

    happened.connect(note)
    yield events
    happened.disconnect(note)


def only_annotation() -> Annotation:
    return Annotation.objects.select_related("completed_by", "last_created_by", "task").get()


# --- what is kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "tasks", "annotations", "skipped"), [("sentiment", 48, 106, 4), ("boxes", 24, 30, 0)])
def test_export_of_label_studio_comes_in_whole(project, name, tasks, annotations, skipped):
    users = json.loads((DATA / "label-studio-users.json").read_text())

    report = load((DATA / f"label-studio-export-{name}.json").read_bytes(), project, users=users).report

    assert (report.tasks, report.annotations, len(report.placeholders)) == (tasks, annotations, 3)
    assert totals.totals_of([project.pk])[project.pk] | {"finished": 0} == {
        "tasks": tasks,
        "finished": 0,
        "annotations": annotations - skipped,
        "skipped": skipped,
        "predictions": 0,
        "reviewed": 0,
        "accepted": 0,
        "rejected": 0,
        "sampled": tasks,
        "review_done": 0,
    }


def test_predictions_are_kept_and_bare_ids_of_them_reported(project):
    guess = {"result": factories.result("B"), "score": 0.75, "model_version": "v1"}

    report = load([task_of(predictions=[guess, 7])], project).report

    assert Prediction.objects.values("result", "score", "model_version").get() == guess
    assert (report.predictions, report.predictions_without_content) == (1, 1)
    assert Task.objects.get().total_predictions == 1


def test_annotation_keeps_what_the_file_says(project):
    load([task_of(answer(unique_id=UUIDS[1], ground_truth=True, lead_time=3.5, created_at="2026-01-01T10:00:00Z"))], project)

    annotation = only_annotation()
    assert (str(annotation.unique_id), annotation.ground_truth, annotation.lead_time) == (UUIDS[1], True, 3.5)
    assert annotation.created_at.isoformat() == "2026-01-01T10:00:00+00:00"
    assert annotation.imported_by.created_by == project.created_by


def test_short_form_is_nothing_but_data(project):
    load([{"text": "a", "id": 3}], project)

    assert Task.objects.get().data == {"text": "a", "id": 3}


def test_drafts_are_ignored_and_reported(project):
    assert load([task_of(drafts=[{"result": []}])], project).report.drafts_ignored == 1


def test_import_tells_once_and_nothing_of_its_verdicts(project, heard):
    heard.clear()

    load([task_of(answer(last_action="accepted", reviews=[review()])), task_of()], project)

    assert [(event.kind, len(event.tasks)) for event in heard] == [("tasks_created", 2)]


# --- whose work it is -------------------------------------------------------------------------------


def test_author_is_who_has_the_email(project):
    anna = factories.person("anna")

    load([task_of(answer(completed_by={"id": 99, "email": "Anna@Example.org"}))], project)

    annotation = only_annotation()
    assert annotation.completed_by == annotation.written_by == annotation.version_author == anna


def test_bare_number_is_never_somebody_by_coincidence(project):
    anna = factories.person("anna")

    load([task_of(answer(completed_by=anna.pk))], project)

    author = only_annotation().completed_by
    assert (author.email, author.is_active, author.is_placeholder) == (
        f"imported-{anna.pk}-project-{project.pk}@placeholder.invalid",
        False,
        True,
    )


@pytest.mark.parametrize("users", [{"4": "anna@example.org"}, [{"id": 4, "email": "anna@example.org", "first_name": "Anna"}]])
def test_users_map_says_who_a_number_is(project, users):
    anna = factories.person("anna")

    load([task_of(answer(completed_by=4))], project, users=users)

    assert only_annotation().completed_by == anna


def test_users_may_come_within_the_file(project):
    anna = factories.person("anna")

    load({"tasks": [task_of(answer(completed_by=4))], "users": {"4": "anna@example.org"}}, project)

    assert only_annotation().completed_by == anna


def test_unknown_email_becomes_a_placeholder_and_stays_free(project):
    load([task_of(answer(completed_by={"email": "anna@example.org"}))], project)

    assert only_annotation().completed_by.email == "imported-anna-at-example.org@placeholder.invalid"
    assert not User.objects.filter(email="anna@example.org").exists()


def test_placeholder_is_the_same_next_time(project):
    for _ in range(2):
        load([task_of(answer(completed_by=4))], project)

    assert User.objects.filter(is_placeholder=True).count() == 1


def test_missing_author_is_the_unknown_annotator_of_the_project(project):
    load([task_of(answer(completed_by=None))], project)

    assert only_annotation().completed_by.email == f"unknown-annotator-{project.pk}@placeholder.invalid"


def test_importer_may_review_what_they_imported(project):
    load([task_of(answer())], project)

    assert factories.reviewed(only_annotation(), project.created_by).review.verdict == ActionType.ACCEPTED


# --- verdicts ---------------------------------------------------------------------------------------

ACCEPTED, REJECTED, FIXED = "accepted", "rejected", "fixed_and_accepted"


@pytest.mark.parametrize(
    ("claimed", "reviews", "kept", "reason"),
    [
        (None, [], "imported", None),
        ("submitted", [], "submitted", None),
        ("updated", [], "updated", None),
        ("skipped", [], "skipped", None),
        ("prediction", [], "imported", None),
        ("deleted_review", [], "imported", None),
        (ACCEPTED, [review()], ACCEPTED, None),
        (None, [review()], ACCEPTED, None),
        (REJECTED, [review(False)], REJECTED, None),
        (FIXED, [fix("B", "A")], FIXED, None),
        (ACCEPTED, [], "imported", "no_standing_review"),
        (ACCEPTED, [review(False)], "imported", "other_verdict"),
        (ACCEPTED, [review(undone_at="2026-01-03T10:00:00Z")], "imported", "no_standing_review"),
        (ACCEPTED, [review(outdated=True)], "imported", "no_standing_review"),
        (ACCEPTED, [review(previous_annotation_history_result=factories.result("B"))], "imported", "result_differs"),
        (FIXED, [fix("A", "B")], "imported", "result_differs"),
        ("updated", [review()], "updated", None),
    ],
)
def test_verdict_stands_only_if_its_review_bears_it(project, claimed, reviews, kept, reason):
    report = load([task_of(answer(last_action=claimed, reviews=reviews))], project).report

    annotation = only_annotation()
    assert annotation.last_action == kept
    assert (annotation.standing_review_id is not None) == (kept in (ACCEPTED, REJECTED, FIXED))
    assert dict(report.reasons) == ({reason: 1} if reason else {})
    assert report.verdicts_not_kept.tasks == ([{"task": 1, "annotation": 0, "reason": reason}] if reason else [])
    assert Review.objects.count() == len(reviews)


def test_skipped_work_bears_no_verdict(project):
    report = load([task_of(answer(was_cancelled=True, last_action="accepted", reviews=[review()]))], project).report

    assert only_annotation().last_action == ActionType.IMPORTED
    assert dict(report.reasons) == {"skipped": 1}


def test_imported_review_is_marked_and_counted(project):
    rita = factories.person("rita")

    load([task_of(answer(reviews=[review(False, comment="Look again", reject_action="requeue", unique_id=UUIDS[2])]))], project)

    annotation, signed = only_annotation(), Review.objects.get()
    assert (signed.created_by, signed.imported_by, str(signed.unique_id)) == (rita, project.created_by, UUIDS[2])
    assert (signed.verdict, signed.comment, signed.reject_action, signed.state) == (REJECTED, "Look again", "requeue", "standing")
    assert (annotation.last_created_by, annotation.returned_to, annotation.ever_reviewed) == (rita, annotation.completed_by, True)
    assert (annotation.task.reviews_rejected, annotation.task.reviewed) == (1, False)


def test_redistributed_annotation_frees_its_slot(project):
    load([task_of(answer(reviews=[review(False, reject_action="redistribute")]))], project)

    annotation = only_annotation()
    assert (annotation.redistributed, annotation.task.is_labeled) == (True, False)


def test_fix_brings_both_versions(project):
    load([task_of(answer("A", reviews=[fix("B", "A")]))], project)

    annotation, signed = only_annotation(), Review.objects.select_related("seen_version", "fixed_version").get()
    rows = History.objects.order_by("id").values_list("action", "number", "version__number", "review_id")
    assert list(rows) == [(HistoryAction.IMPORTED, 1, 1, None), (HistoryAction.FIXED_AND_ACCEPTED, 2, 2, signed.pk)]
    assert (signed.seen_version.result, signed.fixed_version.result) == (factories.result("B"), factories.result("A"))
    assert (annotation.version, annotation.current_version_id, annotation.version_author) == (
        2,
        signed.fixed_version_id,
        signed.created_by,
    )


def test_earlier_reviews_keep_their_order_and_fate(project):
    undone = review(True, created_at="2026-01-01T10:00:00Z", undone_at="2026-01-01T11:00:00Z")
    outdated = review(True, created_at="2026-01-02T10:00:00Z", previous_annotation_history_result=factories.result("B"))
    superseded = review(True, created_at="2026-01-03T10:00:00Z", previous_annotation_history_result=factories.result("A"))
    standing = review(False, created_at="2026-01-04T10:00:00Z", previous_annotation_history_result=factories.result("A"))

    load([task_of(answer("A", reviews=[standing, superseded, outdated], review_history=[undone]))], project)

    states = [(signed.state, signed.seen_version.number) for signed in Review.objects.order_by("id")]
    assert states == [("undone", 1), ("outdated", 1), ("superseded", 2), ("standing", 2)]


def test_imported_fix_can_be_undone(project):
    load([task_of(answer("A", reviews=[fix("B", "A")]))], project)

    factories.AnnotationReviewService(project.created_by).undo(Review.objects.get())

    annotation = only_annotation()
    assert (annotation.result, annotation.last_action) == (factories.result("B"), ActionType.DELETED_REVIEW)


def test_verdicts_need_a_manager(project):
    reviewer = factories.member(project, "RE", "reviewer")

    with pytest.raises(Refused) as refused:
        import_file(project, io.BytesIO(b"[]"), actor=reviewer)

    assert (refused.value.code, refused.value.status) == ("permission_denied", 403)


# --- identity -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [{"unique_id": UUIDS[0]}, {"external_id": "a-1"}, {"external_id": 17}])
def test_same_task_is_skipped_and_reported(project, key):
    load([task_of(answer(), **key)], project)

    report = load([task_of(answer("B"), **key), task_of()], project).report

    assert (Task.objects.count(), Annotation.objects.count()) == (2, 1)
    assert report.duplicates_skipped.tasks == [{"task": 1, "id": Task.objects.earliest("id").pk}]


def test_same_task_twice_in_one_file_is_skipped(project):
    assert load([task_of(external_id="a"), task_of(external_id="a")], project).report.duplicates_skipped.count == 1


def test_on_duplicate_error_refuses_everything(project):
    load([task_of(external_id="a")], project)

    with pytest.raises(Refused) as refused:
        load([task_of(), task_of(external_id="a")], project, on_duplicate="error")

    assert refused.value.code == "duplicate_task"
    assert refused.value.detail.startswith("task 2: ")
    assert Task.objects.count() == 1


def test_on_duplicate_update_brings_new_data_and_new_annotations(project):
    load([task_of(answer(unique_id=UUIDS[1]), external_id="a")], project)
    changed = task_of(answer("B", unique_id=UUIDS[1]), answer("C", unique_id=UUIDS[2], reviews=[review()]), external_id="a")

    report = load([changed | {"data": {"text": "Another"}}], project, on_duplicate="update").report

    task = Task.objects.get()
    assert (task.data, task.total_annotations, task.reviews_accepted) == ({"text": "Another"}, 2, 1)
    assert sorted(a.result[0]["value"]["choices"][0] for a in task.annotations.all()) == ["A", "C"]
    assert (report.tasks, report.annotations, report.duplicates_updated.count) == (0, 1, 1)


def test_taken_unique_id_of_an_annotation_is_replaced(project):
    for _ in range(2):
        report = load([task_of(answer(unique_id=UUIDS[1]))], project).report

    assert (Annotation.objects.count(), report.new_unique_ids) == (2, 1)


def test_other_project_takes_the_same_unique_ids(project):
    body = [task_of(answer(unique_id=UUIDS[1], reviews=[review(unique_id=UUIDS[2])]), unique_id=UUIDS[0])]
    load(body, project)

    load(body, factories.project())

    assert Task.objects.filter(unique_id=UUIDS[0]).count() == Annotation.objects.filter(unique_id=UUIDS[1]).count() == 2
    assert Review.objects.count() == 2


# --- what is refused ------------------------------------------------------------------------------------

GOOD = task_of(answer(reviews=[review()], unique_id=UUIDS[1]), predictions=[{"result": []}])


def broken(path: list[Any], value: Any) -> list[dict]:
    """Three tasks, the second of which has `value` at `path`."""
    bad = deepcopy(GOOD)
    at: Any = bad
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return [task_of(), bad, task_of()]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["data"], "text", "task 2: data: must be an object, not 'text'."),
        (["annotations"], {}, "task 2: annotations: must be a list, not an object."),
        (["annotations", 0], 7, "task 2: annotations[0]: must be an object, not 7."),
        (["annotations", 0, "completed_by"], "me", "task 2: annotations[0].completed_by: must be an e-mail, not 'me'."),
        (
            ["annotations", 0, "completed_by"],
            True,
            'task 2: annotations[0].completed_by: must be an id, an e-mail or {"email": …}, not true.',
        ),
        (["annotations", 0, "completed_by"], {"email": 4}, "task 2: annotations[0].completed_by.email: must be a text, not 4."),
        (["annotations", 0, "result"], "A", "task 2: annotations[0].result: must be a list, not 'A'."),
        (["annotations", 0, "result", 0], 5, "task 2: annotations[0].result[0]: must be a region (an object), not 5."),
        (["annotations", 0, "was_cancelled"], "no", "task 2: annotations[0].was_cancelled: must be true or false, not 'no'."),
        (["annotations", 0, "lead_time"], "long", "task 2: annotations[0].lead_time: must be a number, not 'long'."),
        (["annotations", 0, "unique_id"], "x", "task 2: annotations[0].unique_id: must be a UUID, not 'x'."),
        (
            ["annotations", 0, "created_at"],
            "x",
            "task 2: annotations[0].created_at: must be a time as 2026-01-31T12:00:00Z, not 'x'.",
        ),
        (
            ["annotations", 0, "reviews", 0, "accepted"],
            1,
            "task 2: annotations[0].reviews[0].accepted: must be true or false, not 1.",
        ),
        (["annotations", 0, "reviews", 0, "created_by"], 1.5, None),
        (["annotations", 0, "reviews", 0, "verdict"], "good", None),
        (["predictions", 0, "score"], "high", "task 2: predictions[0].score: must be a number, not 'high'."),
        (["predictions", 0], "v1", "task 2: predictions[0]: must be an object, not 'v1'."),
        (["data", "text"], "\x00", None),
        (["data", "text"], "\ud800", None),
        (["data", "text"], float("nan"), None),
        (["data", "text"], float("inf"), None),
        (["data", "text"], json.loads("[" * 100 + "]" * 100), "task 2: nested deeper than 64 levels."),
        (["data", "text"], 10**500, None),
        (["external_id"], "x" * 256, "task 2: external_id: must be at most 255 characters long."),
    ],
)
def test_one_bad_task_is_named_and_nothing_imported(project, path, value, words):
    with pytest.raises(Refused) as refused:
        load(broken(path, value), project)

    assert refused.value.status == 400
    assert (
        refused.value.detail == words
        if words
        else refused.value.detail.startswith("task 2: ") or "task 2: " in refused.value.detail
    )
    assert not Task.objects.exists() and not Import.objects.exists() and not User.objects.filter(is_placeholder=True).exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"   ",
        b"no json",
        b"7",
        b'"text"',
        b"null",
        b"[]",
        b"{}",
        b'{"tasks": 7}',
        b'{"tasks": []}',
        b'[{"text": "a"}',
        b'[{"text": "a"},]',
        b'[{"text": "a"}] tail',
        b'[{"text": "a}]',
        b'[{"text": "a"} {"text": "b"}]',
        b'[{"text": "\xff"}]',
        b"[1]",
        b"[[]]",
        b'[{"annotations": []}]',
        b'{"tasks": [{"text": "a"}], "users": 7}',
        b'{"tasks": [{"text": "a"}], "users": {"me": "a@b.org"}}',
        b'{"tasks": [{"text": "a"}], "users": {"4": "nobody"}}',
        b"[" * 1_000_000,
        b'{"a":' * 300_000,
    ],
    ids=lambda raw: repr(raw[:30]),
)
def test_what_is_no_list_of_tasks_is_refused(project, raw):
    with pytest.raises(Refused) as refused:
        load(raw, project)

    assert refused.value.status == 400
    assert not Task.objects.exists() and not Import.objects.exists()


def test_rule_of_the_database_names_the_tasks(project, monkeypatch):
    monkeypatch.setattr("api.importing.rows.uuid.uuid4", lambda: UUIDS[0])

    with pytest.raises(Refused, match=r"tasks 1 to 2: the database refuses one of them \(task_unique_id_unique\)"):
        load([task_of(), task_of()], project)


def test_project_that_validates_refuses_unknown_labels():
    strict = factories.project(validate_results=True)

    with pytest.raises(Refused, match=r"task 2: annotations\[0\].result: .*'Z'"):
        load([task_of(answer("A")), task_of(answer("Z"))], strict)


def test_file_longer_than_the_window_is_read_through(project, monkeypatch):
    monkeypatch.setattr("api.importing.source.CHUNK", 16)
    body = [task_of(answer(lead_time=12345.5), data={"text": 'ünïcödé 😀 \\ " ' * 20, "n": 123456}) for _ in range(3)]

    load(body, project)

    assert [task.data for task in Task.objects.order_by("id")] == [task["data"] for task in body]
