import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audits import reports
from audits.models import Evidence, Report, Revision, Submission, Version
from tests.factories import client_of

from .. import factories

WORDS = {"title": "Hats", "error_type": "over", "category": "bias", "summary": "Nobody is hurt.\n"}


@pytest.fixture
def version(dataset, ada) -> Version:
    return factories.fitted(dataset, ada)


@pytest.fixture
def report(version, ada) -> Report:
    return reports.create(version.model, actor=ada)


def path(report: Report, more: str = "") -> str:
    return f"/api/audits/reports/{report.pk}/{more}"


def comments(report: Report, n: int = 1) -> list[int]:
    return list(report.model.dataset.comments.order_by("pk").values_list("pk", flat=True)[:n])


def test_a_report_from_empty_to_complete(version, ada):
    client, model = client_of(ada), version.model_id
    made = client.post(f"/api/audits/models/{model}/reports/", {}, format="json")
    assert made.status_code == 201
    body = made.json()
    report = Report.objects.get()
    stamps = {name: body[name] for name in ("created_at", "changed_at")}
    empty = dict.fromkeys(WORDS, "")
    assert body == {
        "id": report.pk,
        "model": model,
        **empty,
        "scaffold": "empty",
        "hint": "",
        "topic": None,
        "state": "draft",
        "edits": 0,
        "revision": 0,
        "evidence_count": 0,
        **stamps,
        "missing": [*WORDS, "evidence"],
        "evidence": [],
    }
    changed = client.patch(path(report), WORDS | {"edits": 0}, format="json").json()
    assert {name: changed[name] for name in WORDS} == WORDS
    assert (changed["edits"], changed["missing"]) == (1, ["evidence"])
    added = client.post(path(report, "evidence/"), {"comments": comments(report)}, format="json")
    [evidence] = Evidence.objects.all()
    assert added.status_code == 201
    assert added.json() == [
        {
            "id": evidence.pk,
            "comment": evidence.comment_id,
            "external_id": evidence.external_id,
            "text": evidence.text,
            "topic": evidence.topic,
            "system": evidence.system,
            "predicted": evidence.predicted,
            "label": evidence.label,
            "version": 1,
            "created_at": added.json()[0]["created_at"],
        }
    ]
    complete = client.post(path(report, "complete/"), {"edits": 1}, format="json").json()
    assert (complete["state"], complete["revision"], complete["missing"]) == ("complete", 1, [])
    [revision] = client.get(path(report, "revisions/")).json()["results"]
    assert revision["number"] == 1
    assert revision["body"] == Revision.objects.get().body
    assert client.delete(path(report, f"evidence/{evidence.pk}/")).status_code == 204
    assert client.get(path(report)).json()["state"] == "draft"
    assert client.delete(path(report)).status_code == 204
    assert client.get(path(report)).status_code == 404


def test_a_stale_tab_is_told_what_is_there_now(report, ada):
    client = client_of(ada)
    client.patch(path(report), {"title": "In one tab", "edits": 0}, format="json")
    refused = client.patch(path(report), {"title": "In another", "edits": 0}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "stale")
    assert refused.json()["current"] == dict.fromkeys(WORDS, "") | {"title": "In one tab", "edits": 1}


def test_what_is_missing_is_named(report, ada):
    refused = client_of(ada).post(path(report, "complete/"), {}, format="json").json()
    assert (refused["code"], refused["missing"]) == ("incomplete", [*WORDS, "evidence"])
    assert refused["detail"] == (
        "Not complete yet. Missing: a title; whether the system is under- or over-sensitive; a category; "
        "a summary; at least one comment as evidence."
    )


def test_a_scaffold_is_begun_once(version, ada):
    client, url = client_of(ada), f"/api/audits/models/{version.model_id}/reports/scaffold/"
    made = client.post(url, {"scaffold": "prompts"}, format="json")
    again = client.post(url, {"scaffold": "prompts"}, format="json")
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json() == again.json()
    assert [one["scaffold"] for one in made.json()] == ["prompts"] * 5
    assert client.post(url, {"scaffold": "none"}, format="json").status_code == 400


@pytest.fixture
def complete(report, ada, settings) -> Report:
    settings.AVID_API_URL, settings.BASE_URL = "http://127.0.0.1:9/", "https://audits.example"
    reports.change(report, WORDS, actor=ada)
    reports.add_evidence(report, comments(report), actor=ada)
    return reports.complete(report, actor=ada)


def test_submitted_twice_it_is_sent_once(complete, ada):
    client, credit = client_of(ada), {"name": "Ada", "email": "ada@example.org"}
    answers = [client.post(path(complete, "submit/"), credit, format="json") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    body, revision = answers[0].json(), Revision.objects.get()
    assert body == answers[1].json()
    assert body == {
        "number": 1,
        "created_at": body["created_at"],
        "public_url": f"https://audits.example/audits/public/{revision.public_id}/",
        "body": revision.body,
        "submission": {
            "state": "queued",
            "consent": False,
            "name": "",
            "email": "",
            "attempts": 0,
            "last_error": "",
            "register_id": None,
            "register_status": "",
            "created_at": body["submission"]["created_at"],
            "submitted_at": None,
        },
    }
    assert client.get(path(complete)).json()["state"] == "queued"
    assert client.get(path(complete, "revisions/")).json()["results"] == [body]


def test_the_preview_is_what_is_sent(complete, ada):
    client, credit = client_of(ada), {"name": "Ada", "email": "ada@example.org", "consent": True}
    preview = client.post(path(complete, "preview/"), credit, format="json").json()
    assert not Submission.objects.exists()
    client.post(path(complete, "submit/"), credit, format="json")
    assert preview == Submission.objects.get().body
    assert "Ada <ada@example.org>" in str(preview)


def test_a_draft_is_not_submitted(report, ada):
    for what in ("submit/", "preview/"):
        refused = client_of(ada).post(path(report, what), {}, format="json")
        assert (refused.status_code, refused.json()["code"]) == (400, "not_complete")


WRONG = [
    ("patch", "", {"error_type": "sideways"}),
    ("patch", "", {"title": "x" * 201}),
    ("patch", "", {"summary": "\0"}),
    ("patch", "", {"edits": -1}),
    ("post", "evidence/", {}),
    ("post", "evidence/", {"comments": []}),
    ("post", "evidence/", {"comments": [0]}),
    ("post", "evidence/", {"comments": [2**70]}),
    ("post", "evidence/", {"comments": "all"}),
    ("post", "complete/", {"edits": 7}),
]


@pytest.mark.parametrize(("method", "more", "body"), WRONG)
def test_wrong_bodies_are_refused_and_change_nothing(report, ada, method, more, body):
    before = Report.objects.values().get()
    assert getattr(client_of(ada), method)(path(report, more), body, format="json").status_code == 400
    assert (Report.objects.values().get(), Evidence.objects.count()) == (before, 0)


def test_a_version_that_does_not_exist_is_not_found(report, ada):
    body = {"comments": comments(report), "version": 2}
    assert client_of(ada).post(path(report, "evidence/"), body, format="json").status_code == 404


def test_other_peoples_reports_are_not_found(report, ada, ben):
    reports.change(report, WORDS, actor=ada)
    [evidence] = reports.add_evidence(report, comments(report), actor=ada)
    before, client = Report.objects.values().get(), client_of(ben)
    for method, url in (
        ("get", path(report)),
        ("patch", path(report)),
        ("delete", path(report)),
        ("post", path(report, "evidence/")),
        ("delete", path(report, f"evidence/{evidence.pk}/")),
        ("post", path(report, "complete/")),
        ("post", path(report, "submit/")),
        ("post", path(report, "preview/")),
        ("get", path(report, "revisions/")),
        ("get", f"/api/audits/models/{report.model_id}/reports/"),
        ("post", f"/api/audits/models/{report.model_id}/reports/"),
        ("post", f"/api/audits/models/{report.model_id}/reports/scaffold/"),
    ):
        assert getattr(client, method)(url, {}, format="json").status_code == 404, url
    assert (Report.objects.values().get(), Evidence.objects.get()) == (before, evidence)


@pytest.mark.parametrize("more", ["", "revisions/"])
def test_reading_takes_as_many_queries_for_much_evidence(report, ada, more):
    client, counts = client_of(ada), []
    client.get(path(report))  # reads who asks
    for n in (1, 3):
        reports.add_evidence(report, comments(report, n), actor=ada)
        reports.change(report, WORDS | {"title": str(n)}, actor=ada)
        reports.complete(report, actor=ada)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path(report, more)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_list_takes_as_many_queries_for_one_as_for_three(version, ada):
    client, counts = client_of(ada), []
    client.get("/api/audits/datasets/")  # reads who asks
    for n in (1, 2):
        for _ in range(n):
            one = reports.create(version.model, actor=ada)
            reports.add_evidence(one, comments(one, n), actor=ada)
        with CaptureQueriesContext(connection) as queries:
            found = client.get(f"/api/audits/models/{version.model_id}/reports/").json()
        counts.append(len(queries))
    assert [one["evidence_count"] for one in found["results"]] == [2, 2, 1]
    assert counts[0] == counts[1]
