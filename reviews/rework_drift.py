"""Where the `rounds` or `contested_at` of an annotation differ from its reviews and disputes."""

from collections.abc import Collection, Iterator

from django.db import connection

from tasks.models import Annotation

# A round is a reject with requeue, neither undone nor superseded.
DIFFERENCES = """
    SELECT a.task_id, a.id, a.rounds, coalesce(counted.rounds, 0) AS counted,
        a.contested_at IS NOT NULL AS contested, disputed.since
    FROM tasks_annotation a
    LEFT JOIN (
        SELECT annotation_id, count(*) AS rounds FROM reviews_review
        WHERE task_id = ANY(%(tasks)s) AND reject_action = 'requeue'
        AND undone_at IS NULL AND superseded_by_id IS NULL
        GROUP BY annotation_id
    ) counted ON counted.annotation_id = a.id
    LEFT JOIN (
        SELECT review_id, contested_at AS since FROM reviews_dispute WHERE outcome IS NULL
    ) disputed ON disputed.review_id = a.standing_review_id
    WHERE a.task_id = ANY(%(tasks)s)
    AND (a.rounds <> coalesce(counted.rounds, 0) OR (a.contested_at IS NULL) <> (disputed.since IS NULL))
    ORDER BY a.id
"""


def differences(task_ids: Collection[int]) -> Iterator[tuple[int, str, int | bool, int | bool]]:
    """(task, what, stored, counted)."""
    for task, annotation, stored, counted, contested, since in _rows(task_ids):
        if stored != counted:
            yield task, f"rounds of annotation {annotation}", stored, counted
        if contested != (since is not None):
            yield task, f"contested, of annotation {annotation},", contested, since is not None


def repair(task_ids: Collection[int]) -> None:
    """Locks the annotations. The caller is in a transaction, and locks tasks afterwards."""
    wrong = [annotation for _, annotation, *_ in _rows(task_ids)]
    list(Annotation.objects.lock(wrong))
    for _, annotation, _, counted, _, since in _rows(task_ids):
        Annotation.objects.filter(pk=annotation).update(rounds=counted, contested_at=since)


def _rows(task_ids: Collection[int]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES, {"tasks": list(task_ids)})
        return cursor.fetchall()
