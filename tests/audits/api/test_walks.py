"""Over every route of the API of audits: whose things they show, what they write, and what they withstand."""

from collections import Counter
from itertools import cycle, product
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from audits import corpus, fitting, labelling, reports
from audits.models import AuditModel, Report
from tests.audits import factories
from tests.factories import client_of
from tests.reviewsite.test_lock_waits import REQUESTS, filled_in
from tests.routes import readable

READS = [template for template in readable() if template.startswith("api/audits/")]
WRITES = [(method, path, body) for _, method, path, body in REQUESTS if path.startswith("audits/")]
QUERIES = [
    "",
    "?stat=fp_fn&suggested=false&page_size=2",
    "?q=hat&ids=1&ordering=-system",
    "?n=3&gender=female",
]
HOSTILE = [
    "NaN", "1e400", "-1", "9" * 40, "9" * 5000, "%00", "%ED%A0%80", "\u202e", "[]", "{", "true", "", "²", "٣",
]  # fmt: skip
BODIES: list[Any] = [
    *(None, [], {}, "text", 7, True, [None], [[]], [{}], {"": ""}, [{"comment": [], "value": {}}]),
    {"dataset": "x", "name": [], "kind": {}, "parent": -1, "topic": "1e9", "filters": [], "n": "NaN"},
    {"dataset": 10**30, "name": "x" * 5000, "filters": {"gender": {"a": 1}}, "n": 10**30, "topic": 10**30},
    {
        "name": "\u202e",
        "n": -1,
        "topic": True,
        "threshold": "NaN",
        "label_bins": {"a": []},
        "harm_share": 1e300,
    },
    {"title": 7, "min_labels": 10**30, "good_below": "inf", "okay_below": "-inf", "developers": {"a": 1}},
]
RAW = [
    b'{"name": "\\u0000"}', b'{"name": "\\ud800"}', b'{"n": NaN}', b'[{"comment": 1, "value": Infinity}]',
    b'{"n": ' + b"9" * 5000 + b"}", b"[" * 5000, b"\xff", b"{",
]  # fmt: skip


@pytest.fixture
def ids(version) -> dict[str, Any]:
    """Of Ada's things."""
    report = reports.create(version.model, actor=version.model.owner)
    comment = version.model.dataset.comments.first()
    evidence = reports.add_evidence(report, [comment.pk], actor=version.model.owner)[0]
    return {
        "audited": version.model.dataset_id,
        "audit_model": version.model_id,
        "audit_report": report.pk,
        "audit_comment": comment.pk,
        "nothing": evidence.pk,
    }


def addresses(ids: dict[str, Any]) -> list[str]:
    """Of every GET."""
    of = {"datasets": ids["audited"], "models": ids["audit_model"], "reports": ids["audit_report"]}
    found = []
    for template in READS:
        kind = template.split("/")[2]
        found.append("/" + template.replace("<pk>", str(of[kind])).replace("<evidence>", str(ids["nothing"])))
    return found


def row_counts() -> Counter[str]:
    return Counter({model._meta.label: model._base_manager.count() for model in apps.get_models()})


def test_no_get_writes_a_row(client, ids):
    client.get("/api/audits/datasets/")
    before = row_counts()

    statuses = Counter(
        client.get(address + query).status_code for address in addresses(ids) for query in QUERIES
    )

    assert row_counts() == before
    assert statuses[200] > len(READS)  # a query with a parameter that a route does not know is 400
    assert len(READS) >= 15


def test_everything_of_somebody_else_is_404(ben, ids):
    client, before = client_of(ben), row_counts()
    of_a_model = [
        one for one in addresses(ids) if one.startswith(("/api/audits/models/", "/api/audits/reports/"))
    ]
    own = [one for one in of_a_model if any(part.isdigit() for part in one.split("/"))]

    read = {address: client.get(address).status_code for address in own}
    written = {
        (method, path): getattr(client, method)(
            f"/api/{filled_in(path, ids)}", filled_in(body, ids)
        ).status_code
        for method, path, body in WRITES
        if "{audit_" in path
    }

    assert {address: status for address, status in read.items() if status != 404} == {}
    assert {asked: status for asked, status in written.items() if status != 404} == {}
    assert len(read) >= 7 and len(written) >= 10
    assert client.get("/api/audits/models/").json()["count"] == 0
    after = row_counts()
    after["users.ApiToken"] = before["users.ApiToken"]
    assert after == before


def test_a_model_starts_from_ones_own_only(dataset, ben, ids):
    topic = dataset.topics.get(label="bicycles")
    body = {
        "dataset": dataset.pk,
        "name": "B",
        "kind": "topic",
        "parent": ids["audit_model"],
        "topic": topic.pk,
    }

    assert client_of(ben).post("/api/audits/models/", body).status_code == 404
    assert not AuditModel.objects.filter(owner=ben).exists()


def test_nothing_is_open_without_credentials(ids):
    anybody = APIClient()

    assert {anybody.get(address).status_code for address in addresses(ids)} == {401}
    assert {
        getattr(anybody, method)(f"/api/{filled_in(path, ids)}").status_code for method, path, _ in WRITES
    } == {401}


def test_no_query_makes_a_request_fail(client, ids):
    """One of HOSTILE for each parameter of each address."""
    client.raise_request_exception = False
    names = ("n", "min_comments", "stat", "sort", "error_type", "suggested", "version", "topic", "q", "ids")
    names += ("ordering", "gender", "race", "dataset", "page")
    asking = ("/models/", "topics/", "comments/", "sample/", "examples/", "group-size/", "versions/")
    asked = product([one for one in addresses(ids) if one.endswith(asking)], names)
    wrong = [
        f"{answer.status_code} {address} {name}={value}"[:200]
        for (address, name), value in zip(asked, cycle(HOSTILE))
        if (answer := client.get(f"{address}?page_size=1&{name}={value}")).status_code >= 500
    ]

    assert wrong == []


def test_no_body_makes_a_request_fail(client, ids):
    client.raise_request_exception = False
    wrong = [
        f"{answer.status_code} {method} {path} {body}"[:200]
        for (method, path, _), body in product(WRITES, BODIES)
        if method != "delete"
        if (answer := getattr(client, method)(f"/api/{filled_in(path, ids)}", body)).status_code >= 500
    ]

    assert wrong == []


@pytest.mark.parametrize("raw", RAW)
@pytest.mark.parametrize("address", ["models/", "models/{audit_model}/labels/"])
def test_what_is_no_json_that_can_be_stored_is_refused(client, ids, address, raw):
    method = client.put if "labels" in address else client.post
    answer = method(f"/api/audits/{filled_in(address, ids)}", raw, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_an_empty_data_set_answers_every_get(ids, client, dataset, ada):
    for model in (Report, AuditModel):
        model.objects.all().delete()
    dataset.comments.all().delete()
    dataset.raters.all().delete()
    corpus.forget()
    model = factories.personal(dataset, ada)

    statuses = {
        address: client.get(address).status_code
        for address in addresses(ids | {"audit_model": model.pk})
        if "/reports/" not in address
    }

    assert {status for address, status in statuses.items() if "/datasets/" in address} == {200}
    assert set(statuses.values()) <= {200, 400}
    assert client.post(f"/api/audits/models/{model.pk}/label-batch/").json()["comments"] == []


# --- statements --------------------------------------------------------------------------------------------


def statements(client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


LISTS = {
    "datasets/": lambda dataset, model, n: [
        factories.dataset(is_fitted=False, size="small") for _ in range(n)
    ],
    "models/": lambda dataset, model, n: [
        factories.fitted(dataset, model.owner, name=f"Another {n} {k}") for k in range(n)
    ],
    "models/{model}/label-batch/": lambda dataset, model, n: labelling.next_batch(model, n),
    "models/{model}/labels/": lambda dataset, model, n: labelling.put_labels(
        model, [(pk, 2) for pk in dataset.comments.values_list("pk", flat=True)[:n]]
    ),
    "models/{model}/versions/": lambda dataset, model, n: [fitting.fit(model) for _ in range(n)],
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_of_three_takes_as_many_statements_as_one_of_one(dataset, version, client, path):
    address = f"/api/audits/{path.format(model=version.model_id)}"
    LISTS[path](dataset, version.model, 1)
    client.get(address)  # who asks is known then
    of_one = statements(client, address)
    LISTS[path](dataset, version.model, 3)

    assert statements(client, address) == of_one


@pytest.mark.parametrize("path", ["topics/", "comments/"])
def test_findings_take_few_statements_whatever_they_find(version, client, path):
    address = f"/api/audits/models/{version.model_id}/{path}"
    client.get(address)

    few = statements(client, f"{address}?page_size=1")
    assert statements(client, f"{address}?page_size=300") == few <= 9


def test_a_sample_takes_few_statements(version, client):
    address = f"/api/audits/models/{version.model_id}/comments/sample/"
    client.get(address)

    assert statements(client, address) <= 9
