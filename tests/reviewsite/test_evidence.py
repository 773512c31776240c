"""Nothing that somebody with a lower role does makes rows vanish for managers.

Every request of the API that writes (the table of test_lock_waits, which is complete by the URL patterns), by
every lower role, on own work and on that of others. Afterwards a manager still sees what they saw before, in
the tables and through the API.
"""

from typing import Any

import pytest
from django.db import models, transaction
from django.db.models import Q

from reviews.models import Comment, Review
from tasks.models import Annotation, History, Task
from tests.factories import House, client_of, reviewed
from tests.reviewsite.test_lock_waits import REQUESTS, filled_in, ids
from users.models import User

__all__ = ["ids"]  # a fixture

EVIDENCE: tuple[type[models.Model], ...] = (Annotation, History, Review, Comment, Task)
LOWER = ("annotator", "annotator2", "reviewer", "reviewer2")
# Path → whether it also lists what was deleted.
LISTS = {
    "annotations/": True,
    "annotation-reviews/?include_undone=true": False,
    "annotation-history/": False,
    "comments/": True,
    "tasks/": False,
}


def stored() -> dict[str, set[int]]:
    return {model.__name__: set(model._base_manager.values_list("pk", flat=True)) for model in EVIDENCE}


def seen_by(manager: User) -> dict[str, set[int]]:
    """The lists of the API: what is there, and what was deleted."""
    client, seen = client_of(manager), {}
    for path, lists_deleted in LISTS.items():
        seen[path] = _ids(client, path)
        if lists_deleted:
            seen[path] |= _ids(client, path + "?deleted=true")
    return seen


def _ids(client: Any, path: str) -> set[int]:
    answer = client.get(f"/api/{path}")
    assert answer.status_code == 200, (path, answer.content)
    body = answer.json()
    rows = body if isinstance(body, list) else body.get("results", body.get("tasks"))
    return {row["id"] for row in rows}


@pytest.fixture
def busy(house: House, ids: dict[str, Any]) -> dict[str, Any]:
    """Rows of every kind, a verdict on the work of one annotator, none on that of the other."""
    theirs = Annotation.objects.filter(project=house.project, deleted_at=None).exclude(
        Q(completed_by=house.annotator) | Q(standing_review_id__isnull=False)
    )
    if (other := theirs.first()) is not None:
        reviewed(other, house.reviewer)
    return ids


@pytest.mark.django_db
@pytest.mark.timeout(300)
# One of each role in each run, the others only when asked for.
@pytest.mark.parametrize(
    "who", [pytest.param(who, marks=pytest.mark.slow if who.endswith("2") else []) for who in LOWER]
)
def test_a_manager_still_sees_what_they_saw_before(house, busy, who):
    actor, lost, done = client_of(getattr(house, who)), [], 0
    before = stored(), seen_by(house.lead)
    for _, method, path, body in REQUESTS:
        with transaction.atomic():
            answer = getattr(actor, method)(
                f"/api/{filled_in(path, busy)}", filled_in(body, busy), format="json"
            )
            if answer.status_code < 400:
                done += 1
                after = stored(), seen_by(house.lead)
                lost += [
                    (method, path, name, was[name] - now[name])
                    for was, now in zip(before, after, strict=True)
                    for name in was
                    if was[name] - now[name]
                ]
            transaction.set_rollback(True)

    assert lost == []
    assert done > 10  # of those that this role may do
