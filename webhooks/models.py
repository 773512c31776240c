"""Endpoints (Webhook), what happened (Event), and sending it to them (Delivery, Attempt)."""

import secrets
import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tasks.models import Project

from .fields import EncryptedField
from .querysets import DeliveryQuerySet, EventQuerySet, WebhookQuerySet
from .validation import webhook_headers, webhook_url

URL_LENGTH = 2048


def new_salt() -> str:
    return secrets.token_hex(16)


class Webhook(models.Model):
    """An endpoint. Without a project it gets the events of the whole site.

    No secret is stored: webhooks.signing derives it from `secret_salt` and SECRET_KEY, so a stolen database
    cannot sign. `headers`, which may hold a password, are encrypted.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    url = models.CharField(max_length=URL_LENGTH, validators=[webhook_url])
    send_payload = models.BooleanField(default=True, help_text="If off, only the name of the action is sent.")
    send_for_all_actions = models.BooleanField(
        default=True, help_text="Label Studio's actions. The review events must be listed by name."
    )
    actions = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    headers = EncryptedField(
        default=dict, blank=True, validators=[webhook_headers], help_text="Sent with every delivery."
    )
    parallel = models.PositiveSmallIntegerField(default=8, help_text="How many deliveries at once, 1 to 32.")
    is_active = models.BooleanField(default=True)
    secret_salt = models.CharField(max_length=64, default=new_salt, editable=False)
    earlier_salt = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="Salts of the secrets before the last rotations, newest first.",
    )
    earlier_until = models.DateTimeField(
        null=True, editable=False, help_text="Until then deliveries are also signed with the earlier secrets."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    # Written by the sender.
    consecutive_failures = models.PositiveIntegerField(default=0, editable=False)
    last_success_at = models.DateTimeField(null=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(
        null=True, editable=False, help_text="The first failure after the last success."
    )
    unanswered_in_a_row = models.PositiveIntegerField(
        default=0, editable=False, help_text="Attempts in a row that got no answer at all."
    )
    rest_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text="Nothing is sent before then, because several attempts got no answer.",
    )
    is_slow = models.BooleanField(
        default=False,
        editable=False,
        help_text="Its last attempt timed out, so it is sent to from a separate queue.",
    )
    disabled_reason = models.CharField(
        max_length=32, blank=True, editable=False, help_text="Why it was disabled automatically."
    )
    slot = models.UUIDField(
        null=True, editable=False, help_text="Token of the one job that is sending to it."
    )
    slot_until = models.DateTimeField(null=True, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parallel__gte=1, parallel__lte=32), name="webhook_parallel_sane"
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_auto_disabled(self) -> bool:
        """Disabled by the sender, not by a person: new events are held for it."""
        return not self.is_active and bool(self.disabled_reason)


class Event(models.Model):
    """Something that happened. The body is fixed in the transaction of the change.

    `position` orders committed events and is assigned later: an event with a lower id can commit after one
    with a higher id.
    """

    unique_id = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Sent as webhook-id on every attempt."
    )
    # No constraint in the database: all changes of a project would lock its row. None: the ping of a
    # site-wide endpoint.
    project = models.ForeignKey(
        Project, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    action = models.CharField(max_length=64)
    body = models.TextField(help_text="JSON, byte for byte as it is sent.")
    annotation_seq = models.BigIntegerField(null=True)
    # What it is about, beside the body: for people who ask what changed (webhooks/updates.py).
    tasks = ArrayField(models.BigIntegerField(), null=True, editable=False)
    annotations = ArrayField(models.BigIntegerField(), null=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    position = models.BigIntegerField(null=True, unique=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=Q(position=None), name="event_without_position"),
            models.Index(fields=["project", "position"], name="event_feed"),
            models.Index(fields=["created_at"], name="event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.action} ({self.unique_id})"


class Delivery(models.Model):
    """One event to be sent to one endpoint.

    A claim moves `next_at` past its lease, so "due" is one comparison.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for its next attempt"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Given up"
        HELD = "held", "Held until the endpoint is enabled"

    class Lane(models.IntegerChoices):
        LIVE = 0, "Live"
        BULK = 1, "Bulk and import"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    with_payload = models.BooleanField(
        default=True, help_text="Fixed with the event, so that every attempt has the same body."
    )
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    lane = models.PositiveSmallIntegerField(
        choices=Lane,
        default=Lane.LIVE,
        help_text="Live events are sent before those of bulk actions and imports.",
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Started, not necessarily finished.")
    next_at = models.DateTimeField(db_default=Now())
    lease = models.UUIDField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["event", "webhook"], name="delivery_once")]
        indexes = [
            models.Index(
                fields=["webhook", "lane", "next_at"], condition=Q(state="pending"), name="delivery_due"
            ),
            models.Index(fields=["webhook", "-id"], name="delivery_log"),
            models.Index(fields=["webhook", "event"], condition=Q(state="held"), name="delivery_held"),
            models.Index(fields=["webhook", "event"], condition=Q(state="dead"), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.webhook_id}: {self.get_state_display()}"


class Attempt(models.Model):
    """One request: the answer, or why there was none."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(db_default=Now())
    status = models.PositiveSmallIntegerField(
        null=True, help_text="HTTP status; none if there was no answer."
    )
    duration = models.FloatField(help_text="Seconds.")
    error = models.CharField(max_length=32, blank=True, help_text="Kind of failure; empty on success.")
    answer = models.TextField(blank=True, help_text="The first 4 KB of the answer, or the error message.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.status or self.error}"
