"""Endpoints, decisions and answers of the tests."""

from typing import Any

from tasks.transport import Answer
from tests.factories import House, annotation, reviewed, task
from webhooks import endpoints
from webhooks.models import Webhook

BRIEF = ["ANNOTATION_ACCEPTED", "ANNOTATION_REJECTED", "ANNOTATION_FIXED_AND_ACCEPTED"]
NOBODY = "http://127.0.0.1:9/"
OK = Answer(200, "", "", 0.1)
TIMEOUT = Answer(None, "timeout", "", 15.0)
REFUSED = Answer(None, "connection", "", 0.1)


def hook_of(house: House, url: str, **fields: Any) -> Webhook:
    """An endpoint of the house's project, for the verdicts unless `actions` says otherwise."""
    fields = {"send_for_all_actions": False, "actions": BRIEF} | fields
    return endpoints.create(actor=house.lead, project=house.project, url=url, **fields)


def decide(house: House, count: int = 1) -> None:
    """Accept new annotations."""
    for _ in range(count):
        reviewed(annotation(task(house.project), house.annotator), house.reviewer)
