"""Every action there is, as data: `/api/webhooks/info/`, the docs and the listener read it here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import bodies
from .bodies import Body, Context

Builder = Callable[[Context, Any], Body]


@dataclass(frozen=True)
class Action:
    """`key` is where the object is in the body. `by_name` ones are sent to endpoints that list them, never through
    `send_for_all_actions`: a consumer written for Label Studio must not hear of one verdict twice. `on_request` ones are
    sent when somebody asks for it, to whom was asked for."""

    label: str
    description: str
    key: str
    build: Builder
    by_name: bool = False
    site_wide: bool = False
    on_request: bool = False


CATALOGUE: dict[str, Action] = {
    "PROJECT_CREATED": Action(
        "Project created", "A new project, with its settings.", "project", bodies.of_project, site_wide=True
    ),
    "PROJECT_UPDATED": Action(
        "Project updated", "A setting of the project changed.", "project", bodies.of_project
    ),
    "PROJECT_DELETED": Action(
        "Project deleted", "Id and title of the project.", "project", bodies.of_deleted_project
    ),
    "TASKS_CREATED": Action(
        "Tasks created",
        "One or many tasks; an import sends up to 1,000 in a body, and nothing else of what came with them.",
        "tasks",
        bodies.of_tasks,
    ),
    "TASKS_DELETED": Action("Tasks deleted", "Their ids.", "tasks", bodies.of_deleted_tasks),
    "ANNOTATION_CREATED": Action(
        "Annotation created", "One new annotation, with its task.", "annotation", bodies.of_annotation
    ),
    "ANNOTATIONS_CREATED": Action(
        "Annotations created", "Many at once, as a list.", "annotation", bodies.of_annotations
    ),
    "ANNOTATION_UPDATED": Action(
        "Annotation updated",
        "Any change of an annotation that is no verdict, and the corrected result of a fix.",
        "annotation",
        bodies.of_annotation,
    ),
    "ANNOTATIONS_DELETED": Action(
        "Annotations deleted", "Their ids.", "annotations", bodies.of_deleted_annotations
    ),
    "REVIEW_CREATED": Action(
        "Review created", "A verdict; also one that supersedes an older one.", "review", bodies.of_review
    ),
    "REVIEW_UPDATED": Action(
        "Review updated",
        "Known to Label Studio; never sent here, because a changed verdict is a new review.",
        "review",
        bodies.of_review,
    ),
    "REVIEWS_DELETED": Action(
        "Reviews deleted", "Verdicts that were taken back.", "reviews", bodies.of_deleted_reviews
    ),
    "ANNOTATION_ACCEPTED": Action(
        "Annotation accepted", "A reviewer signed it as it is.", "annotation", bodies.of_verdict, by_name=True
    ),
    "ANNOTATION_REJECTED": Action(
        "Annotation rejected", "A reviewer refused to sign it.", "annotation", bodies.of_verdict, by_name=True
    ),
    "ANNOTATION_FIXED_AND_ACCEPTED": Action(
        "Annotation fixed and accepted",
        "A reviewer corrected it and signed that.",
        "annotation",
        bodies.of_verdict,
        by_name=True,
    ),
    "ANNOTATION_REVIEW_WITHDRAWN": Action(
        "Verdict withdrawn",
        "A verdict stopped standing without a new one; `reason` is undone, edited, skipped, deleted, data_changed or reopened.",
        "annotation",
        bodies.of_withdrawal,
        by_name=True,
    ),
    "PING": Action(
        "Ping",
        "A test that somebody sent from the admin or the API.",
        "webhook",
        bodies.of_ping,
        by_name=True,
        on_request=True,
    ),
    "TASK_REVIEWED": Action(
        "Task reviewed", "The task counts as reviewed now.", "task", bodies.of_task_status, by_name=True
    ),
    "TASK_UNREVIEWED": Action(
        "Task unreviewed",
        "The task no longer counts as reviewed.",
        "task",
        bodies.of_task_status,
        by_name=True,
    ),
}


BY_NAME = [name for name, entry in CATALOGUE.items() if entry.by_name]


def body_of(action: str, context: Context, subject: Any) -> Body:
    """Label Studio's bodies begin with `action`; the review events begin with `event` and carry `action` last."""
    entry = CATALOGUE[action]
    body = entry.build(context, subject)
    if entry.by_name:
        return {"event": action.lower()} | body | {"action": action}
    return {"action": action} | body


def as_table() -> str:
    """The catalogue in Markdown, for docs/reference/webhooks.md."""
    head = "| action | object in the body under | sent | meaning |\n|---|---|---|---|\n"
    return head + "".join(
        f"| `{name}` | `{a.key}` | {when_sent(a)} | {a.description} |\n" for name, a in CATALOGUE.items()
    )


def when_sent(entry: Action) -> str:
    if entry.on_request:
        return "when asked for"
    if entry.site_wide:
        return "to site-wide endpoints"
    return "when listed by name" if entry.by_name else "when listed, or to all"
