"""Managers see the endpoints and events of their projects; administrators also those without a project."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from tasks.querysets import within

if TYPE_CHECKING:
    from users.models import User


class WebhookQuerySet(models.QuerySet):
    def visible_to(self, user: "User") -> Self:
        return self.filter(Q(project=None) | Q(project__deleted_at=None), within(user, "manage_webhooks"))

    def with_due_deliveries(self) -> Self:
        """Endpoints to send to now."""
        from .models import Delivery

        due = Delivery.objects.due().filter(webhook=OuterRef("pk"))
        ready = Q(rest_until=None) | Q(rest_until__lt=Now())
        return self.filter(ready, Q(slot=None) | Q(slot_until__lt=Now()), Exists(due), is_active=True)


class EventQuerySet(models.QuerySet):
    def visible_to(self, user: "User") -> Self:
        return self.filter(within(user, "manage_webhooks"))

    def after(self, position: int) -> Self:
        """The feed: events with a position, in order."""
        return self.filter(position__gt=position).order_by("position")


class DeliveryQuerySet(models.QuerySet):
    def visible_to(self, user: "User") -> Self:
        from .models import Webhook

        return self.filter(webhook__in=Webhook.objects.visible_to(user))

    def due(self) -> Self:
        return self.filter(state="pending", next_at__lte=Now())
