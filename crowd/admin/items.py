"""Items with what reviewers said about each; slots, submissions and passes. All read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, Func, Q, Value
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tasks.admin.filters import Choices
from tasks.admin.show import column, pretty

from .. import showing, texts
from ..content_policy import allow_media
from ..models import Item, Skip, Slot, Submission
from ..quality import ITEM_ORDERS
from ..rubric import question_keys
from .base import ByCampaign, OfCampaign, percent

OUTCOMES = {"keep": ("keep", "good"), "needs_fix": ("needs a fix", "busy"), "delete": ("delete", "bad")}


# Another outcome is more probable than that of the medians.
ESTIMATE_DIFFERS = Func(
    "posterior",
    Value("$.* ? (@ > $outcome)"),
    JSONObject(outcome=Func("posterior", "outcome", function="jsonb_extract_path")),
    template="jsonb_path_exists(%(expressions)s)",
    output_field=BooleanField(),
)


class Done(Choices):
    title = "reviews"
    parameter_name = "done"
    choices_offered = {
        "no": ("not finished", Q(open_slots__gt=0)),
        "yes": ("finished", Q(open_slots=0)),
        "none": ("none yet", Q(counted=0)),
        "early": ("stopped early", Q(stopped_at__isnull=False)),
    }


class Disagreeing(Choices):
    title = "disagreement"
    parameter_name = "disagreement"
    choices_offered = {
        "yes": ("reviewers disagree", Q(disagreement__gt=0)),
        "half": ("at least half of the pairs", Q(disagreement__gte=0.5)),
        "posterior": ("median and estimate differ", Q(ESTIMATE_DIFFERS)),
        "no": ("all agree", Q(disagreement=0)),
    }


class ByOutcome(Choices):
    title = "outcome"
    parameter_name = "outcome"
    choices_offered = {
        **{name: (words, Q(outcome=name)) for name, (words, _) in OUTCOMES.items()},
        "applied": ("applied", Q(applied_at__isnull=False)),
    }


def badge(outcome: str) -> str:
    words, tone = OUTCOMES.get(outcome, ("", ""))
    return format_html('<span class="badge {}">{}</span>', tone, words) if words else "—"


@admin.display(description="outcome", ordering="outcome")
def outcome(item: Item) -> str:
    """By the medians."""
    return badge(item.outcome)


@admin.display(description="estimate", ordering="certainty")
def estimate(item: Item) -> str:
    """By how reliable the reviewers are."""
    if not item.probable:
        return "—"
    return format_html("{} {}", badge(item.probable), percent((item.posterior or {}).get(item.probable)))


@admin.display(description="reviews", ordering="counted")
def reviews(item: Item) -> str:
    return f"{item.counted} of {item.counted + item.open_slots}"


@admin.display(description="disagreement", ordering=ITEM_ORDERS["disagreement"][0])
def disagreement(item: Item) -> str:
    return percent(item.disagreement)


@admin.register(Item)
class ItemAdmin(OfCampaign):
    change_form_template = "admin/crowd/item.html"
    list_display = (
        "anno_id",
        column("campaign", "campaign"),
        reviews,
        disagreement,
        outcome,
        estimate,
        "stopped_at",
        "applied_at",
    )
    list_filter = (Done, Disagreeing, ByOutcome, ByCampaign)
    list_defer = ("line", "known", "campaign__rubric")
    search_fields = ("anno_id__istartswith",)
    search_help_text = "The beginning of an anno_id."
    fields = readonly_fields = (
        "campaign",
        "annotation",
        reviews,
        disagreement,
        outcome,
        "stopped_at",
        "applied_at",
        "as_imported",
    )

    @admin.display(description="as imported")
    def as_imported(self, item: Item) -> SafeString:
        return pretty(item.line)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        item = context["original"]
        content = showing.content(item, item.campaign)
        context |= shown(item, content) | {
            "all_reviews": reviews_of(item),
            "skips": item.skips.select_related("reviewer"),
        }
        response = super().render_change_form(request, context, *args, **kwargs)
        allow_media(response, content.content.addresses, item.campaign.media_origins)
        return response


def shown(item: Item, content: showing.Shown) -> dict[str, Any]:
    """What reviewers see of it."""
    campaign, words = item.campaign, texts.words("en")
    rows = [(OUTCOMES[name][0], share) for name, share in (item.posterior or {}).items() if name in OUTCOMES]
    return {
        "posterior": rows,
        "t": words,
        "video": showing.video_of(content, campaign, words),
        "frames": showing.frames_of(content, campaign, words),
        "references": showing.references_of(content, campaign, words),
        "questions": showing.questions_of(content, campaign, "en", {}, None),
    }


def reviews_of(item: Item) -> list[dict[str, Any]]:
    """All of them, newest first: those that count, surplus ones, replaced and withdrawn ones."""
    keys = question_keys(item.campaign.rubric)
    rows = item.submissions.select_related("reviewer").order_by("-id")
    return [{"submission": row, "answers": [_answer(row, key) for key in keys]} for row in rows]


def _answer(submission: Submission, key: str) -> tuple[Any, str]:
    """The score, and the tags."""
    answers = submission.answers if isinstance(submission.answers, dict) else {}
    answer = answers.get(key)
    if not isinstance(answer, dict):
        return "", ""
    tags = [str(value) for name, value in answer.items() if name != "score" and value]
    return answer.get("score", ""), ", ".join(tags)


class Hand(Choices):
    title = "state"
    parameter_name = "state"
    choices_offered = {
        "open": ("open", Q(reviewer=None)),
        "held": ("in hand", Q(holder__isnull=False)),
        "sent": ("reviewed", Q(submission__isnull=False)),
    }


ITEM, REVIEWER = column("item", "item", order="item_id"), column("reviewer", "reviewer", order="reviewer_id")


@admin.register(Slot)
class SlotAdmin(OfCampaign):
    list_display = ("id", column("campaign", "campaign"), ITEM, "n", REVIEWER, "claimed_at", "leased_until")
    list_filter = (Hand, ByCampaign)
    list_select_related = ("campaign", "item", "reviewer")
    list_defer = ("item__line", "campaign__rubric")
    search_fields = ("reviewer__public_id__exact", "item__anno_id__istartswith")
    search_help_text = "A reviewer's id, or the beginning of an anno_id."
    fields = readonly_fields = ("campaign", ITEM, "n", REVIEWER, "claimed_at", "leased_until", "submission")


@admin.register(Submission)
class SubmissionAdmin(OfCampaign):
    list_display = (
        "id",
        column("campaign", "campaign"),
        ITEM,
        REVIEWER,
        "status",
        "scores",
        "comment",
        "seconds",
        "source",
        "created_at",
    )
    list_filter = (ByCampaign, "status", "source")
    list_select_related = ("campaign", "item", "reviewer")
    list_defer = ("item__line", "campaign__rubric")
    date_hierarchy = "created_at"
    search_fields = ("reviewer__public_id__exact", "item__anno_id__istartswith")
    search_help_text = "A reviewer's id, or the beginning of an anno_id."
    fields = readonly_fields = (
        "campaign", ITEM, REVIEWER, "status", "all_answers", "comment", "seconds", "source", "created_at",
        "pushed_at",
    )  # fmt: skip

    @admin.display(description="scores")
    def scores(self, submission: Submission) -> str:
        answers = submission.answers if isinstance(submission.answers, dict) else {}
        return ", ".join(f"{key} {_answer(submission, key)[0]}" for key in answers)

    @admin.display(description="answers")
    def all_answers(self, submission: Submission) -> SafeString:
        return pretty(submission.answers)


@admin.register(Skip)
class SkipAdmin(OfCampaign):
    project_path = "item__campaign__project"
    list_display = ("id", column("item.campaign", "campaign"), ITEM, REVIEWER, "reason", "created_at")
    list_filter = ("reason",)
    list_select_related = ("item__campaign", "reviewer")
    list_defer = ("item__line", "item__campaign__rubric")
    fields = readonly_fields = (ITEM, REVIEWER, "reason", "created_at")
