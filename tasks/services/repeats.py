"""Creating something under a `unique_id` that its client chose. Sent again, it is answered with the first:
the client could not know whether its request arrived.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError
from django.db.models import Model, QuerySet

from users.models import User
from users.sentences import sentence as _

from ..errors import Refused

Row = TypeVar("Row", bound=Model)


def once(
    named: QuerySet[Row], create: Callable[[], Row], *, is_same: Callable[[Row], bool], actor: User
) -> tuple[Row, bool]:
    """The row in `named`, which has the unique_id, or else a new one; and whether it is new.

    Raises Refused if that row is not what is being sent.
    """
    found = named.first()
    if found is None:
        try:
            return create(), True
        except IntegrityError:
            # The same request may have been faster on another connection.
            found = named.first()
            if found is None:
                raise
    if not is_same(found):
        raise _taken(found, actor)
    return found, False


def _taken(found: Model, actor: User) -> Refused:
    what: str = found._meta.verbose_name  # type: ignore[assignment]
    rows: Any = type(found)._default_manager
    extra = {}
    if rows.visible_to(actor).filter(pk=found.pk).exists():
        what = f"{what} {found.pk}"
        extra = {"body": {"existing": found.pk}}
    return Refused(
        "unique_id_taken",
        _(
            "%(what)s already has this unique_id, and differs from what you sent. "
            "Change that one, or leave unique_id out.",
            what=what.capitalize(),
        ),
        field="unique_id",
        extra=extra,
    )
