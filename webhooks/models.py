"""Who is told (Webhook), what happened (Event), and what became of telling them (Delivery, Attempt)."""

import secrets
import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from tasks.models import Project

from .fields import SealedField
from .querysets import DeliveryQuerySet, EventQuerySet, WebhookQuerySet
from .validation import webhook_headers, webhook_url

URL_LENGTH = 2048


def new_salt() -> str:
    return secrets.token_hex(16)


class Webhook(models.Model):
    """An endpoint. Without a project it hears of the whole site.

    No secret is stored: webhooks.signing derives it from `secret_salt` and SECRET_KEY, so a copy of the database signs
    nothing. `headers`, which may hold a password, are encrypted.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    url = models.CharField(max_length=URL_LENGTH, validators=[webhook_url])
    send_payload = models.BooleanField(default=True, help_text="If off, only the name of the action is sent.")
    send_for_all_actions = models.BooleanField(
        default=True, help_text="Label Studio's actions. The review events must be listed by name."
    )
    actions = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    headers = SealedField(
        default=dict, blank=True, validators=[webhook_headers], help_text="Sent along with every delivery."
    )
    parallel = models.PositiveSmallIntegerField(default=8, help_text="How many deliveries at once, 1 to 32.")
    is_active = models.BooleanField(default=True)
    secret_salt = models.CharField(max_length=64, default=new_salt, editable=False)
    earlier_salt = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="Of the secrets before the last rotations, newest first.",
    )
    earlier_until = models.DateTimeField(
        null=True, editable=False, help_text="Until then the earlier secrets sign, too."
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
    silent_in_a_row = models.PositiveIntegerField(
        default=0, editable=False, help_text="Attempts that got no answer at all."
    )
    rest_until = models.DateTimeField(
        null=True, editable=False, help_text="Nothing is sent before: nobody answered."
    )
    is_slow = models.BooleanField(
        default=False, editable=False, help_text="Its last attempt timed out: another queue sends."
    )
    disabled_reason = models.CharField(
        max_length=32, blank=True, editable=False, help_text="Why it was switched off by itself."
    )
    slot = models.UUIDField(null=True, editable=False, help_text="Held by the one job that sends to it.")
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
    def is_off_by_itself(self) -> bool:
        """Switched off by the sender, not by a person: what happens meanwhile is held for it."""
        return not self.is_active and bool(self.disabled_reason)


class Event(models.Model):
    """Something that happened, as it is told: the body is frozen within the transaction of the change.

    `position` is given later, by one sweep at a time, to committed rows: ids lose events, because a lower one can commit later.
    """

    unique_id = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Sent as webhook-id on every attempt."
    )
    # No constraint in the database: its KEY SHARE lock would make a hot row of the project.
    # None: the ping of a site-wide endpoint.
    project = models.ForeignKey(
        Project, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="+"
    )
    action = models.CharField(max_length=64)
    body = models.TextField(help_text="JSON, to the byte as it is sent.")
    annotation_seq = models.BigIntegerField(null=True)
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
    """One event for one endpoint. A claim moves `next_at` past its lease, so "due" is one comparison."""

    class State(models.TextChoices):
        PENDING = "pending", "Waits for its next attempt"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Given up"
        HELD = "held", "Held until the endpoint is on again"

    class Lane(models.IntegerChoices):
        LIVE = 0, "Live"
        BULK = 1, "Bulk and import"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    with_payload = models.BooleanField(
        default=True, help_text="Decided with the event, so that every attempt has the same body."
    )
    state = models.CharField(max_length=16, choices=State, default=State.PENDING)
    lane = models.PositiveSmallIntegerField(
        choices=Lane, default=Lane.LIVE, help_text="News go before what a bulk brings."
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Begun, not necessarily ended.")
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
    """One try: what was answered, or why nothing was."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="log")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(db_default=Now())
    status = models.PositiveSmallIntegerField(
        null=True, help_text="HTTP status; none if there was no answer."
    )
    duration = models.FloatField(help_text="Seconds.")
    error = models.CharField(max_length=32, blank=True, help_text="Class of the failure; empty on success.")
    answer = models.TextField(
        blank=True, help_text="The first 4 KB of the answer, or the words of the failure."
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Attempt {self.number}: {self.status or self.error}"
