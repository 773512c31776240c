"""Topics: where a model and the system differ, or without a model what the system says alone."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from users.errors import Refused

from .. import charts, fitting, results
from ..maths.formulas import ErrorType, Stat
from ..models import AuditModel, Dataset, Kind, Version
from ..results import TopicRow
from ..templatetags.audits import percent
from .page import dataset_page, model_page, render_page

PAGE_SIZE = 50
SHARES = ("fn", "fp", "system_toxic")
E = TypeVar("E", bound=StrEnum)


@dataset_page
def of_dataset(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    found = context(request, dataset, None)
    found["comments_url"] = reverse("audit-dataset-comments", args=[dataset.pk])
    return render_page(request, "topics", found, step="explore", dataset=dataset)


@model_page
def of_model(request: HttpRequest, model: AuditModel) -> HttpResponse:
    """Before its first fit like a data set without a model."""
    found = context(request, model.dataset, newest(model))
    found["comments_url"] = reverse("audit-comments", args=[model.pk])
    return render_page(request, "topics", found, step="topics", model=model)


def newest(model: AuditModel) -> Version | None:
    """With the model that is there already."""
    version = fitting.newest(model)
    if version:
        version.model = model
    return version


def context(request: HttpRequest, dataset: Dataset, version: Version | None) -> dict[str, Any]:
    """All of it is in the address: `stat`, `sort`, `error_type`, `page`."""
    stat = choice(request, "stat", Stat) or Stat.MEAN
    error_type = choice(request, "error_type", ErrorType) if version else None
    sort = request.GET.get("sort") or None
    rows = results.topics(dataset, version, stat=stat, sort=sort, error_type=error_type)
    kind = version.model.kind if version else None
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    heads = columns(stat, kind, sort or f"-{stat}")
    return {
        "version": version,
        "picture": charts.topics_picture(rows, stat, dataset),
        "page": page,
        "rows": [(row, [cell(row, column.name) for column in heads]) for row in page],
        "columns": heads,
        "stat": stat,
        "stats": stat_names() if version else stat_names()[:2],
        "axis_name": axis_name(stat, kind),
        "sides": (_("model lower"), _("model higher")) if stat == Stat.AVG_DIFF else (_("keep"), _("remove")),
        "sort": sort or "",
        "error_type": error_type or "",
    }


def choice(request: HttpRequest, name: str, values: type[E]) -> E | None:
    """What the address names; None if it names nothing. Raises Refused for anything else."""
    text = request.GET.get(name)
    if not text:
        return None
    try:
        return values(text)
    except ValueError:
        sentence = _("{name} is one of {values}.").format(name=name, values=", ".join(values))
        raise Refused(f"invalid_{name}", sentence, field=name)


def person_of(kind: str | None) -> str:
    """Whose ratings the model predicts, as the head of a column."""
    return _("Group (predicted)") if kind == Kind.GROUP else _("You (predicted)")


def stat_names() -> list[tuple[str, str]]:
    return [
        ("mean", _("mean rating")),
        ("median", _("median rating")),
        ("mae", _("mean absolute difference")),
        ("mse", _("mean squared difference")),
        ("avg_diff", _("mean difference")),
        ("fp_fn", _("share of errors")),
    ]


def axis_name(stat: Stat, kind: str | None) -> str:
    if kind is None:
        return _("Median rating by the system") if stat == Stat.MEDIAN else _("Mean rating by the system")
    return {
        Stat.MEAN: _("Mean rating, as the model predicts it"),
        Stat.MEDIAN: _("Median rating, as the model predicts it"),
        Stat.MAE: _("Mean absolute difference of model and system"),
        Stat.MSE: _("Mean squared difference of model and system"),
        Stat.AVG_DIFF: _("Mean difference: model minus system"),
        Stat.FP_FN: _(
            "Share of comments that the system keeps and the model removes, or the other way round"
        ),
    }[stat]


@dataclass(frozen=True)
class Column:
    """Of a table that is sorted by it or can be."""

    name: str
    head: str
    sorted_by: str  # as in the address: "mae", "-mae"

    @property
    def direction(self) -> str:
        """For aria-sort."""
        return {self.name: "ascending", f"-{self.name}": "descending"}.get(self.sorted_by, "")

    @property
    def sort(self) -> str:
        """What the address says after a click: the largest first, then the smallest."""
        return self.name if self.sorted_by == f"-{self.name}" else f"-{self.name}"


def columns(stat: Stat, kind: str | None, sorted_by: str) -> list[Column]:
    """Statistics of topics, by their names in TopicRow."""
    rated = "median" if stat == Stat.MEDIAN else "mean"
    heads = [("n", _("Comments")), (f"system_{rated}", _("System"))]
    if kind is None:
        heads += [("system_toxic", _("Removed"))]
    else:
        squared = ("mse", _("Squared difference")) if stat == Stat.MSE else ("mae", _("Absolute difference"))
        heads += [
            (rated, person_of(kind)),
            ("avg_diff", _("Difference")),
            squared,
            ("fn", _("Under-sensitive")),
            ("fp", _("Over-sensitive")),
        ]
    return [Column(name, head, sorted_by) for name, head in heads]


def cell(row: TopicRow, name: str) -> str:
    value = getattr(row, name)
    if name == "n":
        return str(value)
    if name in SHARES:
        return percent(value)
    return f"{value:+.2f}" if name == "avg_diff" else f"{value:.2f}"
