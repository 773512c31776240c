"""Apply plans: one statement writes their rows, whether there is one plan or a thousand. Then the counters
are updated and the events emitted."""

import json
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tasks import events as task_events
from tasks.choices import AssignmentType, HistoryAction
from tasks.events import DomainEvent, emit_all
from tasks.models import History, Project, Task
from tasks.roles import may
from tasks.services.assignments import assign
from tasks.sql import run
from tasks.state import fills_slot
from users.log_context import logged_with
from users.models import User

from .. import comments, corrections, counters, disputes, events
from ..models import BulkReview, Comment, Review
from .plan import Plan

log = logging.getLogger(__name__)
# The plans as rows. Ids are taken from the sequences here, so that the new rows can refer to each other.
INPUT = """
    SELECT x.*, nextval('reviews_review_id_seq') AS review_id, nextval('tasks_history_id_seq') AS history_id
    FROM jsonb_to_recordset(%(plans)s::jsonb) AS x(
        annotation_id bigint, task_id bigint, project_id bigint, action text, ends bigint, undoes boolean,
        annotation_seq bigint, updated_at timestamptz, updated_by_id bigint,
        last_action text, last_created_by_id bigint, redistributed boolean,
        returned_at timestamptz, returned_to_id bigint, contested_at timestamptz, upheld boolean,
        rounds smallint, ever_reviewed boolean,
        is_version boolean, result jsonb, was_cancelled boolean, version integer, version_author_id bigint,
        current_version_id bigint, label_config_id bigint,
        comment text, comment_id bigint, details jsonb,
        verdict text, reason text, reject_action text, seen_version_id bigint, fixed_version_id bigint,
        started_at timestamptz, created_by_id bigint, imported_by_id bigint, restores_id bigint,
        unique_id uuid, bulk_id bigint
    )
"""
# Parts of one statement do not see each other's writes, so each reads only `input` and rows that were there
# before. Foreign keys and the triggers for standing reviews are checked at commit.
WRITE = f"""
    WITH input AS MATERIALIZED ({INPUT}),
    reviews AS (
        INSERT INTO reviews_review (
            id, annotation_id, task_id, project_id, verdict, created_by_id, created_at, started_at,
            comment, comment_object_id, reason, reject_action, seen_version_id, fixed_version_id,
            imported_by_id, restores_id, unique_id, bulk_id
        )
        SELECT review_id, annotation_id, task_id, project_id, verdict, created_by_id, %(now)s, started_at,
            comment, comment_id, reason, reject_action, seen_version_id,
            CASE WHEN is_version THEN history_id ELSE fixed_version_id END,
            imported_by_id, restores_id, unique_id, bulk_id
        FROM input WHERE verdict IS NOT NULL
    ),
    superseded AS (
        UPDATE reviews_review r SET superseded_by_id = i.review_id FROM input i
        WHERE r.id = i.ends AND i.verdict IS NOT NULL
    ),
    undone AS (
        UPDATE reviews_review r SET undone_at = %(now)s, undone_by_id = %(actor)s FROM input i
        WHERE r.id = i.ends AND i.undoes
    ),
    history AS (
        INSERT INTO tasks_history (
            id, annotation_id, action, created_by_id, created_at, version_id, number, author_id, result,
            was_cancelled, annotation_seq, label_config_id, lead_time, started_at,
            review_id, comment, comment_id, details
        )
        SELECT i.history_id, i.annotation_id, i.action, %(actor)s, %(now)s,
            CASE WHEN i.is_version THEN i.history_id ELSE i.current_version_id END,
            CASE WHEN i.is_version THEN i.version END,
            CASE WHEN i.is_version THEN i.version_author_id END,
            CASE WHEN i.is_version THEN i.result END,
            i.was_cancelled, i.annotation_seq,
            CASE WHEN i.is_version THEN i.label_config_id END,
            CASE WHEN i.is_version THEN a.lead_time END,
            CASE WHEN i.verdict IS NOT NULL THEN i.started_at WHEN i.is_version THEN a.started_at END,
            CASE WHEN i.verdict IS NOT NULL THEN i.review_id ELSE i.ends END,
            i.comment, i.comment_id, i.details
        FROM input i JOIN tasks_annotation a ON a.id = i.annotation_id WHERE i.action IS NOT NULL
    ),
    annotations AS (
        UPDATE tasks_annotation a SET
            standing_review_id = CASE WHEN i.verdict IS NOT NULL THEN i.review_id END,
            annotation_seq = i.annotation_seq, updated_at = i.updated_at, updated_by_id = i.updated_by_id,
            last_action = i.last_action, last_created_by_id = i.last_created_by_id,
            redistributed = i.redistributed, returned_at = i.returned_at,
            returned_to_id = i.returned_to_id, contested_at = i.contested_at, upheld = i.upheld,
            rounds = i.rounds, ever_reviewed = i.ever_reviewed,
            result = CASE WHEN i.is_version THEN i.result ELSE a.result END,
            was_cancelled = i.was_cancelled, version = i.version,
            version_author_id = i.version_author_id,
            current_version_id = CASE WHEN i.is_version THEN i.history_id ELSE i.current_version_id END
        FROM input i WHERE a.id = i.annotation_id
    )
    SELECT annotation_id, review_id, history_id FROM input
"""
# Of INPUT: read from the annotation after the plan has changed it.
ANNOTATION_COLUMNS = (
    "task_id",
    "project_id",
    "annotation_seq",
    "updated_at",
    "updated_by_id",
    "last_action",
    "last_created_by_id",
    "redistributed",
    "returned_at",
    "returned_to_id",
    "contested_at",
    "upheld",
    "rounds",
    "ever_reviewed",
    "was_cancelled",
    "version",
    "version_author_id",
    "current_version_id",
)


def apply(
    plans: Sequence[Plan],
    tasks: Sequence[Task],
    *,
    actor: User,
    now: datetime,
    bulk: BulkReview | None = None,
    reason: str = "",
) -> list[Review | None]:
    """Write these plans, all of one verb and one project. Their annotations and `tasks` are locked.

    Returns the new review of each plan, or None. `reason` says in the event why reviews end without a new
    verdict.
    """
    if not plans:
        return []
    # Writing a plan also changes its annotation, so this is how they were before.
    filled = [fills_slot(plan.annotation) for plan in plans]
    contested = [plan.ends for plan in plans if plan.ends and plan.annotation.contested_at]
    new_comments = _create_comments(plans, actor, now)
    reviews = _write(plans, new_comments, actor=actor, now=now, bulk=bulk)
    slots_changed = filled != [fills_slot(plan.annotation) for plan in plans]
    disputes.close(contested, reviews, actor=actor)
    corrections.record((plan.fix, review) for plan, review in zip(plans, reviews, strict=True) if plan.fix)
    _assign_redistributed(plans, actor)
    if new_comments:
        counters.recount_comments(tasks)
    changes = counters.recount(tasks, actor=actor, slots_changed=slots_changed)
    decided = [*_events(plans, reviews, tasks, actor=actor, reason=reason)]
    emit_all(decided + reviewed_events(plans[0].annotation.project, changes, actor))
    _log(plans, reviews, actor)
    return reviews


def _log(plans: Sequence[Plan], reviews: Sequence[Review | None], actor: User) -> None:
    """`decision_id` is the id of the review, of many at once that of the first."""
    made = [review.pk for review in reviews if review]
    first = plans[0]
    with logged_with(decision_id=made[0] if made else None, user_id=actor.pk):
        log.info("%s: annotation %s, %d in all", first.action or "withdrawn", first.annotation.pk, len(plans))


def _create_comments(plans: Sequence[Plan], actor: User, now: datetime) -> dict[int, Comment]:
    """Annotation id → its new comment. All plans of one decision have the same text.

    They are as old as the decision: a later one would pass as a comment on the next decision.
    """
    commented = [plan for plan in plans if plan.comment]
    if not commented:
        return {}
    created = comments.create_many(
        [plan.annotation for plan in commented],
        commented[0].comment,
        actor=actor,
        created_at=now,
        updated_at=now,
    )
    return {comment.annotation_id: comment for comment in created}


def _write(
    plans: Sequence[Plan],
    new_comments: Mapping[int, Comment],
    *,
    actor: User,
    now: datetime,
    bulk: BulkReview | None,
) -> list[Review | None]:
    rows = [
        _row(plan, new_comments.get(plan.annotation.pk) or plan.comment_object, actor, now, bulk)
        for plan in plans
    ]
    parameters = {"plans": json.dumps(rows, default=str), "actor": actor.pk, "now": now}
    ids = {annotation: (review, history) for annotation, review, history in run(WRITE, parameters)}
    return [
        _refreshed(plan, row, *ids[plan.annotation.pk], actor=actor, now=now)
        for plan, row in zip(plans, rows, strict=True)
    ]


def _row(
    plan: Plan, comment: Comment | None, actor: User, now: datetime, bulk: BulkReview | None
) -> dict[str, Any]:
    """The plan as a row of INPUT. Also changes the annotation object accordingly."""
    annotation, review, version = plan.annotation, plan.review, plan.version
    for name, value in plan.columns.items():
        setattr(annotation, name, value)
    if annotation.last_created_by_id == actor.pk:
        annotation.last_created_by = actor  # spares the response a query
    if plan.action:
        annotation.annotation_seq += 1
        annotation.updated_at, annotation.updated_by = now, actor
    if version:
        annotation.result, annotation.was_cancelled = version.result, version.was_cancelled
        annotation.version_author_id = version.author_id
        annotation.version += 1
    row = {name: getattr(annotation, name) for name in ANNOTATION_COLUMNS} | {
        "annotation_id": annotation.pk,
        "action": plan.action,
        "ends": plan.ends and plan.ends.pk,
        "undoes": plan.undoes,
        "is_version": version is not None,
        "result": annotation.result if version else None,
        "label_config_id": version and version.label_config_id,
        "comment": comment.text if comment else plan.comment,
        "comment_id": comment and comment.pk,
        "details": plan.details,
    }
    return (
        row
        if review is None
        else row | vars(review) | {"unique_id": uuid.uuid4(), "bulk_id": bulk and bulk.pk}
    )


def _refreshed(
    plan: Plan, row: Mapping[str, Any], review_id: int, history_id: int, *, actor: User, now: datetime
) -> Review | None:
    """The new review, or None. Also brings the plan's objects up to date with the database."""
    annotation = plan.annotation
    if plan.version:
        annotation.replaced_version_id = annotation.current_version_id
        annotation.current_version_id = history_id
        annotation.config_outdated = (
            plan.version.label_config_id != annotation.project.label_config_version_id
        )
    if plan.undoes and plan.ends:
        plan.ends.undone_at, plan.ends.undone_by = now, actor
    annotation.standing_review_id = review_id if plan.review else None
    if plan.review is None:
        return None
    review = Review(
        pk=review_id,
        annotation=annotation,
        task=annotation.task,
        project=annotation.project,
        created_at=now,
        comment=row["comment"],
        comment_object_id=row["comment_id"],
        unique_id=row["unique_id"],
        bulk_id=row["bulk_id"],
        **vars(plan.review),
    )
    if review.created_by_id == actor.pk:
        review.created_by = actor
    if plan.version:
        review.fixed_version = History(pk=history_id, annotation=annotation, result=annotation.result)
    return review


def _assign_redistributed(plans: Sequence[Plan], actor: User) -> None:
    for plan in plans:
        if plan.assignee and may(actor, "manage_project", plan.annotation.project_id):
            assign([plan.annotation.task], [plan.assignee], AssignmentType.ANNOTATOR, actor=actor)


# --- events --------------------------------------------------------------------------------------


def _events(
    plans: Sequence[Plan],
    reviews: Sequence[Review | None],
    tasks: Sequence[Task],
    *,
    actor: User,
    reason: str,
) -> Iterator[DomainEvent]:
    def event(kind: str, of: Iterable[Plan], **about: Any) -> DomainEvent:
        annotations = tuple(plan.annotation for plan in of)
        return DomainEvent(
            kind, plans[0].annotation.project, actor, tasks=tuple(tasks), annotations=annotations, **about
        )

    if signed := tuple(review for review in reviews if review):
        yield event(events.REVIEWS_CREATED, plans, subjects=signed)
        return
    ended = [plan for plan in plans if plan.ends]
    for plan in ended:
        plan.ends.annotation = plan.annotation  # type: ignore[union-attr]  # with its new state
    subjects = tuple(plan.ends for plan in ended)
    if ended and plans[0].undoes:
        yield event(events.REVIEWS_UNDONE, ended, subjects=subjects)
    if ended:
        yield event(events.REVIEW_WITHDRAWN, ended, subjects=subjects, detail={"reason": reason})
    if plans[0].action and not plans[0].undoes:
        yield event(task_events.ANNOTATION_TOUCHED, plans)
    if plans[0].action == HistoryAction.REOPENED:
        yield event(events.REOPENED, plans, detail={"comment": plans[0].comment})


def reviewed_events(
    project: Project, changes: counters.ReviewedChanges, actor: User | None
) -> list[DomainEvent]:
    """Events for the tasks that became reviewed, and for those that are no longer."""
    kinds = ((events.TASK_REVIEWED, changes.reviewed), (events.TASK_UNREVIEWED, changes.unreviewed))
    return [DomainEvent(kind, project, actor, tasks=tuple(tasks)) for kind, tasks in kinds if tasks]
