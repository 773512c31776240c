"""Endpoints with how they fare, what happened, and what became of telling them."""

from .endpoints import WebhookAdmin
from .log import AttemptAdmin, DeliveryAdmin, EventAdmin

__all__ = ["AttemptAdmin", "DeliveryAdmin", "EventAdmin", "WebhookAdmin"]
