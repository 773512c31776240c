"""Imports: what is stored, whose work it is, and tasks that exist already."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exchange.importing.importer import Importing
from exchange.importing.options import ImportOptions
from reviews.models import Comment, Review
from tasks import totals
from tasks.choices import ActionType
from tasks.errors import Refused
from tasks.events import DomainEvent, domain_events
from tasks.models import Annotation, Draft, Import, Prediction, Task
from tasks.services.cleanup import delete_import
from tasks.services.tasks import next_inner_ids
from tests import factories
from tests.exchange.importing.files import UUIDS, answer, load, only_annotation, review, source_of, task_of
from tests.factories import client_of
from users.models import User

pytestmark = pytest.mark.django_db

DATA = Path("devserver/demo/data")


@pytest.fixture
def heard() -> Iterator[list[DomainEvent]]:
    """What is told from here on."""
    heard: list[DomainEvent] = []

    def note(events: list[DomainEvent], **_: Any) -> None:
        heard.extend(events)

    domain_events.connect(note)
    yield heard
    domain_events.disconnect(note)


# --- what is kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tasks", "annotations", "skipped"), [("sentiment", 48, 106, 4), ("boxes", 24, 30, 0)]
)
def test_label_studio_export_is_imported_completely(project, name, tasks, annotations, skipped):
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
    load(
        [
            task_of(
                answer(
                    unique_id=UUIDS[1], ground_truth=True, lead_time=3.5, created_at="2026-01-01T10:00:00Z"
                )
            )
        ],
        project,
    )

    annotation = only_annotation()
    assert (str(annotation.unique_id), annotation.ground_truth, annotation.lead_time) == (UUIDS[1], True, 3.5)
    assert annotation.created_at.isoformat() == "2026-01-01T10:00:00+00:00"
    assert annotation.imported_by.created_by == project.created_by


def test_short_form_is_the_data_alone(project):
    load([{"text": "a", "id": 3}], project)

    assert Task.objects.get().data == {"text": "a", "id": 3}


def test_comments_on_annotations_are_kept_and_others_reported(project):
    said = {"text": "Why?", "created_by": {"email": "rita@example.org"}, "created_at": "2026-01-02T10:00:00Z"}
    resolved = said | {"resolved_at": "2026-01-03T10:00:00Z", "region_ref": {"regionId": "a"}}

    report = load([task_of(answer(comments=[said, resolved]), comments=[said])], project).report

    comments = Comment.objects.order_by("id")
    assert [(c.text, c.is_resolved, c.region_ref) for c in comments] == [
        ("Why?", False, None),
        ("Why?", True, {"regionId": "a"}),
    ]
    assert comments[0].created_by.email.startswith("imported-rita")
    assert (report.comments, report.comments_ignored) == (2, 1)
    task = Task.objects.get()
    assert (task.comment_count, task.unresolved_comment_count) == (2, 1)
    assert task.last_comment_updated_at.isoformat() == "2026-01-02T10:00:00+00:00"


def test_drafts_are_their_authors(project):
    anna = factories.person("anna")
    mine = {"user": "anna@example.org", "result": factories.result("B"), "lead_time": 2}

    report = load([task_of(drafts=[mine, mine | {"annotation": 4}])], project).report

    draft = Draft.objects.get()
    assert (draft.user, draft.result, draft.annotation) == (anna, factories.result("B"), None)
    assert (report.drafts, report.drafts_ignored) == (1, 1)


def test_what_the_file_brought_does_not_keep_an_import_from_being_taken_back(project):
    said, mine = {"text": "Why?"}, {"user": "anna@example.org", "result": []}
    record = load([task_of(answer(comments=[said]), drafts=[mine])], project).record
    record.refresh_from_db()

    assert delete_import(record, actor=project.created_by) == 1


def test_import_sends_one_event_and_none_for_verdicts(project, heard):
    heard.clear()

    load([task_of(answer(last_action="accepted", reviews=[review()])), task_of()], project)

    assert [(event.kind, len(event.tasks)) for event in heard] == [("tasks_created", 2)]


# --- whose work it is -------------------------------------------------------------------------------


def test_author_is_found_by_email(project):
    anna = factories.person("anna")

    load([task_of(answer(completed_by={"id": 99, "email": "Anna@Example.org"}))], project)

    annotation = only_annotation()
    assert annotation.completed_by == annotation.written_by == annotation.version_author == anna


def test_bare_id_never_matches_a_user_by_coincidence(project):
    anna = factories.person("anna")

    load([task_of(answer(completed_by=anna.pk))], project)

    author = only_annotation().completed_by
    assert (author.email, author.is_active, author.is_placeholder) == (
        f"imported-{anna.pk}-project-{project.pk}@placeholder.invalid",
        False,
        True,
    )


@pytest.mark.parametrize(
    "users", [{"4": "anna@example.org"}, [{"id": 4, "email": "anna@example.org", "first_name": "Anna"}]]
)
def test_users_map_resolves_ids(project, users):
    anna = factories.person("anna")

    load([task_of(answer(completed_by=4))], project, users=users)

    assert only_annotation().completed_by == anna


def test_users_may_be_in_the_file(project):
    anna = factories.person("anna")

    load({"tasks": [task_of(answer(completed_by=4))], "users": {"4": "anna@example.org"}}, project)

    assert only_annotation().completed_by == anna


def test_unknown_email_becomes_a_placeholder_and_stays_free(project):
    load([task_of(answer(completed_by={"email": "anna@example.org"}))], project)

    name = f"imported-anna-at-example.org-project-{project.pk}"
    assert only_annotation().completed_by.email == f"{name}@placeholder.invalid"
    assert not User.objects.filter(email="anna@example.org").exists()


def test_placeholder_is_the_same_next_time(project):
    for _ in range(2):
        load([task_of(answer(completed_by=4))], project)

    assert User.objects.filter(is_placeholder=True).count() == 1


@pytest.mark.parametrize("key", [4, {"email": "anna@example.org"}, None])
def test_placeholder_belongs_to_one_project(project, key):
    load([task_of(answer(completed_by=key))], project)
    theirs, elsewhere = only_annotation().completed_by, factories.project()

    load([task_of(answer(completed_by={"email": theirs.email}))], elsewhere)
    load([task_of(answer(completed_by=key))], elsewhere)

    ours = set(Annotation.objects.filter(project=elsewhere).values_list("completed_by__email", flat=True))
    assert ours == {re.sub(r"\d+@", f"{elsewhere.pk}@", theirs.email)}
    assert Annotation.objects.get(project=project).completed_by == theirs


def test_placeholder_of_a_long_address_has_a_name_that_fits(project):
    long = f"ann@{'.'.join(['a' * 60] * 3)}.org"
    load([task_of(answer(completed_by={"email": long}))], project)
    assert only_annotation().completed_by.placeholder_for == long


def test_export_has_the_address_that_a_placeholder_had_in_the_file(house):
    signed = review(created_by={"email": "gone@example.org"})
    load([task_of(answer(completed_by={"email": "anna@example.org"}, reviews=[signed]))], house.project)
    elsewhere = factories.project()

    exports = []
    for source, into in ((house.project, elsewhere), (elsewhere, factories.project())):
        exported = client_of(house.admin).get(f"/api/projects/{source.pk}/export?exportType=JSON")
        body = json.loads(b"".join(exported.streaming_content))[-1]
        load([body | {"unique_id": None}], into)
        (annotation,) = body["annotations"]
        exports.append((annotation["completed_by_email"], annotation["reviews"][0]["created_by"]["email"]))

    assert exports == [("anna@example.org", "gone@example.org")] * 2
    assert User.objects.filter(placeholder_for="anna@example.org").count() == 3


def test_placeholders_of_a_refused_import_are_not_kept(project):
    load([task_of(external_id="a")], project)

    with pytest.raises(Refused):
        load([task_of(answer()), task_of(external_id="a")], project, on_duplicate="error")

    assert not User.objects.filter(is_placeholder=True).exists()
    assert (Import.objects.count(), next_inner_ids(project, 1)[0]) == (1, 2)


def test_missing_author_is_the_unknown_annotator_of_the_project(project):
    load([task_of(answer(completed_by=None))], project)

    assert only_annotation().completed_by.email == f"unknown-annotator-{project.pk}@placeholder.invalid"


def test_importer_may_review_what_they_imported(project):
    load([task_of(answer())], project)

    assert factories.reviewed(only_annotation(), project.created_by).review.verdict == ActionType.ACCEPTED


# --- identity -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [{"unique_id": UUIDS[0]}, {"external_id": "a-1"}, {"external_id": 17}])
def test_same_task_is_skipped_and_reported(project, key):
    load([task_of(answer(), **key)], project)

    report = load([task_of(answer("B"), **key), task_of()], project).report

    assert (Task.objects.count(), Annotation.objects.count()) == (2, 1)
    assert report.duplicates_skipped.tasks == [{"task": 1, "id": Task.objects.earliest("id").pk}]


def test_same_task_twice_in_one_file_is_skipped(project):
    assert (
        load([task_of(external_id="a"), task_of(external_id="a")], project).report.duplicates_skipped.count
        == 1
    )


def test_on_duplicate_error_refuses_everything(project):
    load([task_of(external_id="a")], project)

    with pytest.raises(Refused) as refused:
        load([task_of(), task_of(external_id="a")], project, on_duplicate="error")

    assert refused.value.code == "duplicate_task"
    assert refused.value.detail.startswith("task 2: ")
    assert Task.objects.count() == 1


def test_on_duplicate_update_brings_new_data_and_new_annotations(project):
    load([task_of(answer(unique_id=UUIDS[1]), external_id="a")], project)
    changed = task_of(
        answer("B", unique_id=UUIDS[1]), answer("C", unique_id=UUIDS[2], reviews=[review()]), external_id="a"
    )

    report = load([changed | {"data": {"text": "Another"}}], project, on_duplicate="update").report

    task = Task.objects.get()
    assert (task.data, task.total_annotations, task.reviews_accepted) == ({"text": "Another"}, 2, 1)
    assert sorted(a.result[0]["value"]["choices"][0] for a in task.annotations.all()) == ["B", "C"]
    assert (report.tasks, report.annotations, report.duplicates_updated.count) == (0, 1, 1)
    assert (report.annotations_updated, report.annotations_unchanged) == (1, 0)


def test_on_duplicate_update_twice_changes_nothing_more(project):
    guess = {"result": factories.result("B"), "score": 0.5}
    body = [task_of(answer(), answer("B", unique_id=UUIDS[1]), predictions=[guess], external_id="a")]
    load(body, project)

    report = load(body, project, on_duplicate="update").report

    assert (Annotation.objects.count(), Prediction.objects.count()) == (2, 1)
    assert (report.annotations, report.annotations_updated, report.annotations_unchanged) == (0, 0, 2)


SAID = {"text": "Why?", "created_by": {"email": "rita@example.org"}}
MINE = {"user": "anna@example.org", "result": factories.result("C")}
MORE = {
    "reviews": [review()],
    "last_action": "accepted",
    "comments": [SAID],
    "completed_by": "bob@example.org",
}


def update(project, body: Any, *, dry_run: bool, **options: Any) -> dict[str, Any]:
    if not dry_run:
        return load(body, project, on_duplicate="update", **options).report.as_dict()
    asked = ImportOptions(on_duplicate="update", **options)
    source = source_of(json.dumps(body).encode())
    return Importing(project, [source], actor=project.created_by, options=asked).rehearse()


@pytest.mark.parametrize("dry_run", [False, True])
def test_on_duplicate_update_reports_what_it_does_not_take(project, dry_run):
    load([task_of(answer(unique_id=UUIDS[1]), external_id="a")], project)
    body = [task_of(answer(unique_id=UUIDS[1], **MORE), answer("B"), external_id="a", drafts=[MINE])]

    report = update(project, body, dry_run=dry_run)

    assert (report["annotations"], report["annotations_unchanged"], report["reviews"]) == (1, 1, 0)
    assert (report["comments"], report["comments_ignored"], report["drafts_ignored"]) == (0, 1, 1)
    assert report["verdicts_not_kept"] == {
        "count": 1,
        "tasks": [{"task": 1, "annotation": 0, "reason": "annotation_exists"}],
        "reasons": {"annotation_exists": 1},
    }
    assert [one["path"] for one in report["warnings"]["items"]] == [
        "[0].annotations[0].completed_by",
        "[0].annotations[0].reviews",
        "[0].annotations[0].comments",
        "[0].drafts[0]",
    ]
    assert not Review.objects.exists() and not Comment.objects.exists() and not Draft.objects.exists()


@pytest.mark.parametrize("dry_run", [False, True])
def test_strict_refuses_an_update_that_does_not_take_everything(project, dry_run):
    load([task_of(answer(unique_id=UUIDS[1]), external_id="a")], project)
    body = [task_of(answer("B", unique_id=UUIDS[1], **MORE), external_id="a")]

    with pytest.raises(Refused) as refused:
        update(project, body, dry_run=dry_run, strict=True)

    assert refused.value.extra["body"]["error_count"] == 3
    assert only_annotation().result == factories.result("A")


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_update_with_the_same_verdicts_comments_and_drafts_leaves_nothing_out(project, dry_run):
    body = [task_of(answer(unique_id=UUIDS[1], **MORE), external_id="a", drafts=[MINE])]
    load(body, project)

    report = update(project, body, dry_run=dry_run, strict=True)

    assert (report["warnings"]["count"], report["verdicts_not_kept"]["count"]) == (0, 0)
    assert (report["annotations_unchanged"], report["comments_ignored"], report["drafts_ignored"]) == (
        1,
        0,
        0,
    )


def test_a_comment_that_is_here_is_recognised_without_its_author(project):
    load([task_of(answer(unique_id=UUIDS[1], comments=[SAID]), external_id="a")], project)
    body = [task_of(answer(unique_id=UUIDS[1], comments=[SAID | {"created_by": None}]), external_id="a")]

    assert update(project, body, dry_run=False, strict=True)["comments_ignored"] == 0


def test_taken_unique_id_of_an_annotation_is_replaced(project):
    twice = [task_of(answer(unique_id=UUIDS[1]), external_id=name) for name in ("a", "b")]

    report = load(twice, project).report

    assert (Annotation.objects.count(), report.new_unique_ids) == (2, 1)


def test_other_project_takes_the_same_unique_ids(project):
    body = [task_of(answer(unique_id=UUIDS[1], reviews=[review(unique_id=UUIDS[2])]), unique_id=UUIDS[0])]
    load(body, project)

    load(body, factories.project())

    assert (
        Task.objects.filter(unique_id=UUIDS[0]).count()
        == Annotation.objects.filter(unique_id=UUIDS[1]).count()
        == 2
    )
    assert Review.objects.count() == 2


def test_project_that_validates_results_refuses_unknown_labels():
    strict = factories.project(validate_results=True)

    with pytest.raises(Refused, match=r"task 2: annotations\[0\].result\[0\].value.choices: .*'Z'"):
        load([task_of(answer("A")), task_of(answer("Z"))], strict)
