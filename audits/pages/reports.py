"""Writing reports, completing and submitting them, and what the public sees."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from users.errors import Refused
from users.requests import parse_id, user_of

from .. import reports, scaffolds, submitting
from ..datasets import not_found
from ..models import (
    AuditModel,
    Category,
    Report,
    ReportErrorType,
    ReportState,
    Revision,
    Scaffold,
)
from .page import audit_page, in_chosen_language, model_page, render_page, warning_first

PAGE_SIZE = 20
REVISIONS = 20  # shown of a report


@model_page
def index(request: HttpRequest, model: AuditModel) -> HttpResponse:
    """POST begins the reports of a `scaffold`."""
    refusal = None
    if request.method == "POST":
        try:
            return begin(request, model, request.POST.get("scaffold", ""))
        except Refused as refused:
            refusal = refused
    rows = Report.objects.filter(model=model).select_related("topic").annotate(comments=Count("evidence"))
    context = {
        "page": Paginator(rows.order_by("-id"), PAGE_SIZE).get_page(request.GET.get("page")),
        "scaffolds": _scaffolds(),
        "refusal": refusal,
    }
    status = refusal.status if refusal else 200
    return render_page(request, "reports", context, step="reports", model=model, status=status)


def begin(request: HttpRequest, model: AuditModel, scaffold: str) -> HttpResponse:
    found, is_new = scaffolds.start(model, scaffold, actor=user_of(request))
    if len(found) == 1:
        return redirect("audit-report", found[0].pk)
    if not found:
        sentence = (
            _("Your model and the system disagree on no topic.")
            if scaffold == Scaffold.PERSONAL
            else _("No topic has enough comments for this.")
        )
        messages.info(request, sentence)
    elif not is_new:
        messages.info(request, _("You have begun all of these already."))
    return redirect("audit-reports", model.pk)


def _scaffolds() -> list[tuple[Scaffold, str]]:
    """What each of them begins, in the order in which they are offered."""
    return [
        (Scaffold.PERSONAL, _("One for each of the topics where most is wrong by your model.")),
        (Scaffold.PROMPTS, _("Five open questions about the people you know best.")),
        (Scaffold.FIXED, _("One for each of the largest topics, the same for everybody.")),
        (Scaffold.TUTORIAL, _("One report with a first comment as evidence, step by step.")),
        (Scaffold.EMPTY, _("One report about what you want.")),
    ]


@audit_page
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft is a form, which saves itself; what is complete can be read, submitted and taken up again."""
    found = reports.get_visible(user_of(request), pk)
    if request.method == "POST":
        return act(request, found, request.POST.get("act", ""))
    return warning_first(request, found.model.dataset) or report_page(request, found)


def act(request: HttpRequest, found: Report, what: str) -> HttpResponse:
    user, sent = user_of(request), request.POST
    if what == "autosave":
        return autosave(request, found)
    try:
        if what in ("save", "complete"):
            found = keep_texts(request, found)
        if what == "complete":
            reports.complete(found, actor=user, edits=found.edits)
        elif what == "reopen":
            reports.reopen(found, actor=user)
        elif what == "delete":
            reports.delete(found, actor=user)
            messages.success(request, _("The report is deleted."))
            return redirect("audit-reports", found.model_id)
        elif what.startswith("remove-"):
            if "title" in sent:  # what was typed beside the button
                found = keep_texts(request, found)
            reports.remove_evidence(found, parse_id(what.removeprefix("remove-")) or 0, actor=user)
        elif what == "save":
            messages.success(request, _("Saved."))
    except Refused as refused:
        if refused.status == 404:
            raise
        return report_page(request, found, refused, typed=sent.dict())
    return redirect("audit-report", found.pk)


def keep_texts(request: HttpRequest, found: Report) -> Report:
    sent = request.POST
    texts = {name: sent[name] for name in reports.FIELDS if name in sent}
    return reports.change(found, texts, actor=user_of(request), edits=parse_id(sent.get("edits")) or 0)


def autosave(request: HttpRequest, found: Report) -> HttpResponse:
    """The number of edits now; or, with status 400 or 412, a sentence for the person. 412: they are stale, so
    that saving again would not help."""
    try:
        return HttpResponse(keep_texts(request, found).edits, content_type="text/plain")
    except Refused as refused:
        status = 412 if refused.code == "stale" else refused.status
        return HttpResponse(refused.detail, status=status, content_type="text/plain; charset=utf-8")


def report_page(
    request: HttpRequest, found: Report, refused: Refused | None = None, typed: dict[str, str] | None = None
) -> HttpResponse:
    """`typed`: what the form had when it was refused, which is kept in it."""
    found = reports.get_visible(user_of(request), found.pk)
    is_stale = refused is not None and refused.code == "stale"
    stored = {name: getattr(found, name) for name in reports.FIELDS}
    values = stored | {name: text for name, text in (typed or {}).items() if name in stored}
    context = {
        "report": found,
        "values": values,
        "stored": {name: text for name, text in stored.items() if is_stale and text != _clean(values[name])},
        "refusal": refused,
        "is_stale": is_stale,
        "hint": scaffolds.hint(found),
        "missing": [reports.MISSING[name] for name in reports.missing(found)],
        "threshold": found.model.dataset.threshold,
        "evidence": found.evidence.select_related("version").order_by("pk"),
        "error_types": ReportErrorType.choices,
        "categories": Category.choices,
        "max_summary": reports.MAX_SUMMARY,
        "revisions": _revisions(found),
        "is_connected": submitting.is_connected(),
    }
    name = "report" if found.state == ReportState.DRAFT else "report_complete"
    if found.state != ReportState.DRAFT:
        context["body"] = _current(found).body
    status = refused.status if refused else 200
    return render_page(request, name, context, step="reports", model=found.model, status=status)


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n")


def _revisions(found: Report) -> list[Revision]:
    rows = Revision.objects.filter(report=found).select_related("submission").defer("body")
    return list(rows.order_by("-number")[:REVISIONS])


def _current(found: Report) -> Revision:
    revision = reports.current_revision(found)
    if revision is None:
        raise not_found()
    return revision


@audit_page
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows what will be public and sent, with the name if there is consent, before anything is."""
    found = reports.get_visible(user_of(request), pk)
    if first := warning_first(request, found.model.dataset):
        return first
    if found.state != ReportState.COMPLETE:  # there one sees what it needs, or what became of it
        return redirect("audit-report", found.pk)
    sent, refusal = request.POST, None
    credit: dict[str, Any] = {
        "name": sent.get("name", ""),
        "email": sent.get("email", ""),
        "consent": "consent" in sent,
    }
    if request.method == "POST" and sent.get("act") == "submit":
        try:
            submitting.submit(found, actor=user_of(request), **credit)
            return redirect("audit-report", found.pk)
        except Refused as refused:
            refusal = refused
    try:
        body = submitting.preview(found, **credit)
    except Refused as refused:
        refusal, body = refused, submitting.preview(found)
    revision = _current(found)
    context = {
        "report": found,
        "body": revision.body,
        "credited": credit["name"] if credit["consent"] and not refusal else "",
        "json": json.dumps(body, ensure_ascii=False, indent=2),
        "public_url": submitting.public_url(revision),
        "credit": credit,
        "refusal": refusal,
        "is_connected": submitting.is_connected(),
    }
    status = refusal.status if refusal else 200
    return render_page(request, "report_submit", context, step="reports", model=found.model, status=status)


@require_safe
@never_cache
@in_chosen_language
def public(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A revision that was submitted, for everybody who has its address. Nothing about its author without
    their consent."""
    rows = Revision.objects.public().select_related("submission", "report__model__dataset")
    revision = rows.filter(public_id=public_id).first()
    if revision is None:
        raise Http404
    later = Revision.objects.public().filter(report=revision.report_id, number__gt=revision.number)
    context = {
        "revision": revision,
        "body": revision.body,
        "submission": revision.submission,
        "credited": revision.submission.name if revision.submission.consent else "",
        "later": later.order_by("-number").first(),
        "content_warning": revision.report.model.dataset.content_warning,
    }
    response = render_page(request, "report_public", context)
    response["X-Robots-Tag"] = "noindex"
    return response
