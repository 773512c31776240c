"""Endpoints of the tests."""

from typing import Any

from tests.factories import House
from webhooks import endpoints
from webhooks.models import Webhook

BRIEF = ["ANNOTATION_ACCEPTED", "ANNOTATION_REJECTED", "ANNOTATION_FIXED_AND_ACCEPTED"]


def hook_of(house: House, url: str, **fields: Any) -> Webhook:
    """An endpoint of the house's project, for the brief's events unless `actions` says else."""
    fields = {"send_for_all_actions": False, "actions": BRIEF} | fields
    return endpoints.create(actor=house.lead, project=house.project, url=url, **fields)
