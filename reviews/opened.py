"""Whether somebody else has opened a submission: until then its author may take it back."""

from django.db.models import Q

from tasks.models import Annotation, History

from .models import Comment, QueueEntry


def opened_by_others(annotation: Annotation) -> bool:
    """Handed out by the review queue, commented, or changed by anybody but its author since this version was
    submitted. (Reading it in a list is not noted.)
    """
    others = ~Q(created_by=annotation.completed_by_id)
    since = History.objects.filter(others, annotation=annotation, pk__gt=annotation.current_version_id)
    return (
        QueueEntry.objects.filter(annotation=annotation, opened_at__isnull=False).exists()
        or since.exists()
        or Comment.objects.present().filter(others, annotation=annotation).exists()
    )
