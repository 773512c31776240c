"""Topics: what they are called, and which of them are not worth looking at."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from tasks.admin.base import selected
from tasks.admin.show import column
from users.admin.base import signed_in

from .. import datasets
from ..models import Comment, Topic
from .base import ByDataset, OfDataset


class TopicForm(forms.ModelForm):
    class Meta:
        model = Topic
        fields = ("label", "is_junk")
        help_texts = {
            "label": "What people who audit read. Reports keep the label they were written with.",
            "is_junk": "Never suggested, and not in anybody's overview. Outliers always are.",
        }


@admin.display(description="comments", ordering="comment_count")
def comments(topic: Topic) -> int:
    return topic.comment_count  # type: ignore[attr-defined]


@admin.register(Topic)
class TopicAdmin(OfDataset):
    opens = frozenset({"change"})
    form = TopicForm
    fields = ("dataset_title", "number", "label", "is_junk", comments)
    readonly_fields = ("dataset_title", "number", comments)
    list_display = ("label", "number", comments, "is_junk", column("dataset", "data set"))
    list_filter = (ByDataset, "is_junk")
    list_defer = ("dataset__description", "dataset__content_warning", "dataset__label_bins")
    search_fields = ("label",)
    ordering = ("-dataset_id", "number")
    actions = ("mark_junk", "unmark_junk")

    @admin.display(description="data set")
    def dataset_title(self, topic: Topic) -> str:
        return topic.dataset.title

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = Comment.objects.filter(topic=OuterRef("pk")).order_by().values("topic")
        count = Subquery(rows.annotate(n=Count("pk")).values("n"))
        return super().get_queryset(request).annotate(comment_count=Coalesce(count, 0))

    def save_model(self, request: HttpRequest, obj: Topic, form: Any, change: bool) -> None:
        if changes := {name: form.cleaned_data[name] for name in form.changed_data}:
            datasets.update_topics([obj], changes, actor=signed_in(request))

    @admin.action(description="Junk: never suggest these topics")
    def mark_junk(self, request: HttpRequest, queryset: QuerySet[Topic]) -> None:
        self._set_junk(request, selected(queryset), is_junk=True)

    @admin.action(description="Not junk")
    def unmark_junk(self, request: HttpRequest, queryset: QuerySet[Topic]) -> None:
        self._set_junk(request, selected(queryset), is_junk=False)

    def _set_junk(self, request: HttpRequest, rows: Sequence[Topic], *, is_junk: bool) -> None:
        changed = datasets.update_topics(rows, {"is_junk": is_junk}, actor=signed_in(request))
        for topic in changed:
            self.log_change(request, topic, "Junk." if is_junk else "Not junk.")
        self.message_user(request, f"{len(changed)} of {len(rows)} topics changed.", messages.SUCCESS)
