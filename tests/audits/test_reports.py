"""The life of a report, from a draft to what is submitted, and who may touch it."""

import threading

import numpy as np
import pytest
from django.db import connection, transaction

from audits import audit_models, fitting, reports, results
from audits.corpus import corpus_of, predictions
from audits.models import (
    Comment,
    Evidence,
    Label,
    Report,
    ReportState,
    Revision,
    Submission,
    SubmissionState,
    Version,
)
from tests.factories import person
from users.errors import Refused

from . import factories

WORDS = {
    "title": "Friendly hats are removed",
    "error_type": "over",
    "category": "bias",
    "summary": "Nobody is hurt by a hat.\nYet such comments go.",
}


@pytest.fixture
def version(dataset, ada) -> Version:
    return factories.fitted(dataset, ada)


@pytest.fixture
def draft(version, ada) -> Report:
    return reports.create(version.model, actor=ada)


@pytest.fixture
def complete(draft, ada) -> Report:
    return completed(draft, ada)


def completed(report: Report, actor) -> Report:
    report = reports.change(report, WORDS, actor=actor)
    reports.add_evidence(report, [some_comments(report)[0].pk], actor=actor)
    return reports.complete(report, actor=actor)


def some_comments(report: Report, n: int = 3) -> list[Comment]:
    return list(report.model.dataset.comments.order_by("pk")[:n])


def submitted(report: Report, state: str = SubmissionState.QUEUED) -> Submission:
    """As the sender of the register leaves it."""
    with transaction.atomic():
        revision = Revision.objects.get(report=report, number=report.revision)
        reports.record_state(revision, ReportState(state))
        return Submission.objects.create(
            revision=revision,
            body={},
            state=state,
            **({} if state == "queued" else {"next_attempt_at": None}),
        )


def test_a_report_is_empty_at_first_and_complete_when_all_is_there(draft, ada):
    assert (draft.state, draft.revision, draft.edits) == ("draft", 0, 0)
    lacking = ["title", "error_type", "category", "summary", "evidence"]
    assert reports.missing(draft) == lacking
    with pytest.raises(Refused) as refused:
        reports.complete(draft, actor=ada)
    assert (refused.value.code, refused.value.extra["body"]) == ("incomplete", {"missing": lacking})
    report = reports.change(draft, WORDS, actor=ada)
    assert reports.missing(report) == ["evidence"]
    reports.add_evidence(report, [some_comments(report)[0].pk], actor=ada)
    report = reports.complete(report, actor=ada)
    assert (report.state, report.revision) == ("complete", 1)


@pytest.mark.parametrize("name", ["title", "error_type", "category", "summary"])
def test_no_complete_report_lacks_a_field(complete, ada, name):
    report = reports.change(complete, {name: " \n" if name == "summary" else ""}, actor=ada)
    with pytest.raises(Refused) as refused:
        reports.complete(report, actor=ada)
    assert (refused.value.code, refused.value.field) == ("incomplete", name)
    report.refresh_from_db()
    assert (report.state, report.revision) == ("draft", 1)


def test_a_revision_has_all_that_is_public_and_nothing_of_the_person(complete, version, ada):
    [evidence] = complete.evidence.all()
    dataset = version.model.dataset
    assert Revision.objects.get(report=complete).body == {
        **WORDS,
        "judgement": {"kind": "personal", "topic": None, "group": {}},
        "system": {
            "dataset": dataset.title,
            "name": dataset.artifact_name,
            "type": "System",
            "developers": dataset.developers,
            "deployers": dataset.deployers,
            "scale_max": 4,
            "threshold": 2.0,
        },
        "evidence": [
            {
                "external_id": evidence.external_id,
                "text": evidence.text,
                "topic": evidence.topic,
                "system": evidence.system,
                "predicted": evidence.predicted,
                "label": evidence.label,
                "version": 1,
            }
        ],
    }


def test_evidence_stays_as_it_was_when_labels_fits_and_comments_change(draft, version, ada):
    label = version.model.labels.first()
    [before] = reports.add_evidence(draft, [label.comment_id], actor=ada)
    assert (before.version, before.label) == (version, label.value)
    Label.objects.filter(model=version.model).update(value=0)
    newer = fitting.fit(version.model)
    Comment.objects.filter(pk=label.comment_id).update(text="Another text", system=0)
    [after] = reports.add_evidence(draft, [label.comment_id], actor=ada, version=newer)
    assert Evidence.objects.filter(report=draft).values().get() == {
        **Evidence.objects.filter(pk=before.pk).values().get(),
        "text": before.text,
        "predicted": before.predicted,
        "label": label.value,
    }
    assert after == before
    Comment.objects.filter(pk=label.comment_id).delete()
    after.refresh_from_db()
    assert (after.comment, after.text, after.system) == (None, before.text, before.system)


def test_evidence_is_of_the_newest_version_or_of_that_which_was_looked_at(draft, version, ada):
    first, second, _ = some_comments(draft)
    newest = fitting.fit(version.model)
    [one] = reports.add_evidence(draft, [first.pk], actor=ada)
    [two] = reports.add_evidence(draft, [second.pk], actor=ada, version=version)
    assert (one.version, two.version) == (newest, version)
    corpus = corpus_of(draft.model.dataset)
    for evidence, of in ((one, newest), (two, version)):
        place = corpus.positions(np.array([evidence.comment_id]))[0]
        assert evidence.predicted == predictions(fitting.require_version(version.model, of.number))[place]


def test_evidence_without_a_fitted_model_is_what_the_system_says(version, ada):
    unfitted = reports.create(factories.personal(version.model.dataset, ada, "Not fitted"), actor=ada)
    comment = some_comments(unfitted)[0]
    [evidence] = reports.add_evidence(unfitted, [comment.pk], actor=ada)
    assert (evidence.version, evidence.predicted, evidence.system) == (None, None, comment.system)


def test_a_topics_model_knows_the_labels_of_its_parent(version, ada):
    label = version.model.labels.first()
    topic = version.model.dataset.topics.get(number=0)
    tuned = audit_models.create(
        version.model.dataset, actor=ada, name="Tuned", kind="topic", parent=version.model, topic=topic
    )
    fitting.fit(tuned)
    report = reports.create(tuned, actor=ada)
    [evidence] = reports.add_evidence(report, [label.comment_id], actor=ada)
    asked = results.Query(ids=[label.comment_id])
    [shown] = results.select(tuned.dataset, fitting.require_version(tuned), asked).rows()
    assert evidence.label == shown.label == label.value


def refusal_of_evidence(report, ids, actor, **more):
    with pytest.raises(Refused) as refused:
        reports.add_evidence(report, ids, actor=actor, **more)
    return refused.value.code


def test_evidence_that_is_refused_adds_nothing(draft, ada, ben):
    mine = some_comments(draft)[0].pk
    elsewhere = factories.dataset(is_fitted=False).comments.first().pk
    assert refusal_of_evidence(draft, [mine, elsewhere], ada) == "unknown_comment"
    assert refusal_of_evidence(draft, [mine, 2**70], ada) == "unknown_comment"
    assert refusal_of_evidence(draft, [], ada) == "invalid_comments"
    many = [one.pk for one in some_comments(draft, reports.MAX_EVIDENCE + 1)]
    assert refusal_of_evidence(draft, many, ada) == "invalid_comments"
    foreign = factories.fitted(draft.model.dataset, ben)
    assert refusal_of_evidence(draft, [mine], ada, version=foreign) == "invalid_version"
    assert not draft.evidence.exists()
    reports.add_evidence(draft, many[:-1], actor=ada)
    assert refusal_of_evidence(draft, many[-1:], ada) == "too_much_evidence"


def test_a_change_that_names_an_older_state_is_refused_with_the_present_one(draft, ada):
    reports.change(draft, {"title": "In one tab"}, actor=ada, edits=0)
    with pytest.raises(Refused) as refused:
        reports.change(draft, {"title": "In another tab", "summary": "Long"}, actor=ada, edits=0)
    current = {"edits": 1, "title": "In one tab", "error_type": "", "category": "", "summary": ""}
    assert (refused.value.code, refused.value.extra["body"]["current"]) == ("stale", current)
    draft.refresh_from_db()
    assert (draft.title, draft.summary) == ("In one tab", "")
    assert reports.change(draft, {"title": "Over it"}, actor=ada).title == "Over it"


def test_evidence_from_another_page_does_not_make_a_tab_stale(draft, ada):
    reports.add_evidence(draft, [some_comments(draft)[0].pk], actor=ada)
    assert reports.change(draft, {"title": "Typed meanwhile"}, actor=ada, edits=0).edits == 1


def test_what_changes_nothing_is_no_change(complete, ada):
    assert reports.change(complete, WORDS, actor=ada).state == ReportState.COMPLETE
    sent_by_browser = {"title": f"  {WORDS['title']} ", "summary": WORDS["summary"].replace("\n", "\r\n")}
    assert reports.change(complete, sent_by_browser, actor=ada).edits == complete.edits


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "x" * 201}, "text_too_long"),
        ({"summary": "x" * 10_001}, "text_too_long"),
        ({"title": "a\0b"}, "invalid_text"),
        ({"summary": "\ud800"}, "invalid_text"),
        ({"title": None}, "invalid_text"),
        ({"error_type": "sideways"}, "invalid_error_type"),
        ({"category": "Bias"}, "invalid_category"),
        ({"state": "submitted"}, "unknown_field"),
    ],
)
def test_what_cannot_be_stored_is_refused(complete, ada, changes, code):
    with pytest.raises(Refused) as refused:
        reports.change(complete, changes, actor=ada)
    assert (refused.value.code, refused.value.field) == (code, next(iter(changes)))
    complete.refresh_from_db()
    assert complete.state == ReportState.COMPLETE


@pytest.mark.parametrize("state", ["queued", "submitted", "failed", "uncertain"])
def test_editing_after_submission_makes_a_new_revision(complete, ada, state):
    submission = submitted(complete, SubmissionState.QUEUED)
    complete.refresh_from_db()
    assert complete.state == "queued"
    with transaction.atomic():
        reports.record_state(submission.revision, ReportState(state))
    first = submission.revision.body
    report = reports.change(complete, {"title": "More precise"}, actor=ada)
    assert report.state == "draft"
    with transaction.atomic():  # the answer of the register comes now
        reports.record_state(submission.revision, ReportState.SUBMITTED)
    report = reports.complete(report, actor=ada)
    assert (report.state, report.revision) == ("complete", 2)
    bodies = dict(Revision.objects.filter(report=report).values_list("number", "body"))
    assert (bodies[1], bodies[2]["title"]) == (first, "More precise")


def test_completed_again_without_a_change_it_is_still_the_revision_that_was_sent(complete, ada):
    submitted(complete)
    report = reports.reopen(complete, actor=ada)
    assert report.state == "draft"
    report = reports.complete(report, actor=ada)
    assert (report.state, report.revision, report.revisions.count()) == ("queued", 1, 1)


def test_evidence_makes_a_complete_report_a_draft(complete, ada):
    [evidence] = complete.evidence.all()
    reports.add_evidence(complete, [evidence.comment_id], actor=ada)  # it is there already
    complete.refresh_from_db()
    assert complete.state == "complete"
    reports.remove_evidence(complete, evidence.pk, actor=ada)
    complete.refresh_from_db()
    assert (complete.state, reports.missing(complete)) == ("draft", ["evidence"])


def test_a_report_is_deleted_unless_it_was_submitted(complete, draft, version, ada):
    other = reports.create(version.model, actor=ada)
    reports.delete(other, actor=ada)
    submitted(complete)
    with pytest.raises(Refused) as refused:
        reports.delete(complete, actor=ada)
    assert refused.value.code == "report_submitted"
    assert list(Report.objects.all()) == [complete]


def test_another_person_finds_nothing(complete, version, ben):
    evidence = complete.evidence.get()
    before = list(Report.objects.values()), list(Evidence.objects.values())
    for act in (
        lambda: reports.get_visible(ben, complete.pk),
        lambda: reports.create(version.model, actor=ben),
        lambda: reports.change(complete, {"title": "Mine"}, actor=ben),
        lambda: reports.reopen(complete, actor=ben),
        lambda: reports.complete(complete, actor=ben),
        lambda: reports.add_evidence(complete, [evidence.comment_id], actor=ben),
        lambda: reports.remove_evidence(complete, evidence.pk, actor=ben),
        lambda: reports.delete(complete, actor=ben),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.status == 404
    assert (list(Report.objects.values()), list(Evidence.objects.values())) == before


def test_a_model_has_so_many_reports_and_no_more(version, ada, monkeypatch):
    monkeypatch.setattr(reports, "MAX_REPORTS", 1)
    reports.create(version.model, actor=ada)
    with pytest.raises(Refused) as refused:
        reports.create(version.model, actor=ada)
    assert refused.value.code == "too_many_reports"


@pytest.mark.django_db(transaction=True)
def test_of_two_tabs_that_save_at_once_one_is_told():
    ada = person("ada")
    report = reports.create(factories.fitted(factories.dataset(), ada).model, actor=ada)
    told: list[str] = []
    together = threading.Barrier(2)

    def save(title: str) -> None:
        together.wait()
        try:
            reports.change(report, {"title": title}, actor=ada, edits=0)
        except Refused as refused:
            told.append(refused.code)
        finally:
            connection.close()

    tabs = [threading.Thread(target=save, args=[title]) for title in ("One", "Two")]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert told == ["stale"]
    assert Report.objects.get().edits == 1
