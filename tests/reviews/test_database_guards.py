"""What the database enforces: no SQL bypasses the service. Each statement is really committed, or refused."""

import pytest
from django.db import IntegrityError, connection, transaction

from reviews.models import Review
from tasks.models import Annotation, History
from tasks.services import annotations
from tests import factories
from tests.factories import reviewed, undone
from tests.snapshots import everything

pytestmark = pytest.mark.django_db(transaction=True)

INSERT_REVIEW = """
    INSERT INTO reviews_review (annotation_id, task_id, project_id, verdict, created_by_id, created_at,
    comment, reason,
        seen_version_id, unique_id)
    SELECT id, task_id, project_id, 'accepted', {reviewer}, now(), '', '', current_version_id,
    gen_random_uuid()
    FROM tasks_annotation WHERE id = {annotation}"""
MATCHES, APPEND_ONLY = "verdict_matches_review", "append_only"

# `plain` has no verdict; `accepted` has {standing} by {reviewer}; `rejected` another; {undone}, {superseded},
# {outdated} are reviews of `accepted` that stand no more. What is tried → the constraint that refuses it.
REFUSED = {
    "UPDATE tasks_annotation SET last_action = 'accepted' WHERE id = {plain}": MATCHES,
    "UPDATE tasks_annotation SET last_action = 'rejected' WHERE id = {accepted}": MATCHES,
    "UPDATE tasks_annotation SET last_action = 'fixed_and_accepted' WHERE id = {accepted}": MATCHES,
    "UPDATE tasks_annotation SET last_action = 'submitted' WHERE id = {accepted}": MATCHES,
    "UPDATE tasks_annotation SET standing_review_id = NULL WHERE id = {accepted}": MATCHES,
    "UPDATE tasks_annotation SET standing_review_id = {standing} WHERE id = {plain}": MATCHES,
    "UPDATE tasks_annotation SET standing_review_id = {standing}, last_action = 'accepted' "
    "WHERE id = {plain}": MATCHES,
    "UPDATE tasks_annotation SET standing_review_id = {rejecting}, last_action = 'rejected' "
    "WHERE id = {accepted}": MATCHES,
    "UPDATE tasks_annotation SET standing_review_id = {undone} WHERE id = {accepted}": MATCHES,
    "UPDATE tasks_annotation SET standing_review_id = {superseded} WHERE id = {accepted}": MATCHES,
    "UPDATE tasks_annotation SET standing_review_id = 99999999 WHERE id = {accepted}": MATCHES,
    "UPDATE tasks_annotation SET last_action = 'approved' WHERE id = {plain}": "annotation_last_action_known",
    INSERT_REVIEW.replace("{annotation}", "{plain}"): MATCHES,
    INSERT_REVIEW.replace("{annotation}", "{accepted}"): MATCHES,
    "UPDATE reviews_review SET undone_at = now(), undone_by_id = {reviewer} WHERE id = {standing}": MATCHES,
    "UPDATE reviews_review SET undone_at = now() WHERE id = {standing}": "review_undone_by_somebody",
    "UPDATE reviews_review SET superseded_by_id = {rejecting} WHERE id = {standing}": MATCHES,
    "UPDATE reviews_review SET undone_at = NULL, undone_by_id = NULL WHERE id = {undone}": APPEND_ONLY,
    "UPDATE reviews_review SET undone_at = now() WHERE id = {undone}": APPEND_ONLY,
    "UPDATE reviews_review SET superseded_by_id = {rejecting} WHERE id = {superseded}": APPEND_ONLY,
    "UPDATE reviews_review SET verdict = 'rejected', reject_action = 'remove' "
    "WHERE id = {standing}": APPEND_ONLY,
    "UPDATE reviews_review SET comment = 'Nicer' WHERE id = {undone}": APPEND_ONLY,
    "UPDATE reviews_review SET created_by_id = {reviewer2} WHERE id = {standing}": APPEND_ONLY,
    "UPDATE reviews_review SET contested_at = now(), comment = 'Nicer' WHERE id = {standing}": APPEND_ONLY,
    "DELETE FROM reviews_review WHERE id = {standing}": APPEND_ONLY,
    "DELETE FROM reviews_review WHERE id = {outdated}": APPEND_ONLY,
    "UPDATE tasks_history SET comment = 'Nicer'": APPEND_ONLY,
    "UPDATE tasks_history SET result = '[]' WHERE annotation_id = {plain}": APPEND_ONLY,
    "DELETE FROM tasks_history WHERE annotation_id = {plain}": APPEND_ONLY,
    "DELETE FROM tasks_history WHERE review_id = {standing}": APPEND_ONLY,
    "UPDATE tasks_task SET reviews_accepted = -1 WHERE id = {task}": "task_counters_not_negative",
}


@pytest.fixture
def ids(house) -> dict[str, int]:
    """Names of the statements above."""
    accepted, rejected = (factories.annotation(house.task, house.annotator2) for _ in range(2))
    undone_one = undone(reviewed(accepted, house.reviewer), house.reviewer) and Review.objects.latest("id")
    outdated = reviewed(accepted, house.reviewer).review
    annotations.edit(accepted.pk, {"result": factories.result("B")}, actor=house.lead)
    superseded = reviewed(accepted, house.reviewer2).review
    return {
        "plain": house.annotation.pk,
        "accepted": accepted.pk,
        "undone": undone_one.pk,
        "outdated": outdated.pk,
        "superseded": superseded.pk,
        "standing": reviewed(accepted, house.reviewer).review.pk,
        "rejecting": reviewed(rejected, house.reviewer, "rejected").review.pk,
        "reviewer": house.reviewer.pk,
        "reviewer2": house.reviewer2.pk,
        "task": house.task.pk,
    }


def committed(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def refused_by(statement: str) -> str | None:
    """The name of the constraint that refuses it, or None."""
    try:
        committed(statement)
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return None


def test_sql_that_bypasses_the_service_is_refused(ids):
    before = everything()

    found = {statement: refused_by(statement.format(**ids)) for statement in REFUSED}

    assert found == REFUSED
    assert everything() == before


def test_a_review_that_does_not_stand_may_be_contested_once(ids):
    statement = "UPDATE reviews_review SET contested_at = now() WHERE id = {standing}".format(**ids)

    assert [refused_by(statement), refused_by(statement)] == [None, APPEND_ONLY]


def test_the_deferred_trigger_checks_at_the_end_of_the_transaction(ids):
    claim = "UPDATE tasks_annotation SET last_action = 'accepted' WHERE id = {plain}".format(**ids)
    amends = "UPDATE tasks_annotation SET last_action = 'updated' WHERE id = {plain}".format(**ids)

    committed(claim, amends)

    assert Annotation.objects.get(pk=ids["plain"]).last_action == "updated"


def test_purge_may_delete_what_is_append_only(ids):
    committed(
        "SET LOCAL countersign.purge = 'on'",
        "UPDATE tasks_annotation SET current_version_id = NULL",
        "UPDATE tasks_annotation SET last_action = 'updated', standing_review_id = NULL",
        "DELETE FROM reviews_review",
        "DELETE FROM tasks_history",
    )

    assert (Review.objects.count(), History.objects.count()) == (0, 0)


def test_the_purge_switch_ends_with_its_transaction(ids):
    committed("SET LOCAL countersign.purge = 'on'")

    assert refused_by("DELETE FROM tasks_history") == APPEND_ONLY


def test_the_purge_switch_does_not_allow_changing_verdicts(ids):
    with pytest.raises(IntegrityError, match="has no standing review"):
        committed(
            "SET LOCAL countersign.purge = 'on'",
            "UPDATE tasks_annotation SET last_action = 'accepted' WHERE id = {plain}".format(**ids),
        )


def test_an_annotation_with_history_cannot_be_deleted_permanently(ids):
    assert refused_by("DELETE FROM tasks_annotation WHERE id = {plain}".format(**ids)) is not None


def test_queryset_writes_are_refused_too(ids):
    for write in (
        lambda: Annotation.objects.filter(pk=ids["plain"]).update(last_action="accepted"),
        lambda: History.objects.filter(annotation=ids["plain"]).update(comment="Nicer"),
        lambda: Review.objects.filter(pk=ids["standing"]).update(verdict="rejected"),
    ):
        with pytest.raises(IntegrityError):
            write()
