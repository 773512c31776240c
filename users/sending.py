"""While SENDING_PAUSED nothing leaves the site: a copy of production must reach nobody."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.conf import settings

from .errors import Refused
from .sentences import sentence as _

P = ParamSpec("P")


def sends(job: Callable[P, None]) -> Callable[P, None]:
    """For jobs that send: nothing is lost, because they take what is due from the database."""

    @wraps(job)
    def unless_paused(*args: P.args, **options: P.kwargs) -> None:
        if not settings.SENDING_PAUSED:
            job(*args, **options)

    return unless_paused


def require_sending() -> None:
    """For what a person sends at once. Raises Refused."""
    if settings.SENDING_PAUSED:
        raise Refused(
            "sending_paused", _("This site sends nothing to others (SENDING_PAUSED). What is due waits.")
        )
