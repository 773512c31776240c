"""How much one person may hold in a project: annotations to review and tasks to label, counted together."""

from uuid import UUID

from django.conf import settings

from tasks.models import Project
from tasks.sql import run
from users.models import User

# Rows that somebody has locked are being ended anyway, or counted the next time.
RELEASE = """
    WITH held AS (
        SELECT lease AS id, leased_at AS since FROM reviews_queueentry
        WHERE project_id = %(project)s AND leased_to_id = %(user)s AND leased_until > statement_timestamp()
        UNION ALL SELECT id, created_at FROM tasks_reservation
        WHERE project_id = %(project)s AND user_id = %(user)s AND expires_at > statement_timestamp()
    ), beyond AS MATERIALIZED (
        SELECT id FROM held WHERE id <> %(newest)s ORDER BY since DESC OFFSET %(others)s
    ), ended AS (
        DELETE FROM tasks_reservation WHERE id IN (
            SELECT id FROM tasks_reservation WHERE id IN (SELECT id FROM beyond) FOR UPDATE SKIP LOCKED)
    )
    UPDATE reviews_queueentry SET lease = NULL, leased_to_id = NULL, leased_at = NULL, leased_until = NULL
    WHERE annotation_id IN (
        SELECT annotation_id FROM reviews_queueentry WHERE lease IN (SELECT id FROM beyond)
        FOR NO KEY UPDATE SKIP LOCKED)
"""


def keep_to_limit(project: Project, user: User, *, newest: UUID) -> None:
    """`user` has taken or renewed the place `newest`: beyond the limit, those held longest become free."""
    others = settings.PLACES_PER_PERSON - 1
    run(RELEASE, {"project": project.pk, "user": user.pk, "newest": newest, "others": others})
