"""Every action, as data: for the listener, `/api/webhooks/info/`, the admin and the documentation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import bodies
from .bodies import Body, Context

Builder = Callable[[Context, Any], Body]


@dataclass(frozen=True)
class Action:
    """`key` is where the object is in the body.

    `by_name`: sent only to endpoints that list the action, not through `send_for_all_actions`, because a
    consumer written for Label Studio should not get two events for one verdict. `on_request`: sent when a
    person asks for it, to the one endpoint they chose.
    """

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
        "One or many tasks, up to 1,000 in one body. An import sends nothing else for what it brings.",
        "tasks",
        bodies.of_tasks,
    ),
    "TASKS_DELETED": Action(
        "Tasks deleted",
        "Their ids. After the withdrawals of the verdicts on them.",
        "tasks",
        bodies.of_deleted_tasks,
    ),
    "ANNOTATION_CREATED": Action(
        "Annotation created", "One new annotation, with its task.", "annotation", bodies.of_annotation
    ),
    "ANNOTATIONS_CREATED": Action(
        "Annotations created", "Many at once, as a list.", "annotation", bodies.of_annotations
    ),
    "ANNOTATION_UPDATED": Action(
        "Annotation updated",
        "Any change of an annotation except a verdict, and the corrected result of a fix. "
        "`previous_annotation_history` is the version before.",
        "annotation",
        bodies.of_updated_annotation,
    ),
    "ANNOTATIONS_DELETED": Action(
        "Annotations deleted", "Their ids.", "annotations", bodies.of_deleted_annotations
    ),
    "REVIEW_CREATED": Action(
        "Review created", "A verdict, including one that supersedes an older one.", "review", bodies.of_review
    ),
    "REVIEW_UPDATED": Action(
        "Review updated",
        "Never sent: a changed verdict is a new review here. Listed because Label Studio has it.",
        "review",
        bodies.of_review,
    ),
    "REVIEWS_DELETED": Action(
        "Reviews deleted", "Verdicts that were undone.", "reviews", bodies.of_deleted_reviews
    ),
    "ANNOTATION_ACCEPTED": Action(
        "Annotation accepted",
        "A reviewer accepted it unchanged.",
        "annotation",
        bodies.of_verdict,
        by_name=True,
    ),
    "ANNOTATION_REJECTED": Action(
        "Annotation rejected", "A reviewer rejected it.", "annotation", bodies.of_verdict, by_name=True
    ),
    "ANNOTATION_FIXED_AND_ACCEPTED": Action(
        "Annotation fixed and accepted",
        "A reviewer corrected it and accepted the correction.",
        "annotation",
        bodies.of_verdict,
        by_name=True,
    ),
    "ANNOTATION_REVIEW_WITHDRAWN": Action(
        "Verdict withdrawn",
        "A verdict no longer applies, and no new one replaced it. `reason` is undone, edited, skipped, "
        "deleted, data_changed or reopened.",
        "annotation",
        bodies.of_withdrawal,
        by_name=True,
    ),
    "PING": Action(
        "Ping",
        "A test sent from the admin or the API.",
        "webhook",
        bodies.of_ping,
        by_name=True,
        on_request=True,
    ),
    "TASK_REVIEWED": Action(
        "Task reviewed", "The task now counts as reviewed.", "task", bodies.of_task_status, by_name=True
    ),
    "TASK_UNREVIEWED": Action(
        "Task unreviewed",
        "The task no longer counts as reviewed.",
        "task",
        bodies.of_task_status,
        by_name=True,
    ),
    "ANNOTATION_CONTESTED": Action(
        "Rejection contested",
        "The author contests a rejection; `dispute` says why. It stands until another reviewer decides.",
        "annotation",
        bodies.of_contest,
        by_name=True,
    ),
    "ANNOTATION_REOPENED": Action(
        "Annotation reopened",
        "Returned for rework without a verdict, to the person `returned_to`, or to anyone (null).",
        "annotation",
        bodies.of_reopening,
        by_name=True,
    ),
    "TASK_CLOSED": Action(
        "Task closed",
        "A manager closed it without an answer; `because` says why.",
        "task",
        bodies.of_closing,
        by_name=True,
    ),
    "TASK_REOPENED": Action(
        "Task opened again", "It is no longer closed.", "task", bodies.of_closing, by_name=True
    ),
    "COMMENT_CREATED": Action(
        "Comment created",
        "A comment on an annotation or on a draft, also one that came with a verdict.",
        "comment",
        bodies.of_comment,
        by_name=True,
    ),
    "COMMENT_UPDATED": Action(
        "Comment updated",
        "Its text changed, it was resolved or opened again, or its draft was submitted.",
        "comment",
        bodies.of_comment,
        by_name=True,
    ),
    "COMMENT_DELETED": Action(
        "Comment deleted", "Its ids.", "comment", bodies.of_deleted_comment, by_name=True
    ),
    "ASSIGNMENTS_CREATED": Action(
        "Tasks assigned",
        "Who shall annotate (`type` AN) or review (RE) which tasks, up to 50 in one body.",
        "assignments",
        bodies.of_assignments,
        by_name=True,
    ),
    "ASSIGNMENTS_DELETED": Action(
        "Tasks unassigned",
        "Assignments that were taken away, up to 50 in one body.",
        "assignments",
        bodies.of_assignments,
        by_name=True,
    ),
    "MEMBER_ADDED": Action(
        "Member added", "Somebody joined the project.", "member", bodies.of_member, by_name=True
    ),
    "MEMBER_UPDATED": Action(
        "Member changed",
        "They have another role, were paused, or are no longer paused.",
        "member",
        bodies.of_member,
        by_name=True,
    ),
    "MEMBER_REMOVED": Action(
        "Member removed",
        "Somebody left the project; `role` is the one they had. Their work stays.",
        "member",
        bodies.of_member,
        by_name=True,
    ),
    "CROWD_REVIEW_CREATED": Action(
        "Crowd review created",
        "Somebody reviewed an item of a public campaign, or replaced their review of it. `counted` is false "
        "for one that came when the item had all it wanted.",
        "crowd_review",
        bodies.of_crowd_review,
        by_name=True,
    ),
    "ANNOTATION_TARGET_MET": Action(
        "Target of an item met",
        "An item of a campaign has all the reviews it wants; `annotation` is the id of the one it shows, if "
        "that is known. Again if it wanted more in between.",
        "item",
        bodies.of_crowd_item,
        by_name=True,
    ),
    "CAMPAIGN_COMPLETED": Action(
        "Campaign completed",
        "All items of a campaign have their reviews. Again if it was open in between: for more items, more "
        "reviews of each, or because a reviewer was blocked.",
        "campaign",
        bodies.of_campaign,
        by_name=True,
    ),
    "AUDIT_REPORT_SUBMITTED": Action(
        "Audit report submitted",
        "The register accepted a report of an audit, under the id `register_id`. `url` is its public page.",
        "audit_report",
        bodies.of_audit_report,
        by_name=True,
    ),
    "AUDIT_REPORT_FAILED": Action(
        "Audit report failed",
        "The register refused a report of an audit or could not be reached for hours; `error` says why, "
        "`status` is the HTTP status of its last answer. A retry may still get it there.",
        "audit_report",
        bodies.of_audit_report,
        by_name=True,
    ),
}


BY_NAME = [name for name, entry in CATALOGUE.items() if entry.by_name]


def body_of(action: str, context: Context, subject: Any) -> Body:
    """Label Studio's bodies begin with `action`; review events begin with `event` and end with `action`."""
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
        return "on request"
    if entry.site_wide:
        return "to site-wide endpoints"
    return "when listed by name" if entry.by_name else "when listed, or to all"
