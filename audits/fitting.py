"""From labels to a version of a model."""

from collections.abc import Sequence

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from users.errors import Refused

from . import groups
from .corpus import aligned, corpus_of
from .datasets import current_base, not_found
from .labelling import labels_of, locked
from .maths import artefact
from .maths.fold_in import FoldIn, fold_in, predict
from .maths.formulas import Disagreement, Floats, Ints, disagreement, group_medians
from .models import AuditModel, Dataset, Kind, Rating, Version
from .models.audit_model import VersionQuerySet

MAX_VERSIONS = 1000


def fit(model: AuditModel) -> Version:
    """A new version, from the labels as they are now. Of a topic's model: its parent's labels and its own.
    Of a group's: the median rating of each comment that its raters rated."""
    with transaction.atomic():
        model = locked(model)
        dataset = model.dataset
        base = current_base(dataset)
        if base is None:
            raise Refused("no_base_model", _("No base model is fitted to this data set yet. Ask its lead."))
        comments, values, unsure = _learned_from(model)
        if len(comments) < dataset.min_labels:
            raise Refused("too_few_labels", _too_few(model, len(comments)))
        corpus, fitted = corpus_of(dataset), aligned(base, dataset)
        in_topic = corpus.topic_id == model.topic_id if model.kind == Kind.TOPIC else None
        every = fitted.columns(in_topic)
        at = corpus.positions(comments)
        outcome: FoldIn = fold_in(values - fitted.base.mean - fitted.base.bias[at], every.of(at))
        predicted = predict(fitted.base, every, outcome.weights, dataset.scale_max)
        apart = disagreement(corpus.system[corpus.is_evaluated], predicted[corpus.is_evaluated])
        data, sha256 = artefact.pack({"weights": outcome.weights, "comments": comments, "values": values})
        last = newest(model)
        number = last.number + 1 if last else 1
        if number > MAX_VERSIONS:
            raise Refused(
                "too_many_versions", _("A model has at most {limit} versions.").format(limit=MAX_VERSIONS)
            )
        return Version.objects.create(
            model=model,
            number=number,
            base=base,
            labels=len(comments),
            unsure=unsure,
            fit_error=outcome.fit_error,
            artefact=data,
            sha256=sha256,
            **_measured(apart),
        )


def versions(model: AuditModel) -> VersionQuerySet:
    """Newest first."""
    return Version.objects.filter(model=model).order_by("-number")


def newest(model: AuditModel) -> Version | None:
    return versions(model).first()


def newest_of(models: Sequence[AuditModel]) -> dict[int, Version]:
    """By the id of the model; without those that were never fitted."""
    rows = Version.objects.filter(model__in=[model.pk for model in models])
    return {
        version.model_id: version for version in rows.order_by("model_id", "-number").distinct("model_id")
    }


def require_version(model: AuditModel, number: int | None = None) -> Version:
    """The newest, or that number. Raises Refused if there is none."""
    rows = versions(model).select_related("model__dataset")
    found = (rows if number is None else rows.filter(number=number)).first()
    if found is None and number is not None:
        raise not_found()
    if found is None:
        raise Refused("not_fitted", _("This model is not fitted yet: label comments, then fit it."))
    return found


def grade(fit_error: float, dataset: Dataset) -> str:
    """Of the fit error; disagreement with the system is not graded."""
    if fit_error < dataset.good_below:
        return "good"
    return "okay" if fit_error < dataset.okay_below else "label_more"


def _learned_from(model: AuditModel) -> tuple[Ints, Floats, int]:
    """Comments in order, the value of each, and how many labels say unsure."""
    if model.kind == Kind.GROUP:
        return *_medians(model), 0
    answers = dict(labels_of(model).values_list("comment_id", "value"))
    known = sorted((pk, value) for pk, value in answers.items() if value is not None)
    comments = np.array([pk for pk, _ in known], dtype=np.int64)
    values = np.array([value for _, value in known], dtype=np.float64)
    return comments, values, len(answers) - len(known)


def _medians(model: AuditModel) -> tuple[Ints, Floats]:
    groups.require_big_enough(model.dataset, model.filters)
    rows = Rating.objects.filter(rater__in=groups.raters(model.dataset, model.filters))
    pairs = np.array(list(rows.values_list("comment_id", "value")), dtype=np.int64).reshape(-1, 2)
    return group_medians(pairs[:, 0], pairs[:, 1].astype(np.float64))


def _too_few(model: AuditModel, labels: int) -> str:
    needed = model.dataset.min_labels
    if model.kind == Kind.GROUP:
        return _("The raters of this group rated {n} comments; a model needs {needed}.").format(
            n=labels, needed=needed
        )
    missing = needed - labels
    return _(
        "A model needs {needed} labels and has {n}. Unsure does not count. Label {missing} more."
    ).format(needed=needed, n=labels, missing=missing)


def _measured(apart: Disagreement | None) -> dict[str, float | int]:
    if apart is None:
        return {}
    return {"evaluated": apart.n, "mae": apart.mae, "rmse": apart.rmse, "avg_diff": apart.avg_diff}
