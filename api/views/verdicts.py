"""From a verdict's body to the service's words."""

from typing import Any

from django.shortcuts import get_object_or_404

from users.models import User

from .base import seen_by


def asked_for(request, body: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of AnnotationReviewService's verbs; what was not sent is left out."""
    asked: dict[str, Any] = {"comment": (body.get("comment") or "").strip(), "seen": seen_by(request, body)}
    for name in ("started_at", "reject_action", "result"):
        if body.get(name) is not None:
            asked[name] = body[name]
    if body.get("reason"):
        asked["reason"] = body["reason"].strip()
    if body.get("assignee"):
        asked["assignee"] = get_object_or_404(User, pk=body["assignee"])
    return asked
