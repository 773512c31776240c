"""What the feed of events no longer has, or never had: neither must look like "nothing new"."""

from django.db import connection

from tasks.errors import Refused
from tasks.roles import projects_where
from users.models import User
from users.sentences import sentence as _

# The oldest position (the next one, if all events are gone), and the newest that was ever given.
KEPT = """
    SELECT coalesce((SELECT min(position) FROM webhooks_event), last_value + 1),
        CASE WHEN is_called THEN last_value ELSE 0 END
    FROM webhooks_event_position
"""


def require_kept(after: int, reader: User) -> None:
    """Raises Refused if events after this position are gone, or if there never was such a position.

    Positions count the events of the whole site: who manages no project is not told any.
    """
    if not projects_where(reader, "manage_webhooks"):
        return
    with connection.cursor() as cursor:
        cursor.execute(KEPT)
        oldest, newest = cursor.fetchone()
    if after > newest:
        raise Refused(
            "cursor_ahead",
            _(
                "There is no position %(after)s yet. It is of another site, or of this one before it was"
                " restored from a backup: read again what you keep, and then events from 0.",
                after=after,
            ),
            field="after",
        )
    if 0 < after < oldest - 1:
        raise Refused(
            "events_expired",
            _(
                "Events after %(after)s are no longer kept. Read again what you keep, from an export, and"
                " then events from %(before)s.",
                after=after,
                before=oldest - 1,
            ),
            status=410,
            extra={"body": {"oldest": oldest}},
        )
