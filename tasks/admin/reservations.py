"""Who is labelling what just now."""

from django.contrib import admin

from users.models import User

from ..models import Reservation
from ..services import reservations
from .base import LeadAdmin
from .filters import ByProject
from .show import column, person


@admin.register(Reservation)
class ReservationAdmin(LeadAdmin):
    """Deleting one lets the place go."""

    opens = frozenset({"delete"})
    list_display = (
        column("task", "task", order="task_id"),
        column("project", "project"),
        person("user", "with"),
        "created_at",
        "expires_at",
    )
    list_filter = (ByProject,)
    list_select_related = ("task", "project", "user")
    list_defer = ("task__data", "project__label_config")
    search_fields = ("user__email",)
    fields = readonly_fields = ("project", "task", person("user", "with"), "created_at", "expires_at")

    def remove(self, rows, *, actor: User) -> None:
        for place in rows:
            reservations.release(place.pk)
