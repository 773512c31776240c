"""Query helpers on every task."""

from django.db.models import Q

from .choices import ActionType


class TaskMixin:
    """They compare `last_action` literally: fixed_and_accepted is *not* accepted here.

    The counters (`reviews_accepted`, `Task.objects.with_accepted()`) do count it as accepted.
    """

    def get_rejected_query(self) -> Q:
        """Tasks with a rejected annotation. It joins annotations: use `.distinct()`."""
        return Q(annotations__last_action=ActionType.REJECTED)

    def get_accepted_query(self) -> Q:
        """Tasks with an accepted annotation. It joins annotations: use `.distinct()`."""
        return Q(annotations__last_action=ActionType.ACCEPTED)

    def count_accepted_annotations(self) -> int:
        return self._count(ActionType.ACCEPTED)

    def count_rejected_annotations(self) -> int:
        return self._count(ActionType.REJECTED)

    def _count(self, action: ActionType) -> int:
        return self.annotations.filter(last_action=action, deleted_at=None).count()  # type: ignore[attr-defined]
