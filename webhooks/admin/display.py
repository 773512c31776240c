"""How endpoints and deliveries fare, in words and colours to see at a glance."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from users.admin.base import COUNTED_TO

from ..health import WHY
from ..models import Attempt, Delivery, Webhook

EXCERPT = 80
URL_SHOWN = 32
IN_SHORT = {
    Delivery.State.DELIVERED: ("Delivered", "good"),
    Delivery.State.PENDING: ("Waits", "busy"),
    Delivery.State.HELD: ("Held", "bad"),
    Delivery.State.DEAD: ("Given up", "bad"),
}


def badge(words: str, tone: str) -> str:
    return format_html('<span class="badge {}">{}</span>', tone, words)


def ago(moment: datetime | None) -> str | None:
    return f"{timesince(moment)} ago" if moment else None


def whats_with(webhook: Webhook) -> tuple[str, str]:
    """One sentence and its tone: good, busy, bad, or quiet for what a person switched off."""
    if webhook.is_off_by_itself:
        return f"OFF: {WHY[webhook.disabled_reason]}", "bad"
    if not webhook.is_active:
        return "switched off by a person", "quiet"
    if webhook.rest_until and webhook.rest_until > timezone.now():
        return (
            f"nobody answers; rests for {timesince(timezone.now(), webhook.rest_until + timedelta(seconds=59))}",
            "busy",
        )
    if webhook.is_slow:
        return "slow: its last attempt timed out", "busy"
    return ("failing", "busy") if webhook.consecutive_failures else ("on", "good")


def short(url: str) -> str:
    """Enough of it to know it by, in a list."""
    bare = url.split("://", 1)[-1]
    return bare if len(bare) <= URL_SHOWN else f"{bare[:URL_SHOWN]}…"


@admin.display(description="endpoint", ordering="url")
def address(webhook: Webhook) -> str:
    return short(webhook.url)


@admin.display(description="health", ordering="is_active")
def health(webhook: Webhook) -> str:
    return badge(*whats_with(webhook))


@admin.display(description="last success", ordering="last_success_at")
def last_success(webhook: Webhook) -> str | None:
    return ago(webhook.last_success_at)


@admin.display(description="failures", ordering="consecutive_failures")
def failures(webhook: Webhook) -> int:
    return webhook.consecutive_failures


@admin.display(description="waiting or held")
def waiting(webhook: Webhook) -> str:
    """In one narrow column, so that a window of 1280 pixels shows it."""
    count, oldest = webhook.waiting["count"], webhook.waiting["oldest"]  # type: ignore[attr-defined]
    return f"{count}, oldest {ago(oldest)}" if count else "0"


def fill_waiting(webhooks: list[Webhook]) -> None:
    """Hangs onto each how many deliveries wait or are held for it, and since when the oldest."""
    pending, held = (_counted(webhooks, state) for state in (Delivery.State.PENDING, Delivery.State.HELD))
    for webhook in webhooks:
        rows = [found[webhook.pk] for found in (pending, held) if webhook.pk in found]
        oldest = min((row["oldest"] for row in rows), default=None)
        webhook.waiting = {"count": sum(row["count"] for row in rows), "oldest": oldest}  # type: ignore[attr-defined]


def _counted(webhooks: list[Webhook], state: str) -> dict[int, dict[str, Any]]:
    """One state at a time: each has an index of its own."""
    rows = Delivery.objects.filter(webhook__in=webhooks, state=state).order_by().values("webhook")
    return {row["webhook"]: row for row in rows.annotate(count=Count("pk"), oldest=Min("event__created_at"))}


def counts_of(webhook: Webhook) -> list[tuple[str, str, str]]:
    """(state, how many, its words), counted to COUNTED_TO."""
    counts = []
    for state in (Delivery.State.PENDING, Delivery.State.HELD, Delivery.State.DEAD):
        found = Delivery.objects.filter(Q(webhook=webhook), state=state)[: COUNTED_TO + 1].count()
        counts.append(
            (state.value, f"more than {COUNTED_TO}" if found > COUNTED_TO else str(found), state.label)
        )
    return counts


# --- deliveries -------------------------------------------------------------------------------------


@admin.display(description="endpoint", ordering="webhook__url")
def to_whom(delivery: Delivery) -> str:
    return short(delivery.webhook.url)


@admin.display(description="state", ordering="state")
def state(delivery: Delivery) -> str:
    return badge(*IN_SHORT[Delivery.State(delivery.state)])


@admin.display(description="next attempt", ordering="next_at")
def next_attempt(delivery: Delivery) -> datetime | None:
    return delivery.next_at if delivery.state == Delivery.State.PENDING else None


@admin.display(description="last answer")
def last_answer(delivery: Delivery) -> str | None:
    attempt = delivery.last_attempt  # type: ignore[attr-defined]
    return attempt and answered(attempt)


def answered(attempt: Attempt) -> str:
    """Status, duration, class of the error, the beginning of the answer."""
    head = badge(str(attempt.status or attempt.error), "bad" if attempt.error else "good")
    error = f"{attempt.error} " if attempt.error and attempt.status else ""
    text = attempt.answer[:EXCERPT] + ("…" if len(attempt.answer) > EXCERPT else "")
    return format_html(
        '{} {}<span class="took">{:s} s</span> <q>{}</q>', head, error, f"{attempt.duration:.3f}", text
    )


def fill_last_attempts(deliveries: list[Any]) -> None:
    """Hangs onto each its newest attempt; one question for all."""
    newest = (
        Attempt.objects.filter(delivery__in=deliveries).order_by("delivery_id", "-id").distinct("delivery_id")
    )
    found = {attempt.delivery_id: attempt for attempt in newest}
    for delivery in deliveries:
        delivery.last_attempt = found.get(delivery.pk)
