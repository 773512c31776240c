"""The columns of endpoints and deliveries: their health, state and last answer as short coloured texts."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from users.admin.base import COUNTED_TO

from ..health import DISABLED_BECAUSE
from ..models import Attempt, Delivery, Webhook

EXCERPT = 80
URL_SHOWN = 32
STATE_LABELS = {
    Delivery.State.DELIVERED: ("Delivered", "good"),
    Delivery.State.PENDING: ("Waiting", "busy"),
    Delivery.State.HELD: ("Held", "bad"),
    Delivery.State.DEAD: ("Given up", "bad"),
}


def badge(text: str, tone: str) -> str:
    return format_html('<span class="badge {}">{}</span>', tone, text)


def ago(time: datetime | None) -> str | None:
    return f"{timesince(time)} ago" if time else None


def health_status(webhook: Webhook) -> tuple[str, str]:
    """A sentence and its tone: good, busy, bad, or quiet if a person disabled it."""
    if webhook.is_auto_disabled:
        return f"DISABLED: {DISABLED_BECAUSE[webhook.disabled_reason]}", "bad"
    if not webhook.is_active:
        return "disabled by a person", "quiet"
    if webhook.rest_until and webhook.rest_until > timezone.now():
        wait = timesince(timezone.now(), webhook.rest_until + timedelta(seconds=59))
        return f"no answer; next attempt in {wait}", "busy"
    if webhook.is_slow:
        return "slow: its last attempt timed out", "busy"
    return ("failing", "busy") if webhook.consecutive_failures else ("enabled", "good")


def short(url: str) -> str:
    """Enough of it to recognize it in a list."""
    bare = url.split("://", 1)[-1]
    return bare if len(bare) <= URL_SHOWN else f"{bare[:URL_SHOWN]}…"


@admin.display(description="endpoint", ordering="url")
def address(webhook: Webhook) -> str:
    return short(webhook.url)


@admin.display(description="health", ordering="is_active")
def health(webhook: Webhook) -> str:
    return badge(*health_status(webhook))


@admin.display(description="last success", ordering="last_success_at")
def last_success(webhook: Webhook) -> str | None:
    return ago(webhook.last_success_at)


@admin.display(description="failures", ordering="consecutive_failures")
def failures(webhook: Webhook) -> int:
    return webhook.consecutive_failures


@admin.display(description="waiting or held")
def waiting(webhook: Webhook) -> str:
    """One narrow column, so that the list fits into 1280 pixels."""
    count, oldest = webhook.waiting["count"], webhook.waiting["oldest"]  # type: ignore[attr-defined]
    return f"{count}, oldest {ago(oldest)}" if count else "0"


def fill_waiting(webhooks: list[Webhook]) -> None:
    """Set on each how many deliveries are waiting or held for it, and how old the oldest is."""
    pending, held = (_counted(webhooks, state) for state in (Delivery.State.PENDING, Delivery.State.HELD))
    for webhook in webhooks:
        rows = [found[webhook.pk] for found in (pending, held) if webhook.pk in found]
        oldest = min((row["oldest"] for row in rows), default=None)
        webhook.waiting = {"count": sum(row["count"] for row in rows), "oldest": oldest}  # type: ignore[attr-defined]


def _counted(webhooks: list[Webhook], state: str) -> dict[int, dict[str, Any]]:
    """One state at a time, because each has an index of its own."""
    rows = Delivery.objects.filter(webhook__in=webhooks, state=state).order_by().values("webhook")
    return {row["webhook"]: row for row in rows.annotate(count=Count("pk"), oldest=Min("event__created_at"))}


def counts_of(webhook: Webhook) -> list[tuple[str, str, str]]:
    """(state, count, label), counted up to COUNTED_TO."""
    counts = []
    for state in (Delivery.State.PENDING, Delivery.State.HELD, Delivery.State.DEAD):
        found = Delivery.objects.filter(Q(webhook=webhook), state=state)[: COUNTED_TO + 1].count()
        counts.append(
            (state.value, f"more than {COUNTED_TO}" if found > COUNTED_TO else str(found), str(state.label))
        )
    return counts


# --- deliveries -------------------------------------------------------------------------------------


@admin.display(description="endpoint", ordering="webhook__url")
def endpoint(delivery: Delivery) -> str:
    return short(delivery.webhook.url)


@admin.display(description="state", ordering="state")
def state(delivery: Delivery) -> str:
    return badge(*STATE_LABELS[Delivery.State(delivery.state)])


@admin.display(description="next attempt", ordering="next_at")
def next_attempt(delivery: Delivery) -> datetime | None:
    return delivery.next_at if delivery.state == Delivery.State.PENDING else None


@admin.display(description="last answer")
def last_answer(delivery: Delivery) -> str | None:
    attempt = delivery.last_attempt  # type: ignore[attr-defined]
    return attempt and summary(attempt)


def summary(attempt: Attempt) -> str:
    """Status, kind of error, duration, and the beginning of the answer."""
    head = badge(str(attempt.status or attempt.error), "bad" if attempt.error else "good")
    error = f"{attempt.error} " if attempt.error and attempt.status else ""
    text = attempt.answer[:EXCERPT] + ("…" if len(attempt.answer) > EXCERPT else "")
    return format_html(
        '{} {}<span class="took">{:s} s</span> <q>{}</q>', head, error, f"{attempt.duration:.3f}", text
    )


def fill_last_attempts(deliveries: list[Any]) -> None:
    """Set on each its newest attempt, by one query for all."""
    newest = (
        Attempt.objects.filter(delivery__in=deliveries).order_by("delivery_id", "-id").distinct("delivery_id")
    )
    found = {attempt.delivery_id: attempt for attempt in newest}
    for delivery in deliveries:
        delivery.last_attempt = found.get(delivery.pk)
