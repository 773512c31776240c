"""Whether somebody else has opened a submission: until then its author may take it back."""

from collections.abc import Iterable

from django.db.models import F, Q

from tasks.models import Annotation, History
from users.models import User

from .models import Comment, QueueEntry


def opened_by_others(annotation: Annotation) -> bool:
    """Handed out by the review queue, commented, or changed by anybody but its author since this version was
    submitted. (Reading it in a list is not noted.)
    """
    if (noted := annotation.__dict__.get("_opened_by_others")) is not None:
        return noted
    others = ~Q(created_by=annotation.completed_by_id)
    since = History.objects.filter(others, annotation=annotation, pk__gt=annotation.current_version_id)
    return (
        QueueEntry.objects.filter(annotation=annotation, opened_at__isnull=False).exists()
        or since.exists()
        or Comment.objects.present().filter(others, annotation=annotation).exists()
    )


def note_opened(annotations: Iterable[Annotation], author: User) -> None:
    """Look at once at those of `author`, to show a list of them."""
    own = {annotation.pk: annotation for annotation in annotations if annotation.completed_by_id == author.pk}
    if not own:
        return
    others, of_own = ~Q(created_by=author.pk), Q(annotation__in=own)
    since = Q(pk__gt=F("annotation__current_version"))
    opened = {
        *QueueEntry.objects.filter(of_own, opened_at__isnull=False).values_list("annotation", flat=True),
        *History.objects.filter(others, of_own, since).order_by().values_list("annotation", flat=True),
        *Comment.objects.present().filter(others, of_own).order_by().values_list("annotation", flat=True),
    }
    for pk, annotation in own.items():
        annotation._opened_by_others = pk in opened  # type: ignore[attr-defined]
