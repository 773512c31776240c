"""The JSON of exported tasks, annotations and reviews: Label Studio's keys, then ours."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from reviews.models import Comment, Review
from tasks.choices import ActionType
from tasks.models import Annotation, Prediction, Task
from tasks.pseudonyms import Identities
from tasks.results import finite_or_none, regions_of
from users.models import User

Body = dict[str, Any]
Results = dict[int, Any]  # version id → result


def iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class People:
    """People by real id, as the reader of the export sees them."""

    identities: Identities
    known: dict[int, User] = field(default_factory=dict)

    def __getitem__(self, pk: int) -> User:
        return self.identities.mask_user(self.known[pk])

    def id(self, pk: int | None) -> int | None:
        return self.identities.mask(pk)


def task_body(
    task: Task,
    *,
    annotations: list[Body],
    predictions: list[Body],
    comment_authors: list[int],
    people: People,
) -> Body:
    return {
        "id": task.pk,
        "annotations": annotations,
        "drafts": [],  # unsubmitted work is its author's alone
        "predictions": predictions,
        "data": task.data,
        "meta": task.meta,
        "created_at": iso(task.created_at),
        "updated_at": iso(task.updated_at),
        "allow_skip": task.allow_skip,
        "inner_id": task.inner_id,
        "total_annotations": task.total_annotations,
        "cancelled_annotations": task.cancelled_annotations,
        "total_predictions": task.total_predictions,
        "comment_count": task.comment_count,
        "unresolved_comment_count": task.unresolved_comment_count,
        "last_comment_updated_at": iso(task.last_comment_updated_at),
        "project": task.project_id,
        "updated_by": people.id(task.updated_by_id),
        "comment_authors": sorted(map(people.identities.mask_id, comment_authors)),
        "unique_id": str(task.unique_id),
        "external_id": task.external_id,
        "overlap": task.overlap,
        "is_labeled": task.is_labeled,
        "reviewed": task.reviewed,
        "reviewed_at": iso(task.reviewed_at),
        "reviews_accepted": task.reviews_accepted,
        "reviews_rejected": task.reviews_rejected,
        "final_annotation": task.final_annotation_id,
        "final_state": task.final_state,
    }


def deleted_body(task: Task) -> Body:
    """A deleted task in an export of changes. `data` is null, so that an import refuses it."""
    return {
        "id": task.pk,
        "unique_id": str(task.unique_id),
        "external_id": task.external_id,
        "project": task.project_id,
        "data": None,
        "annotations": [],
        "deleted_at": iso(task.deleted_at),
    }


def annotation_body(
    annotation: Annotation,
    reviews: Sequence[Review],
    comments: Sequence[Comment],
    *,
    people: People,
    results: Results,
) -> Body:
    """`reviews` are all of the annotation's, newest first."""
    return {
        "id": annotation.pk,
        "completed_by": people.id(annotation.completed_by_id),
        "completed_by_email": email_of(people[annotation.completed_by_id]),
        "result": annotation.result,
        "was_cancelled": annotation.was_cancelled,
        "ground_truth": annotation.ground_truth,
        "created_at": iso(annotation.created_at),
        "updated_at": iso(annotation.updated_at),
        "draft_created_at": iso(annotation.draft_created_at),
        "started_at": iso(annotation.started_at),
        "lead_time": finite_or_none(annotation.lead_time),
        "prediction": {},  # a key that Label Studio always sends
        "result_count": len(regions_of(annotation.result)),
        "unique_id": str(annotation.unique_id),
        "import_id": annotation.imported_by_id,
        "imported_by": people.id(annotation.importer_id),
        "last_action": annotation.last_action,
        "bulk_created": annotation.bulk_created,
        "task": annotation.task_id,
        "project": annotation.project_id,
        "updated_by": people.id(annotation.updated_by_id),
        "parent_prediction": annotation.parent_prediction_id,
        "parent_annotation": annotation.parent_annotation_id,
        "last_created_by": people.id(annotation.last_created_by_id),
        "annotation_seq": annotation.annotation_seq,
        "version": annotation.version,
        "last_annotation_history": annotation.last_row_to_see,
        "comments": [comment_body(comment, people) for comment in comments],
    } | _review_lists(annotation, reviews, people, results)


def _review_lists(
    annotation: Annotation, reviews: Sequence[Review], people: People, results: Results
) -> Body:
    """`reviews` is empty unless a review stands, which is first: scripts read `reviews[0]["accepted"]`."""
    standing = annotation.standing_review_id
    ordered = sorted(reviews, key=lambda review: review.pk != standing)  # keeps newest first for the rest
    bodies = [review_body(review, people, results, stands=review.pk == standing) for review in ordered]
    return {"reviews": bodies if standing else [], "review_history": [] if standing else bodies}


def review_body(review: Review, people: People, results: Results, *, stands: bool) -> Body:
    fixed = review.fixed_version_id
    return {
        "id": review.pk,
        "created_by": person_body(people[review.created_by_id]),
        "created_at": iso(review.created_at),
        "accepted": review.accepted,
        "annotation": review.annotation_id,
        "result": results[fixed] if fixed else None,
        "reject_action": review.reject_action,
        "previous_annotation_history": review.seen_version_id,
        "previous_annotation_history_result": results[review.seen_version_id],
        "fixed_annotation_history": fixed,
        "fixed_annotation_history_result": results[fixed] if fixed else None,
        "unique_id": str(review.unique_id),
        "verdict": str(ActionType(review.verdict)),
        "comment": review.comment,
        "reason": review.reason,
        "started_at": iso(review.started_at),
        "imported_by": person_body(people[review.imported_by_id]) if review.imported_by_id else None,
        "undone_at": iso(review.undone_at),
        "undone_by": person_body(people[review.undone_by_id]) if review.undone_by_id else None,
        "restores": review.restores_id,
        "outdated": not (stands or review.undone_at or review.superseded_by_id),
        "superseded": review.superseded_by_id is not None,
    }


def comment_body(comment: Comment, people: People) -> Body:
    return {
        "id": comment.pk,
        "text": comment.text,
        "created_by": person_body(people[comment.created_by_id]),
        "created_at": iso(comment.created_at),
        "updated_at": iso(comment.updated_at),
        "is_resolved": comment.is_resolved,
        "resolved_at": iso(comment.resolved_at),
        "region_ref": comment.region_ref,
        "classifications": comment.classifications,
    }


def email_of(user: User) -> str:
    """Of a placeholder, the address that its file had: another project finds the same person by it."""
    return user.placeholder_for or user.email


def person_body(user: User) -> Body:
    return {
        "id": user.pk,
        "email": email_of(user),
        "first_name": user.first_name,
        "last_name": user.last_name,
    }


def without_signers(task: Body, contested: Collection[int]) -> Body:
    """The task without the names of whoever acted on its `contested` annotations (ids), except their authors.

    A reviewer who reads the export may be the one to decide the dispute, and should not know who rejected.
    """
    affected = [annotation for annotation in task["annotations"] if annotation["id"] in contested]
    for annotation in affected:
        for name in ("last_created_by", "updated_by"):
            if annotation[name] != annotation["completed_by"]:
                annotation[name] = None
        for review in (*annotation["reviews"], *annotation["review_history"]):
            review |= {"created_by": None, "undone_by": None}
        for comment in annotation["comments"]:
            if comment["created_by"]["id"] != annotation["completed_by"]:
                comment["created_by"] = None
    return task | {"updated_by": None, "comment_authors": []} if affected else task


def prediction_body(prediction: Prediction) -> Body:
    return {
        "id": prediction.pk,
        "task": prediction.task_id,
        "project": prediction.project_id,
        "result": prediction.result,
        "score": finite_or_none(prediction.score),
        "model_version": prediction.model_version,
        "created_at": iso(prediction.created_at),
        "updated_at": iso(prediction.updated_at),
    }
