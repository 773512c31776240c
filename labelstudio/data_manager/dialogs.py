"""The fields of the dialogs in which an action is confirmed."""

from typing import Any

from reviews.decisions.request import RETURN_TO_ANYONE, RETURN_TO_AUTHOR
from tasks.choices import RejectAction
from tasks.models import Membership, Prediction, Project


def _field(kind: str, name: str, label: str, **more: Any) -> list[dict[str, Any]]:
    return [{"columnCount": 1, "fields": [{"type": kind, "name": name, "label": label, **more}]}]


def comment_form(project: Project) -> list[dict[str, Any]]:
    return _field("textarea", "comment", "Comment")


def include_decided_field() -> list[dict[str, Any]]:
    return _field("toggle", "include_decided", "Also where others have decided")


def dry_run_field() -> list[dict[str, Any]]:
    return _field("toggle", "dry_run", "Only say what would happen")


def bulk_field(options: list[dict[str, str]]) -> list[dict[str, Any]]:
    return _field("select", "bulk_review", "Bulk action", options=options)


def with_preview(form: list[dict[str, Any]], sentence: str) -> list[dict[str, Any]]:
    """The form, with `sentence` as the description of its last field: the dialogs know no plain text."""
    *first, last = form
    (described,) = last["fields"]
    return [*first, last | {"fields": [described | {"description": sentence}]}]


def reject_form(project: Project) -> list[dict[str, Any]]:
    outcomes = [
        {"value": action, "label": RejectAction(action).label} for action in project.allowed_reject_actions
    ]
    chosen = {"options": outcomes, "value": project.default_reject_action}
    return [
        *comment_form(project),
        *_field("select", "reject_action", "Outcome", **chosen),
        *(_reason_field(project) if project.reasons else []),
    ]


def _reason_field(project: Project) -> list[dict[str, Any]]:
    reasons = [{"value": code, "label": text} for code, text in project.reasons.items()]
    return _field("select", "reason", "Reason", options=reasons)


def reopen_form(project: Project) -> list[dict[str, Any]]:
    targets = [
        {"value": RETURN_TO_AUTHOR, "label": "Their authors"},
        {"value": RETURN_TO_ANYONE, "label": "Anyone"},
    ]
    return comment_form(project) + _field(
        "select", "to", "Who reworks it", options=targets, value=RETURN_TO_AUTHOR
    )


def people_form(project: Project) -> list[dict[str, Any]]:
    members = Membership.objects.filter(project=project).select_related("user").order_by("pk")[:1000]
    options = [{"value": str(m.user_id), "label": m.user.get_full_name() or m.user.email} for m in members]
    return _field("select", "users", "People", options=options, multiple=True)


def predictions_form(project: Project) -> list[dict[str, Any]]:
    versions = Prediction.objects.filter(project=project, task__deleted_at=None).order_by("model_version")
    options = list(versions.values_list("model_version", flat=True).distinct()[:1000])
    return _field("select", "model_version", "Model (all if none is chosen)", options=options)
