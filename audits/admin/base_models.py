"""Base models: how each was fitted, and what it is worth. They are fitted from the page of their data set."""

from typing import Any

from django.contrib import admin

from jobs.models import Job
from tasks.admin.show import column, link_to, person

from ..jobs import BASE_FIT
from ..models import BaseModel, BaseState
from . import words
from .base import ByDataset, OfDataset
from .jobs import address_of

BY = person("created_by", "fitted by")


@admin.register(BaseModel)
class BaseModelAdmin(OfDataset):
    list_display = (
        "__str__",
        column("dataset", "data set"),
        "state",
        "algorithm",
        "seed",
        "ratings",
        "gain",
        "uses_topic_factors",
        BY,
        "fitted_at",
    )
    list_filter = (ByDataset, "state")
    list_select_related = ("dataset", "created_by")
    fieldsets: Any = (
        (None, {"fields": ("data_set", "state", "job", BY, "created_at", "fitted_at")}),
        (
            "How it was fitted",
            {
                "fields": ("algorithm_in_words", "parameters", "seed", "ratings", "took", "hash"),
                "description": "The same ratings, algorithm and seed give the same hash.",
            },
        ),
        (
            "What it is worth",
            {
                "fields": ("held_out", "gate"),
                "description": "A tenth of the raters is held out before it is measured; the model that is "
                "used is fitted to all of them.",
            },
        ),
    )

    def get_readonly_fields(self, request, obj=None):
        return [name for _, options in self.fieldsets for name in options["fields"]]

    @admin.display(description="data set")
    def data_set(self, base: BaseModel) -> str:
        return base.dataset.title

    @admin.display(description="better than means by")
    def gain(self, base: BaseModel) -> str:
        return "—" if base.metrics is None else f"{base.metrics['gain']:.1%}"

    @admin.display(description="algorithm")
    def algorithm_in_words(self, base: BaseModel) -> str:
        return words.ALGORITHMS[base.algorithm]

    @admin.display(description="took")
    def took(self, base: BaseModel) -> str:
        return "—" if base.seconds is None else f"{base.seconds:.2f} seconds"

    @admin.display(description="SHA-256 of the result")
    def hash(self, base: BaseModel) -> str:
        return base.sha256 or "—"

    @admin.display(description="on raters held out")
    def held_out(self, base: BaseModel) -> str:
        return words.held_out(base)

    @admin.display(description="gate of topic factors")
    def gate(self, base: BaseModel) -> str:
        return words.gate(base) if base.state == BaseState.FITTED else "—"

    @admin.display(description="job")
    def job(self, base: BaseModel):
        found = Job.objects.about(BASE_FIT, base.pk).first()
        return link_to(address_of(found), f"{found}, {found.get_state_display()}") if found else "—"
