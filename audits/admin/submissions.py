"""Submissions to the register: what is sent, what became of it, and what a lead decides about one that failed
or may have arrived.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from tasks.admin.show import pretty
from users.admin.base import signed_in
from users.models import User

from .. import submitting
from ..models import Submission, SubmissionState
from .base import NotFound

TONES = {
    SubmissionState.QUEUED: "busy",
    SubmissionState.SUBMITTED: "good",
    SubmissionState.FAILED: "bad",
    SubmissionState.UNCERTAIN: "bad",
}
RETRY, ARRIVED, FAILED = "retry", "arrived", "failed"
DECISIONS = {
    RETRY: "Send it again. If it did arrive, it is in the register twice.",
    ARRIVED: "It is in the register, with the id below.",
    FAILED: "It failed, for the reason below. It is not sent again.",
}
# What may be decided in each state; nothing about what was accepted, or is under way.
OFFERED = {
    SubmissionState.QUEUED: (FAILED,),
    SubmissionState.FAILED: (RETRY, ARRIVED),
    SubmissionState.UNCERTAIN: (RETRY, ARRIVED, FAILED),
}


class DecisionForm(forms.ModelForm):
    decision = forms.ChoiceField(widget=forms.RadioSelect)
    id_in_register = forms.UUIDField(required=False, label="id in the register")
    reason = forms.CharField(required=False, max_length=submitting.MAX_REASON)

    class Meta:
        model = Submission
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "decision" in self.fields:
            offered = OFFERED.get(SubmissionState(self.instance.state), ())
            choices = [(name, DECISIONS[name]) for name in offered]
            self.fields["decision"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or self.cleaned_data
        needed = {ARRIVED: "id_in_register", FAILED: "reason"}.get(sent.get("decision", ""))
        if needed and not sent.get(needed) and needed not in self.errors:
            self.add_error(needed, "Needed for this decision.")
        return sent


@admin.display(description="state", ordering="state")
def state(submission: Submission) -> str:
    name = SubmissionState(submission.state)
    words = "Being sent" if _is_under_way(submission) else name.label
    return format_html('<span class="badge {}">{}</span>', TONES[name], words)


@admin.display(description="report")
def report(submission: Submission) -> str:
    return submission.revision.body["title"]


@admin.display(description="data set")
def dataset(submission: Submission) -> str:
    return submission.revision.report.model.dataset.title


@admin.display(description="public page")
def public_page(submission: Submission) -> str:
    url = submitting.public_url(submission.revision)
    return format_html('<a href="{}">{}</a>', url, url)


@admin.display(description="what is sent")
def body(submission: Submission) -> str:
    return pretty(submission.body)


def _is_under_way(submission: Submission) -> bool:
    return submission.state == SubmissionState.QUEUED and submission.sending_since is not None


@admin.register(Submission)
class SubmissionAdmin(NotFound):
    opens = frozenset({"change"})
    project_path = "revision__report__model__dataset__project"
    form = DecisionForm
    list_display = (
        "id",
        report,
        dataset,
        state,
        "attempts",
        "last_status",
        "last_error",
        "register_id",
        "register_status",
        "created_at",
    )
    list_display_links = ("id", report)
    list_filter = ("state", "created_at")
    list_select_related = ("revision__report__model__dataset",)
    list_defer = ("body",)
    search_fields = ("register_id__exact",)
    search_help_text = "The id in the register."
    decision_fields = ("decision", "id_in_register", "reason")
    shown_fields = (
        report,
        dataset,
        public_page,
        state,
        "attempts",
        "next_attempt_at",
        "sending_since",
        "last_status",
        "last_error",
        "register_id",
        "register_status",
        "status_checked_at",
        "consent",
        "name",
        "email",
        "created_at",
        "submitted_at",
        body,
    )
    readonly_fields = shown_fields

    def seen_by(self, user: User, rows: Any) -> QuerySet[Submission]:
        return rows.managed_by(user)

    def has_change_permission(self, request: HttpRequest, obj: Submission | None = None) -> bool:
        is_open = obj is None or (SubmissionState(obj.state) in OFFERED and not _is_under_way(obj))
        return is_open and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Submission | None = None) -> Any:
        shown = (None, {"fields": self.shown_fields})
        if not self.has_change_permission(request, obj):
            return [shown]
        return [("Decide", {"fields": self.decision_fields}), shown]

    def save_model(self, request: HttpRequest, obj: Submission, form: Any, change: bool) -> None:
        actor, sent = signed_in(request), form.cleaned_data
        if sent["decision"] == RETRY:
            submitting.retry(obj, actor=actor)
        elif sent["decision"] == ARRIVED:
            submitting.mark_submitted(obj, sent["id_in_register"], actor=actor)
        else:
            submitting.mark_failed(obj, actor=actor, reason=sent["reason"])

    def construct_change_message(self, request: HttpRequest, form: Any, *args: Any) -> str:
        sent = form.cleaned_data
        return " ".join(
            filter(None, (DECISIONS[sent["decision"]], str(sent["id_in_register"] or ""), sent["reason"]))
        )
