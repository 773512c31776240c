"""`If-None-Match`: 304 exactly while nothing of the body has changed for this reader."""

from collections.abc import Callable
from typing import Any

import pytest

from reviews import comments
from tasks.services import annotations, members, projects, tasks
from tests.factories import House, annotation, client_of, result, reviewed
from users.capabilities import Role


def addresses(house: House) -> dict[str, str]:
    return {
        "annotation": f"/api/annotations/{house.annotation.pk}/",
        "task": f"/api/tasks/{house.task.pk}/",
        "project": f"/api/projects/{house.project.pk}/",
    }


def body_of(client: Any, url: str) -> Any:
    def lasting(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: lasting(one) for name, one in value.items() if name != "created_ago"}
        return [lasting(one) for one in value] if isinstance(value, list) else value

    return lasting(client.get(url).json())


CHANGES: dict[str, Callable[[House], Any]] = {
    "verdict": lambda h: reviewed(h.annotation, h.reviewer, "rejected", comment="No"),
    "edit": lambda h: annotations.edit(h.annotation.pk, {"result": result("B")}, actor=h.annotator),
    "comment": lambda h: comments.create(h.annotation, "Hm", actor=h.reviewer),
    "data": lambda h: tasks.update(h.task.pk, {"data": {"text": "new"}}, actor=h.lead),
    "second annotation": lambda h: annotation(h.task, h.annotator2),
    "setting": lambda h: projects.update(h.project, {"only_finished_tasks": True}, actor=h.lead),
    "reviews off": lambda h: projects.update(h.project, {"enable_review_workflow": False}, actor=h.lead),
    "role": lambda h: members.set_role(h.project, h.reviewer2, Role.ANNOTATOR),
    "name": lambda h: h.annotator.__class__.objects.filter(pk=h.annotator.pk).update(first_name="Anna"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_etag_changes_exactly_with_the_body(house, change):
    people = (house.lead, house.reviewer, house.annotator)
    asked = [(client_of(user), url) for user in people for url in addresses(house).values()]
    before = [(client.get(url)["ETag"], body_of(client, url)) for client, url in asked]

    CHANGES[change](house)

    for (client, url), (tag, body) in zip(asked, before, strict=True):
        answer = client.get(url, HTTP_IF_NONE_MATCH=tag)
        if body_of(client, url) == body:
            assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag), url
        else:
            assert answer.status_code == 200 and answer["ETag"] != tag, url


def test_readers_of_other_bodies_have_other_etags(house):
    for url in addresses(house).values():
        bodies = {}
        for user in (house.lead, house.reviewer, house.annotator, house.annotator2):
            answer = client_of(user).get(url)
            if answer.status_code == 200:
                bodies.setdefault(answer["ETag"], []).append(body_of(client_of(user), url))
        assert all(same == same[:1] * len(same) for same in bodies.values())
        assert len({str(same[0]) for same in bodies.values()}) == len(bodies)


def test_the_etag_of_a_get_is_good_for_if_match(house):
    url, client = addresses(house)["annotation"], client_of(house.annotator)
    tag = client.get(url)["ETag"]

    first = client.patch(url, {"lead_time": 3}, format="json", HTTP_IF_MATCH=tag)
    second = client.patch(url, {"lead_time": 4}, format="json", HTTP_IF_MATCH=tag)

    assert (first.status_code, second.status_code) == (200, 412)


@pytest.mark.parametrize("sent", ["W/{}", '"x", {}', "*"])
def test_other_forms_of_if_none_match(house, sent):
    url, client = addresses(house)["annotation"], client_of(house.lead)
    tag = client.get(url)["ETag"]

    answer = client.get(url, HTTP_IF_NONE_MATCH=sent.format(tag))

    assert answer.status_code == 304
    assert (answer["Cache-Control"], answer["ETag"]) == ("private, no-cache", tag)
    assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))
