"""Data sets: imported from files, set up in groups of settings, deleted with all that was made of them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from jobs.models import Job, State
from tasks.admin.filters import ByProject
from tasks.admin.show import column, person
from tasks.errors import Refused
from tasks.models import Project
from users.admin.base import signed_in
from users.models import User

from .. import datasets, deletion, jobs
from ..importing import PRESETS
from ..models import BaseModel, Comment, Dataset
from . import words
from .forms import FilesForm, FitForm, SettingsForm
from .jobs import DatasetPages, address_of

CREATED_BY = person("created_by", "created by")


@admin.display(description="comments", ordering="comment_count")
def comments(dataset: Dataset) -> int:
    return dataset.comment_count  # type: ignore[attr-defined]


@admin.display(description="base model")
def base(dataset: Dataset) -> str:
    found = dataset.base  # type: ignore[attr-defined]
    return found.get_state_display() if found else "None"


@admin.register(Dataset)
class DatasetAdmin(DatasetPages):
    opens = frozenset({"add", "change", "delete"})
    form = SettingsForm
    change_form_template = "admin/audits/dataset/change_form.html"
    list_display = ("title", column("project", "project"), comments, base, CREATED_BY, "created_at")
    list_filter = (ByProject,)
    list_select_related = ("project", "created_by")
    list_defer = ("project__label_config", "label_bins", "description", "content_warning")
    search_fields = ("title",)
    date_hierarchy = "created_at"
    readonly_fields = ("scale_end", "harms_in_words")
    fieldsets = (
        (
            None,
            {
                "fields": ("title", "description", "content_warning"),
                "description": "What people read before they begin, the warning before the first comment.",
            },
        ),
        (
            "Toxic or not",
            {
                "fields": ("scale_end", "threshold"),
                "description": "Where keep ends and remove begins, for the system, for people and for "
                "predictions alike. It changes what counts as an error everywhere, at once.",
            },
        ),
        (
            "Labelling",
            {
                "fields": ("label_bins", "min_labels"),
                "description": "Which comments people get to label, and how many labels make a model.",
            },
        ),
        (
            "Grades of a model",
            {
                "fields": ("good_below", "okay_below"),
                "description": "How well a model repeats the labels it was made of: the mean error if each "
                "is left out in turn. To disagree with the system is never graded.",
            },
        ),
        (
            "Topics and groups",
            {
                "fields": ("min_topic_comments", "min_tuning_comments", "min_group"),
                "description": "Below these sizes nothing is suggested, or told.",
            },
        ),
        (
            "Harms",
            {
                "fields": ("harm_share", "harms_in_words"),
                "description": "A comment belongs to a harm if more than this share of its raters say so.",
            },
        ),
        (
            "Names in the register",
            {
                "fields": ("artifact_name", "artifact_type", "developers", "deployers"),
                "description": "What reports that are sent to the register say about the system. Complete "
                "reports keep what was here when they were completed.",
            },
        ),
    )

    @admin.display(description="scale ends at")
    def scale_end(self, dataset: Dataset) -> str:
        return f"{dataset.scale_max}. Ratings go from 0, not at all toxic, to this."

    @admin.display(description="harms")
    def harms_in_words(self, dataset: Dataset) -> str:
        return ", ".join(dataset.harms) or "None were imported."

    # --- who ---

    def seen_by(self, user: User, rows: Any) -> Any:
        return rows.managed_by(user)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = Comment.objects.filter(dataset=OuterRef("pk")).order_by().values("dataset")
        return super().get_queryset(request).annotate(
            comment_count=Subquery(rows.annotate(n=Count("pk")).values("n"))
        )  # fmt: skip

    def fill_page(self, rows: list[Dataset]) -> None:
        newest = BaseModel.objects.filter(dataset__in=[row.pk for row in rows]).order_by("pk")
        found = {one.dataset_id: one for one in newest.only("dataset_id", "state")}
        for row in rows:
            row.base = found.get(row.pk)  # type: ignore[attr-defined]

    # --- settings ---

    def save_model(self, request: HttpRequest, obj: Dataset, form: Any, change: bool) -> None:
        if changes := {name: form.cleaned_data[name] for name in form.changed_data}:
            datasets.update(obj, changes, actor=signed_in(request))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if dataset := kwargs.get("obj"):
            context |= {
                "sizes": datasets.sizes(dataset),
                "work": deletion.counts(dataset),
                "base": words.in_short(datasets.current_base(dataset)),
                "job": _unfinished(dataset),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    # --- new ones, fits ---

    def get_urls(self) -> list[URLPattern]:
        fit = path("<int:pk>/fit/", self.admin_site.admin_view(self.fit), name="audits_dataset_fit")
        return [fit, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)  # which refuses
        user = signed_in(request)
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        projects = Project.objects.managed_by(user).order_by("title", "pk")
        form = FilesForm(*sent, projects=projects, must_choose=not user.runs_site)
        if form.is_valid():
            data = form.cleaned_data
            given = {name: data[name] for name in ("title", "project", "preset", "scale_max", "is_fitted")}
            try:
                return redirect(address_of(jobs.start_import(form.files_sent, user, **given)))
            except Refused as refused:
                form.add_error(refused.field if refused.field in form.fields else None, refused.detail)
        return self.show(request, "import", "New data set", form=form, presets=PRESETS)

    def fit(self, request: HttpRequest, pk: int) -> HttpResponse:
        dataset = self.get_queryset(request).filter(pk=pk).first()
        if dataset is None:
            raise Http404
        form = FitForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                job = jobs.start_base_fit(dataset, signed_in(request), **form.cleaned_data)
                self.log_change(request, dataset, f"Base model {job.subject}: job {job.pk}.")
                return redirect(address_of(job))
            except Refused as refused:
                form.add_error(refused.field if refused.field in form.fields else None, refused.detail)
        current = words.in_short(datasets.current_base(dataset))
        return self.show(request, "fit", "Fit a base model", form=form, dataset=dataset, current=current)

    # --- deleting ---

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        """To the job if a worker has yet to do it: then nothing is deleted so far."""
        job = Job.objects.about(jobs.DELETE, obj_id).unfinished().first()
        return redirect(address_of(job)) if job else super().response_delete(request, obj_display, obj_id)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        names, counts, lacking, protected = super().get_deleted_objects(objs, request)
        for dataset in objs:
            work = deletion.counts(dataset)
            if any(work.values()):
                names.append(
                    f"What people made of “{dataset}”: {work['models']:,} models and {work['reports']:,} "
                    f"reports, of which {work['submissions']:,} went to the register. The register keeps "
                    "those, but the public pages that they refer to are gone."
                )
        return names, counts, lacking, protected

    def remove(self, rows: Sequence[Dataset], *, actor: User) -> None:
        for dataset in rows:
            job = jobs.start_deletion(dataset, actor)
            if job.state == State.FAILED:
                raise Refused("not_deleted", (job.error or {})["detail"])


def _unfinished(dataset: Dataset) -> Job | None:
    """Of this data set."""
    fits = BaseModel.objects.filter(dataset=dataset).values_list("pk", flat=True)
    about = Job.objects.about(jobs.BASE_FIT, *fits) | Job.objects.about(jobs.DELETE, dataset.pk)
    return about.unfinished().first()
