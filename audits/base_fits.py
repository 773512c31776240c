"""Fitting the base model of a data set: measured on raters held out, then fitted to all ratings."""

import time
from dataclasses import asdict
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from tasks.sql import streamed
from users.errors import Refused
from users.models import User
from users.sentences import sentence as _

from . import datasets
from .maths import artefact, base_fit, held_out, topic_factors
from .maths.base_fit import Algorithm
from .maths.formulas import Ints
from .maths.ratings import Ratings
from .models import BaseModel, BaseState, Comment, Dataset, Rater, Rating, Topic
from .models.dataset import OUTLIERS

READ_AT_ONCE = 20_000


def begin(dataset: Dataset, *, actor: User, algorithm: str, seed: int) -> BaseModel:
    """A base model that is not fitted yet: `measure` and `finish` come next."""
    if algorithm not in list(Algorithm):
        raise Refused(
            "invalid_algorithm",
            _("Choose one of %(algorithm)s.", algorithm=", ".join(Algorithm)),
            field="algorithm",
        )
    if not 0 <= seed < 2**32:
        raise Refused("invalid_seed", _("A seed is a whole number from 0 to 4294967295."), field="seed")
    base_fit.require(Algorithm(algorithm))
    with transaction.atomic():
        dataset = datasets.locked(dataset.pk, actor)
        if BaseModel.objects.filter(dataset=dataset, state=BaseState.FITTING).exists():
            raise Refused("fit_running", _("A base model is being fitted to this data set already."))
        count = Rating.objects.filter(comment__dataset=dataset).count()
        if not count:
            raise Refused("no_ratings", _("The data set has no ratings. Import some first."))
        return BaseModel.objects.create(
            dataset=dataset,
            algorithm=algorithm,
            seed=seed,
            ratings=count,
            parameters=base_fit.PARAMETERS[Algorithm(algorithm)],
            created_by=actor,
        )


class Source:
    """The ratings of a data set as arrays, and which row each position stands for."""

    def __init__(self, dataset: Dataset) -> None:
        self.comments, topic_ids = _columns(
            Comment.objects.filter(dataset=dataset).order_by("pk").values_list("pk", "topic_id")
        )
        topics = Topic.objects.filter(dataset=dataset).exclude(number=OUTLIERS).order_by("pk")
        self.topics = np.array(topics.values_list("pk", flat=True), dtype=np.int64)
        place = np.searchsorted(self.topics, topic_ids)
        is_known = np.isin(topic_ids, self.topics)
        self.comment_topic: Ints = np.where(is_known, place, OUTLIERS)
        raters = np.array(
            Rater.objects.filter(dataset=dataset).order_by("pk").values_list("pk", flat=True), dtype=np.int64
        )
        rows = Rating.objects.filter(comment__dataset=dataset).order_by("pk")
        rater, comment, value = _columns(rows.values_list("rater_id", "comment_id", "value"), count=3)
        self.ratings = Ratings(
            np.searchsorted(raters, rater),
            np.searchsorted(self.comments, comment),
            value.astype(np.float64),
            raters=len(raters),
            comments=len(self.comments),
        )


def _columns(rows: Any, count: int = 2) -> list[Ints]:
    array = np.fromiter(streamed(rows, READ_AT_ONCE), dtype=np.dtype((np.int64, (count,)))).reshape(-1, count)
    return [np.ascontiguousarray(array[:, k]) for k in range(count)]


def measure(base: BaseModel) -> dict[str, Any] | None:
    """On raters held out; None if there are too few."""
    source = Source(base.dataset)
    found = held_out.measure(
        source.ratings,
        source.comment_topic,
        len(source.topics),
        Algorithm(base.algorithm),
        seed=base.seed,
        scale_max=base.dataset.scale_max,
    )
    if found is None:
        return None
    metrics = asdict(found) | {"gain": found.gain}
    metrics["gate"]["passes"] = found.gate.passes
    return metrics


def finish(base_id: int, metrics: dict[str, Any] | None) -> BaseModel:
    """Fit it to all ratings, with topic factors if they passed the gate, and keep the result."""
    with transaction.atomic():
        base = BaseModel.objects.select_for_update(no_key=True, of=("self",)).filter(pk=base_id).first()
        if base is None:
            raise Refused("not_found", _("The data set was deleted."))
        started = time.perf_counter()
        source = Source(base.dataset)
        fitted = base_fit.fit(source.ratings, Algorithm(base.algorithm), seed=base.seed)
        arrays = {"mean": np.array(fitted.mean), "comments": source.comments, "bias": fitted.bias}
        base.uses_topic_factors = metrics is not None and metrics["gate"]["passes"]
        if base.uses_topic_factors:
            factors = topic_factors.fit(
                source.ratings, fitted, source.comment_topic, len(source.topics), seed=base.seed
            )
            arrays |= {"topics": source.topics, "factors": factors[:-1]}
        base.artefact, base.sha256 = artefact.pack(arrays)
        base.metrics, base.ratings = metrics, len(source.ratings)
        base.state, base.fitted_at = BaseState.FITTED, timezone.now()
        base.seconds = round(time.perf_counter() - started, 3)
        base.save(
            update_fields=[
                "artefact",
                "fitted_at",
                "metrics",
                "ratings",
                "seconds",
                "sha256",
                "state",
                "uses_topic_factors",
            ]
        )
    return base


def give_up(base_id: int) -> None:
    """If it was not fitted."""
    BaseModel.objects.filter(pk=base_id, state=BaseState.FITTING).update(state=BaseState.FAILED)
