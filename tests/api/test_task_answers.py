"""The answer of a task over REST: on its bodies, in filters, picked and undone, in payloads."""

import json
from urllib.parse import quote

import pytest

from tests import factories
from tests.factories import annotation, client_of, reviewed, task
from webhooks.models import Event


@pytest.fixture
def conflict(house) -> factories.House:
    house.second = annotation(house.task, house.annotator2, "B")
    for made in (house.annotation, house.second):
        reviewed(made, house.reviewer)
    return house


def final(house) -> str:
    return f"/api/tasks/{house.task.pk}/final/"


def of(body: dict) -> tuple[str, int | None]:
    return body["final_state"], body["final_annotation"]


def test_a_reviewer_picks_the_answer_and_takes_it_back(conflict):
    client = client_of(conflict.reviewer)

    before = client.get(f"/api/tasks/{conflict.task.pk}/").json()
    picked = client.post(final(conflict), {"annotation": conflict.second.pk})
    again = client.post(final(conflict), {"annotation": conflict.second.pk})
    undone = client.delete(final(conflict))

    assert of(before) == ("conflict", None)
    assert (picked.status_code, of(picked.json())) == (200, ("gold", conflict.second.pk))
    assert again.json() == picked.json()
    assert (undone.status_code, of(undone.json())) == (200, ("conflict", None))
    assert picked.json().keys() == before.keys()


@pytest.mark.parametrize(
    ("who", "body", "status", "code"),
    [
        ("annotator", {"annotation": 0}, 403, "not_a_reviewer"),
        ("stranger", {"annotation": 0}, 404, "not_found"),
        ("reviewer", {}, 400, "required"),
        ("reviewer", {"annotation": 2**62}, 400, "unknown_annotation"),
    ],
)
def test_who_may_not_and_what_cannot_be_picked(conflict, who, body, status, code):
    body = body and {"annotation": body["annotation"] or conflict.second.pk}

    answer = client_of(getattr(conflict, who)).post(final(conflict), body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_annotation_of_another_task_is_unknown(conflict):
    elsewhere = annotation(task(conflict.project), conflict.annotator)

    answer = client_of(conflict.reviewer).post(final(conflict), {"annotation": elsewhere.pk}).json()

    assert (answer["code"], list(answer["validation_errors"])) == ("unknown_annotation", ["annotation"])


def test_tasks_are_filtered_by_their_answer_in_both_grammars(conflict):
    waiting = task(conflict.project)
    answered = task(conflict.project)
    reviewed(annotation(answered, conflict.annotator), conflict.reviewer)
    expected = {"conflict": conflict.task.pk, "not_reviewed": waiting.pk, "gold": answered.pk}
    client = client_of(conflict.reviewer)

    for state, pk in expected.items():
        item = {"filter": "filter:tasks:final_state", "operator": "equal", "type": "String", "value": state}
        query = quote(json.dumps({"filters": {"conjunction": "and", "items": [item]}}))
        plain = client.get(f"/api/tasks/?project={conflict.project.pk}&final_state={state}").json()
        manager = client.get(f"/api/tasks/?project={conflict.project.pk}&query={query}").json()
        assert [row["id"] for row in plain["tasks"]] == [row["id"] for row in manager["tasks"]] == [pk]
        assert plain["tasks"][0]["final_state"] == manager["tasks"][0]["final_state"] == state


def test_an_annotator_sees_and_filters_nothing_of_it(conflict):
    client = client_of(conflict.annotator)

    body = client.get(f"/api/tasks/{conflict.task.pk}/").json()
    listed = client.get(f"/api/tasks/?project={conflict.project.pk}&final_state=conflict")

    assert not {"final_state", "final_annotation"} & body.keys()
    assert (listed.status_code, listed.json()["code"]) == (400, "not_for_annotators")


def test_payloads_carry_the_final_state(house):
    endpoint = {
        "url": "https://receiver.example/",
        "actions": ["ANNOTATION_ACCEPTED"],
        "send_for_all_actions": False,
    }
    client_of(house.lead).post(f"/api/webhooks/?project={house.project.pk}", endpoint)

    reviewed(house.annotation, house.reviewer)

    bodies = [json.loads(event.body) for event in Event.objects.filter(action="ANNOTATION_ACCEPTED")]
    assert [body["task"]["final_state"] for body in bodies] == ["gold"]


def test_imported_verdicts_answer_their_tasks(house):
    verdict = {"created_by": {"email": "reviewer@example.org"}, "accepted": True}
    work = [
        {"completed_by": {"email": f"annotator{n}@example.org"}, "result": factories.result(said)}
        for n, said in (("", "A"), (2, "B"))
    ]
    accepted = [one | {"reviews": [verdict]} for one in work]
    gold = [work[0], work[1] | {"ground_truth": True}]
    rows = [
        {"data": {"text": str(n)}, "annotations": made}
        for n, made in enumerate((accepted[:1], accepted, gold, work))
    ]

    client = client_of(house.lead)
    ids = client.post(
        f"/api/projects/{house.project.pk}/import?return_task_ids=true", rows, format="json"
    ).json()["task_ids"]

    bodies = [client.get(f"/api/tasks/{pk}/").json() for pk in ids]
    assert [body["final_state"] for body in bodies] == ["gold", "conflict", "gold", "not_reviewed"]
    assert bodies[2]["final_annotation"] == bodies[2]["annotations"][1]["id"]
    factories.verdicts_checked()
