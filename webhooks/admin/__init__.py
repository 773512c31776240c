"""The admin of endpoints, events and the delivery log."""

from .endpoints import WebhookAdmin
from .log import AttemptAdmin, DeliveryAdmin, EventAdmin

__all__ = ["AttemptAdmin", "DeliveryAdmin", "EventAdmin", "WebhookAdmin"]
