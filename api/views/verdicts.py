"""From a verdict's body to the service's words."""

from typing import Any

from .base import person_named, seen_by


def asked_for(request, body: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of AnnotationReviewService's verbs; what was not sent is left out."""
    asked: dict[str, Any] = {"comment": (body.get("comment") or "").strip(), "seen": seen_by(request, body)}
    for name in ("started_at", "reject_action", "result"):
        if body.get(name) is not None:
            asked[name] = body[name]
    if body.get("reason"):
        asked["reason"] = body["reason"].strip()
    if body.get("assignee"):
        asked["assignee"] = person_named(body, "assignee", request)
    return asked
