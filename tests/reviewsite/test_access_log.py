"""A request can be followed from its answer through the log to the jobs it led to."""

import json
import logging
import logging.config
import uuid

import pytest
from django.conf import settings

from reviewsite import celery as ours
from reviewsite.celery import REQUEST
from tests.factories import client_of
from users.log_context import AddContext, about, logged_with

ACCESS = "countersign.access"


@pytest.fixture
def logged(caplog) -> pytest.LogCaptureFixture:
    caplog.handler.addFilter(AddContext())
    caplog.set_level(logging.INFO)
    return caplog


def test_each_request_has_an_id_and_a_line_with_it(house, logged):
    answer = client_of(house.lead).get("/api/projects/?title=secret")

    (line,) = [record for record in logged.records if record.name == ACCESS]
    assert line.request_id == answer["X-Request-ID"] == str(uuid.UUID(answer["X-Request-ID"]))
    assert (line.user_id, line.message.partition(" 200 ")[0]) == (str(house.lead.pk), "GET /api/projects/")
    assert about() == {}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/a%0AINFO%20forged/", "/api/a%0AINFO%20forged/"),
        ("/accounts/reset/MQ/c8x-secret/", "/accounts/reset/MQ/TOKEN/"),
    ],
)
def test_a_line_is_one_line_without_tokens(client, db, logged, path, said):
    client.get(path)

    assert [record.message.split()[1] for record in logged.records if record.name == ACCESS] == [said]


def test_a_caller_may_choose_a_uuid_and_nothing_else(house):
    client, chosen = client_of(house.lead), str(uuid.uuid4())

    assert client.get("/api/version/", headers={"X-Request-ID": chosen})["X-Request-ID"] == chosen
    assert client.get("/api/version/", headers={"X-Request-ID": "a\nb"})["X-Request-ID"] != "a\nb"


@pytest.mark.parametrize("path", ["/api/tasks/999999999/", "/api/nowhere/", "/api/tasks/?page=x"])
def test_the_id_of_an_error_is_that_of_its_request(house, path):
    answer = client_of(house.lead).get(path)

    assert answer.status_code >= 400
    assert answer.json()["id"] == answer["X-Request-ID"]


def test_a_decision_is_logged_with_its_id_and_its_person(house, logged):
    answer = client_of(house.reviewer).post(f"/api/annotations/{house.annotation.pk}/accept/")

    (line,) = [record for record in logged.records if record.name == "reviews.decisions.apply"]
    assert line.decision_id == str(answer.json()["review"]["id"])
    assert (line.user_id, line.request_id) == (str(house.reviewer.pk), answer["X-Request-ID"])


def test_what_a_request_asks_of_workers_is_logged_with_its_id():
    """The headers of a message, and what a job that has them logs."""
    headers: dict[str, str] = {}
    with logged_with(request_id="7"):
        ours.tell_who_asks(headers=headers)
    told = []

    @ours.app.task
    def look() -> None:
        told.append(dict(about()))

    look.push_request(is_eager=False, **headers)
    ours.log_who_asked(task=look)
    look.run()
    ours.log_it_no_more(task=look)
    look.pop_request()

    assert (headers, told, about()) == ({REQUEST: "7"}, [{"request_id": "7"}], {})


def test_the_log_may_be_json():
    formatter = logging.config.DictConfigurator(settings.LOGGING).configure_formatter(
        dict(settings.LOGGING["formatters"]["json"])
    )
    record = logging.makeLogRecord({"name": "a", "levelname": "INFO", "msg": "said %s", "args": ("x",)})
    with logged_with(request_id="7", job_id=8):
        AddContext().filter(record)

    said = json.loads(formatter.format(record))

    assert said.pop("time")
    assert said == {"level": "INFO", "logger": "a", "message": "said x", "request_id": "7", "job_id": "8"}
