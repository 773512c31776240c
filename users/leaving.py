"""When somebody is deactivated, or gets another role on the site: what they hold becomes free for others.

Apps above listen; the signal is sent inside the transaction of the change.
"""

from django.dispatch import Signal

from .models import User

person_released = Signal()


def release(person: User) -> None:
    """Work, verdicts and counts stay under their name."""
    person_released.send(sender=User, person=person)
