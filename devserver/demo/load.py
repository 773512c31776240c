"""Loads two projects from Label Studio exports, a crowd campaign and an audit, with reviews in every state,
so that no list is empty."""

import json
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction

from exchange.importing.importer import import_file
from reviews import comments
from reviews.service import AnnotationReviewService
from tasks.models import Annotation, Project
from tasks.services import annotations, members, projects, tasks
from users.models import User

from ..sink import endpoint
from . import audit, campaign
from .accounts import ACCOUNTS, COLLEAGUE, account_secrets, create_people, write_private

DATA = Path(__file__).parent / "data"
NAMES = ("sentiment", "boxes")
PREDICTED_TASKS = 12

People = dict[str, User]
Result = list[dict[str, Any]]


def load_demo() -> None:
    """Create people, projects and verdicts unless they exist: all or nothing."""
    if not settings.DEMO:
        raise ImproperlyConfigured("The demo creates an owner of the whole site. Set DEMO=1 to load it.")
    with transaction.atomic():
        everybody = create_people()
        for name in NAMES:
            if _find(name) is None:
                _load(name, everybody)
        if sentiment := _find("sentiment"):
            endpoint.ensure(sentiment, actor=everybody["lead"])
        if (boxes := _find("boxes")) and campaign.find() is None:
            campaign.load(boxes, lead=everybody["lead"], admin=everybody["admin"])


def load_audit() -> None:
    """After `load_demo`, on whose people and project it builds."""
    with transaction.atomic():
        if (sentiment := _find("sentiment")) and audit.find() is None:
            audit.load(sentiment, create_people())


def write_demo_file() -> None:
    """demo.json in the data folder: addresses, accounts and projects, for people and programs."""
    accounts = {name: {"email": ACCOUNTS[name].email} | secret for name, secret in account_secrets().items()}
    ids = {name: found.pk for name in NAMES if (found := _find(name))}
    body = {
        "base_url": settings.BASE_URL,
        "accounts": accounts,
        "project_id": ids["sentiment"],
        "projects": ids,
        "campaign": campaign_links(),
        "audit": audit_links(),
        "register": settings.AVID_API_URL,
    }
    write_private(settings.DATA_DIR / "demo.json", body)


def campaign_links() -> dict[str, str]:
    """Where people review. Empty if somebody has deleted the campaign."""
    found = campaign.find()
    if found is None:
        return {}
    home = settings.BASE_URL + ("/" if found.is_default else found.path)
    return {"slug": found.slug} | {page: f"{home}{page}" for page in ("review", "stats", "healthz")}


def audit_links() -> dict[str, Any]:
    """Where people audit. Empty if somebody has deleted the data set."""
    found = audit.find()
    if found is None:
        return {}
    return {"dataset_id": found.pk, "page": f"{settings.BASE_URL}/audits/datasets/{found.pk}/"}


def _read(name: str) -> Any:
    return json.loads((DATA / f"label-studio-{name}.json").read_text())


def _find(name: str) -> Project | None:
    lead = ACCOUNTS["lead"].email
    return (
        Project.objects.filter(title=_read(f"project-{name}")["title"], created_by__email=lead)
        .order_by("pk")
        .first()
    )


def _load(name: str, everybody: People) -> None:
    project = projects.create(actor=everybody["lead"], **_read(f"project-{name}"))
    for who, account in {**ACCOUNTS, "colleague": COLLEAGUE}.items():
        if account.role:
            members.set_role(project, everybody[who], account.role)
    with (DATA / f"label-studio-export-{name}.json").open("rb") as file:
        import_file(project, file, actor=everybody["lead"], users=_read("users"), name=Path(file.name).name)
    work = list(Annotation.objects.filter(project=project, was_cancelled=False).order_by("pk"))
    if name == "sentiment":
        endpoint.ensure(project, actor=everybody["lead"])
        _predict(project, everybody["lead"])
        _review_sentiment(work, everybody)
    else:
        _review_boxes(work, everybody)


def _predict(project: Project, actor: User) -> None:
    """Predictions as a simple model might make them."""
    for number, task in enumerate(project.tasks.order_by("pk")[:PREDICTED_TASKS]):
        result = [_choice(("Positive", "Negative", "Neutral")[number % 3])]
        tasks.save_prediction(
            task, actor=actor, result=result, score=round(0.55 + 0.03 * number, 2), model_version="baseline-1"
        )


def _choice(sentiment: str) -> dict[str, Any]:
    return {
        "id": "model",
        "type": "choices",
        "value": {"choices": [sentiment]},
        "to_name": "text",
        "from_name": "sentiment",
    }


def _review_sentiment(work: Sequence[Annotation], everybody: People) -> None:
    first, second = (
        AnnotationReviewService(everybody["reviewer"]),
        AnnotationReviewService(everybody["reviewer2"]),
    )
    for annotation in [*work[:9], *work[24:30]]:
        first.accept(annotation)
    for annotation in work[30:34]:
        second.accept(annotation, comment="Clear case.")
    for annotation in work[9:12]:
        first.reject(
            annotation, comment="The opinion is marked, but its subject is not.", reject_action="requeue"
        )
    first.reject(work[12], comment="This is irony: the sentence is negative.", reject_action="remove")
    for annotation in work[13:15]:
        second.fix_and_accept(
            annotation, result=_opposite(annotation.result), comment="Corrected the sentiment."
        )
    first.undo(first.accept(work[15]).review)
    first.accept(work[16])
    _check_constraints_now()
    first.reopen(work[16], comment="The guideline on mixed opinions has changed, please look again.")
    _rework(work[17], first)
    comments.create(work[18], "Is a delivery time an opinion about the product?", actor=work[18].completed_by)


def _check_constraints_now() -> None:
    """A deferred trigger checks that a new review stands. At commit it no longer would, so check it now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _opposite(result: Result) -> Result:
    changed = deepcopy(result)
    for region in changed:
        if region["type"] == "choices":
            region["value"]["choices"] = [
                "Positive" if region["value"]["choices"] != ["Positive"] else "Negative"
            ]
    return changed


def _rework(annotation: Annotation, reviewer: AnnotationReviewService) -> None:
    """Rejected, then changed by its author: it waits for another review."""
    reviewer.reject(annotation, comment="Look at the second half of the sentence.", reject_action="requeue")
    _check_constraints_now()
    annotations.edit(annotation.pk, {"result": _opposite(annotation.result)}, actor=annotation.completed_by)


def _review_boxes(work: Sequence[Annotation], everybody: People) -> None:
    first, second = (
        AnnotationReviewService(everybody["reviewer"]),
        AnnotationReviewService(everybody["reviewer2"]),
    )
    for annotation in work[:5]:
        first.accept(annotation)
    first.reject(work[5], comment="The box cuts off the tip of the star.", reject_action="requeue")
    second.reject(work[6], comment="Two shapes in one box.", reject_action="remove")
    second.fix_and_accept(work[7], result=_tightened(work[7].result), comment="Made the first box tighter.")
    second.undo(second.accept(work[8]).review)


def _tightened(result: Result) -> Result:
    changed = deepcopy(result)
    value = changed[0]["value"]
    value |= {"width": round(value["width"] * 0.94, 3), "height": round(value["height"] * 0.94, 3)}
    return changed
