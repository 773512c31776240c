"""Writing a report without JavaScript, submitting it, and what the public sees."""

import re

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audits import reports, scaffolds, submitting
from audits.models import Dataset, Report, Revision, Submission
from tests.audits import factories
from tests.factories import browser_of
from users.models import User

HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}\u202e\"'>"
WORDS = {"title": "Friendly hats", "error_type": "over", "category": "bias", "summary": "Nobody is hurt."}


@pytest.fixture
def report(dataset, ada) -> Report:
    return reports.create(factories.fitted(dataset, ada).model, actor=ada)


@pytest.fixture
def complete(report, ada) -> Report:
    return completed(report, ada)


@pytest.fixture
def register(settings) -> None:
    settings.AVID_API_URL, settings.BASE_URL = "http://127.0.0.1:9/", "https://audits.example"


def completed(report: Report, actor: User, **words: str) -> Report:
    report = reports.change(report, WORDS | words, actor=actor)
    comment = report.model.dataset.comments.earliest("pk").pk
    reports.add_evidence(report, [comment], actor=actor)
    return reports.complete(report, actor=actor)


def at(report: Report, more: str = "") -> str:
    return f"/audits/reports/{report.pk}/{more}"


def text(page) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())


def test_scaffolds_are_begun_from_the_list(report, ada):
    browser, address = browser_of(ada), f"/audits/models/{report.model_id}/reports/"
    begun = browser.post(address, {"scaffold": "prompts"}, follow=True)
    assert [one.title for one in begun.context["page"]][:5] == [
        "What drives people away",
        "Some of us more than others",
        "Subjects that are ours",
        "Hostility in polite words",
        "Words we use among ourselves",
    ]
    assert "without a title" in text(begun)
    assert "already" in text(browser.post(address, {"scaffold": "prompts"}, follow=True))
    alone = browser.post(address, {"scaffold": "tutorial"})
    assert alone["Location"] == at(Report.objects.get(scaffold="tutorial"))
    assert browser.post(address, {"scaffold": "none"}).status_code == 400


def test_personal_reports_of_a_model_without_a_fit_say_what_to_do(dataset, ada):
    model = factories.personal(dataset, ada)
    refused = browser_of(ada).post(f"/audits/models/{model.pk}/reports/", {"scaffold": "personal"})
    assert refused.status_code == 400
    assert "label comments, then fit it" in text(refused)


def test_a_data_set_with_small_topics_only_has_no_fixed_reports(report, ada):
    Dataset.objects.update(min_topic_comments=1000)
    answer = browser_of(ada).post(
        f"/audits/models/{report.model_id}/reports/", {"scaffold": "fixed"}, follow=True
    )
    assert "No topic has enough comments for this." in text(answer)


def test_a_draft_says_what_it_needs_and_is_completed_with_what_was_typed(report, ada):
    browser = browser_of(ada)
    assert "a title; whether the system is under- or over-sensitive; a category" in text(
        browser.get(at(report))
    )
    refused = browser.post(at(report), WORDS | {"act": "complete", "edits": 0})
    assert (refused.status_code, refused.context["values"]) == (400, WORDS)
    assert "Missing: at least one comment as evidence." in text(refused)
    reports.add_evidence(report, [report.model.dataset.comments.earliest("pk").pk], actor=ada)
    shown = browser.post(at(report), WORDS | {"act": "complete", "edits": 1}, follow=True)
    assert "It is complete. Nobody else sees it until you submit it." in text(shown)
    again = browser.post(at(report), {"act": "reopen"}, follow=True)
    assert again.context["report"].state == "draft"


def test_saving_a_stale_form_keeps_what_was_typed_and_shows_what_is_there(report, ada):
    reports.change(report, {"title": "From another tab"}, actor=ada)
    typed = WORDS | {"edits": 0, "act": "save"}
    refused = browser_of(ada).post(at(report), typed)
    assert refused.status_code == 400
    assert refused.context["values"] == WORDS
    assert refused.context["stored"] == {"title": "From another tab"} | dict.fromkeys([*WORDS][1:], "")
    report.refresh_from_db()
    assert report.title == "From another tab"
    # The form that came back may be saved over it.
    browser_of(ada).post(at(report), typed | {"edits": refused.context["report"].edits})
    report.refresh_from_db()
    assert report.title == WORDS["title"]


def test_autosave_answers_the_number_to_name_next(report, ada):
    browser = browser_of(ada)

    def autosave(edits: int, **words: str) -> tuple[int, str]:
        answer = browser.post(at(report), {"act": "autosave", "edits": edits} | words)
        return answer.status_code, answer.content.decode()

    assert autosave(0, title="One") == (200, "1")
    assert autosave(0, title="Two")[0] == 412
    assert autosave(1, title="x" * 201) == (400, "At most 200 characters; these are 201.")
    assert autosave(1, title="Three") == (200, "2")


def test_a_tab_that_is_still_open_does_not_reopen_what_was_completed(complete, ada):
    stale = browser_of(ada).post(at(complete), {"act": "autosave", "edits": 1, "title": "Typed late"})
    shown = browser_of(ada).post(at(complete), {"act": "save", "edits": 1, "title": "Typed late"})
    assert (stale.status_code, shown.status_code) == (412, 400)
    assert "Typed late" in text(shown)
    complete.refresh_from_db()
    assert (complete.state, complete.title) == ("complete", WORDS["title"])


def test_evidence_is_removed_and_what_was_typed_beside_it_is_saved(report, ada):
    [one] = reports.add_evidence(report, [report.model.dataset.comments.earliest("pk").pk], actor=ada)
    browser_of(ada).post(at(report), WORDS | {"edits": 0, "act": f"remove-{one.pk}"})
    report.refresh_from_db()
    assert (report.title, report.evidence.count()) == (WORDS["title"], 0)


def test_a_report_is_deleted_until_it_was_submitted(complete, ada, register):
    submitting.submit(complete, actor=ada)
    assert "it stays" in text(browser_of(ada).post(at(complete), {"act": "delete"}))
    other = reports.create(complete.model, actor=ada)
    assert browser_of(ada).post(at(other), {"act": "delete"}).status_code == 302
    assert list(Report.objects.all()) == [complete]


def test_before_submitting_one_sees_what_is_sent_and_nothing_is_stored(complete, ada, register):
    browser, credit = browser_of(ada), {"name": "Ada Byron", "email": "ada@example.org"}
    first = browser.get(at(complete, "submit/"))
    url = f"https://audits.example/audits/public/{Revision.objects.get().public_id}/"
    assert first.context["public_url"] == url
    assert WORDS["summary"] in text(first)
    assert "Ada" not in first.context["json"]
    without = browser.post(at(complete, "submit/"), credit | {"act": "preview"})
    assert "Ada" not in without.context["json"]
    agreed = browser.post(at(complete, "submit/"), credit | {"act": "preview", "consent": "on"})
    assert "Ada Byron <ada@example.org>" in agreed.context["json"]
    wrong = browser.post(
        at(complete, "submit/"), {"act": "submit", "consent": "on", "email": "nobody", "name": "Ada"}
    )
    assert (wrong.status_code, wrong.context["credit"]["name"]) == (400, "Ada")
    assert not Submission.objects.exists()


def test_submitting_twice_submits_once_and_shows_its_state(complete, ada, register):
    browser = browser_of(ada)
    for _ in range(2):
        shown = browser.post(at(complete, "submit/"), {"act": "submit", "name": "Ada"}, follow=True)
    [submission] = Submission.objects.all()
    assert (submission.state, submission.name, submission.consent) == ("queued", "", False)
    assert "You have submitted it. It is sent to the register." in text(shown)
    assert "without a name" in text(shown)
    assert browser.get(at(complete, "submit/")).status_code == 302


def test_what_became_of_it_is_in_the_language_of_the_page(complete, ada, register):
    submission = submitting.submit(complete, actor=ada)
    submitting.mark_failed(submission, actor=factories.admin(), reason="Sent by mistake.")
    chinese = Client(headers={"Accept-Language": "zh-CN"})
    chinese.force_login(ada)
    page = chinese.get(at(complete)).content.decode()
    assert '<span class="state failed">被拒绝</span>' in page
    assert '<small lang="en">Sent by mistake.</small>' in page


def test_a_draft_cannot_be_submitted(report, ada, register):
    for shown in (
        browser_of(ada).get(at(report, "submit/"), follow=True),
        browser_of(ada).post(at(report, "submit/"), {"act": "submit"}, follow=True),
    ):
        assert "Before it is complete it needs" in text(shown)
    assert not Submission.objects.exists()


def test_without_a_register_the_page_says_so(complete, ada, settings):
    settings.AVID_API_URL = ""
    page = browser_of(ada).get(at(complete, "submit/"))
    assert "not connected to a register" in text(page)
    assert "make it public" not in text(page)


def public(report: Report):
    return Client().get(f"/audits/public/{Revision.objects.get(report=report).public_id}/")


@pytest.mark.parametrize(("consent", "by"), [(False, "Somebody who gave no name"), (True, "Ada Byron")])
def test_the_public_page_is_there_once_submitted_and_names_nobody_without_consent(
    complete, ada, register, consent, by
):
    assert public(complete).status_code == 404
    submitting.submit(complete, actor=ada, name="Ada Byron", email="ada@example.org", consent=consent)
    page = public(complete)
    assert (page.status_code, page["X-Robots-Tag"]) == (200, "noindex")
    assert 'name="robots" content="noindex"' in page.content.decode()
    assert WORDS["summary"] in text(page)
    assert by in text(page)
    personal = {ada.email, "ada@example.org", complete.model.name, *([] if consent else ["Ada Byron"])}
    assert [one for one in personal if one in page.content.decode()] == []


def test_the_public_page_stays_as_it_was_submitted(complete, ada, register):
    submitting.submit(complete, actor=ada)
    before = text(public(complete))
    report = reports.change(complete, {"title": "Changed later"}, actor=ada)
    report.evidence.all().delete()
    Dataset.objects.update(threshold=1)
    assert text(public(complete)) == before


def test_the_public_page_goes_with_its_project(house, register):
    dataset = factories.dataset(project=house.project)
    report = completed(
        reports.create(factories.fitted(dataset, house.annotator).model, actor=house.annotator),
        house.annotator,
    )
    submitting.submit(report, actor=house.annotator)
    assert public(report).status_code == 200
    house.project.deleted_at = report.created_at
    house.project.save(update_fields=["deleted_at"])
    assert public(report).status_code == 404


def test_hostile_words_stay_words(report, ada, register):
    report.model.dataset.comments.update(text=HOSTILE)
    Dataset.objects.update(title=HOSTILE, artifact_name=HOSTILE)
    complete = completed(report, ada, title=HOSTILE, summary=HOSTILE)
    browser = browser_of(ada)
    pages = [browser.get(at(complete)), browser.get(at(complete, "submit/"))]
    submitting.submit(complete, actor=ada, name="<b>Ada</b>", consent=True)
    pages += [public(complete), browser.get(at(complete))]
    reports.reopen(complete, actor=ada)
    pages += [browser.get(at(complete)), browser.get(f"/audits/models/{complete.model_id}/reports/")]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()
        assert "<b>Ada" not in page.content.decode()
        assert "{{ 7|add:7 }}" in page.content.decode()


def counts_of_rows() -> dict[str, int]:
    return {model.__name__: model._base_manager.count() for model in apps.get_models()}


def test_reading_writes_nothing(complete, ada, register):
    scaffolds.start(complete.model, "prompts", actor=ada)
    submitting.submit(complete, actor=ada)
    draft = Report.objects.filter(state="draft").first()
    browser = browser_of(ada)
    browser.get("/audits/")
    before = counts_of_rows()
    for address in (
        f"/audits/models/{complete.model_id}/reports/",
        at(complete),
        at(draft),
        f"/audits/public/{Revision.objects.get().public_id}/",
    ):
        assert browser.get(address).status_code == 200
    assert counts_of_rows() == before


def test_other_peoples_reports_are_not_found(complete, ben):
    browser = browser_of(ben)
    for address in (at(complete), at(complete, "submit/"), f"/audits/models/{complete.model_id}/reports/"):
        assert browser.get(address).status_code == 404
        for act in ("save", "complete", "reopen", "delete", "submit", "autosave", "preview"):
            sent = {"act": act, "title": "Mine", "edits": 2, "scaffold": "empty"}
            assert browser.post(address, sent).status_code == 404
    [report] = Report.objects.all()
    assert (report.title, report.state) == (WORDS["title"], "complete")
    assert not Submission.objects.exists()


def test_the_list_takes_as_many_queries_for_one_as_for_three(report, ada):
    browser, address = browser_of(ada), f"/audits/models/{report.model_id}/reports/"
    browser.get(address)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        counts.append(len(queries))
        scaffolds.start(report.model, "prompts", actor=ada)
    assert counts[0] == counts[1]
