"""Whatever is refused leaves no row behind: every route that writes, as everybody who might be refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from reviews import comments
from reviews.service import AnnotationReviewService
from tasks.services import drafts
from tests import checked, factories
from tests.factories import client_of, result, reviewed, verdicts_checked

UNSAFE = ("post", "put", "patch", "delete")
# They count attempts, or note that a token was used: that is what they are for.
NOT_COUNTED = ("users_attempt", "users_logintry", "users_throttle", "django_session")


def routes() -> Iterator[tuple[str, str]]:
    paths = checked.document()["paths"]
    return (
        (path, method) for path, methods in sorted(paths.items()) for method in methods if method in UNSAFE
    )


def rows() -> dict[str, int]:
    tables = sorted({model._meta.db_table for model in apps.get_models() if model._meta.managed})
    counted = [table for table in tables if not table.startswith(NOT_COUNTED)]
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in counted)
    with connection.cursor() as cursor:
        return dict(zip(counted, cursor.execute(f"SELECT {counts}").fetchone(), strict=True))


@pytest.fixture
def objects(house) -> dict[str, Any]:
    """What the ids in paths mean, by the word before them."""
    done = reviewed(factories.annotation(factories.task(house.project), house.annotator2), house.reviewer2)
    comment = comments.create(house.annotation, "Look", actor=house.reviewer)
    draft = drafts.save(house.task, actor=house.annotator2, result=result("B"))
    bulk = AnnotationReviewService(house.lead).reject_many([house.annotation], reject_action="remove").bulk
    verdicts_checked()
    return {
        "projects": house.project.pk,
        "tasks": house.task.pk,
        "annotations": house.annotation.pk,
        "annotation-reviews": done.review.pk,
        "comments": comment.pk,
        "drafts": draft.pk,
        "bulk-reviews": bulk.pk,
        "users": house.reviewer2.pk,
        "members": house.reviewer2.pk,
    }


def address(path: str, objects: dict[str, Any]) -> str:
    words = path.split("/")
    filled = [
        str(objects.get(words[place - 1], 1)) if word.startswith("{") else word
        for place, word in enumerate(words)
    ]
    return "/".join(filled)


def bodies(house) -> list[dict[str, Any]]:
    """Nothing at all, and something for everybody."""
    work = [house.annotation.pk]
    return [
        {},
        {
            "action": "accept",
            "annotation": work[0],
            "annotations": work,
            "tasks": [house.task.pk],
            "task": house.task.pk,
            "project": house.project.pk,
            "users": [house.reviewer2.pk],
            "user": house.reviewer2.pk,
            "role": "RE",
            "email": "new@example.org",
            "password": "a long enough password",
            "text": "Look",
            "title": "Letters",
            "name": "mine",
            "url": "https://example.org/hook",
            "result": result("B"),
            "reason": "It is a B",
            "data": {"text": "New"},
            "selectedItems": {"all": True, "excluded": []},
            "to": "pool",
            "from": house.annotator.pk,
        },
    ]


@pytest.mark.parametrize("who", ["annotator", pytest.param("reviewer", marks=pytest.mark.slow), "lead"])
def test_a_refused_request_leaves_no_row(house, objects, who):
    client = client_of(getattr(house, who))
    client.raise_request_exception = False
    before, refused, left = rows(), 0, []
    for path, method in routes():
        for body in bodies(house):
            with transaction.atomic():
                url = address(path, objects) + (
                    "?id=accept_tasks_annotations" if "dm/actions" in path else ""
                )
                answer = getattr(client, method)(url, body, format="json")
                if answer.status_code >= 400:
                    refused += 1
                    after = rows()
                    changed = {
                        name: after[name] - before[name] for name in after if after[name] != before[name]
                    }
                    if changed or answer.status_code >= 500:
                        left.append((method, url, answer.status_code, changed))
                transaction.set_rollback(True)

    assert left == []
    assert refused > 100
