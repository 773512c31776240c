"""How good a base model is for people it was not fitted to, and whether topic factors help them.

A tenth of the raters is held out. The base model is fitted to the others; of each rater held out, 70 % of the
ratings are folded in and the rest is predicted. Topic factors are used only if they pass the gate: the
squared error they save, averaged for each rater, must have a mean that is more than two standard errors
above 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import base_fit, topic_factors
from .base_fit import Algorithm
from .fold_in import Columns, columns, fold_in
from .formulas import Floats, Ints
from .ratings import Ratings

HELD_OUT, FOLDED_IN, GATE_Z = 0.1, 0.7, 2.0


@dataclass(frozen=True)
class Gate:
    raters: int
    mean_gain: float  # of the squared error, per rater
    z: float

    @property
    def passes(self) -> bool:
        return self.z > GATE_Z


@dataclass(frozen=True)
class HeldOut:
    raters: int
    ratings: int
    mae: float
    rmse: float
    mae_with_factors: float
    # What is said without knowing the person: the mean of the others' ratings of the comment.
    item_mean_mae: float
    item_mean_rmse: float
    gate: Gate

    @property
    def gain(self) -> float:
        """Share by which the error is lower than that of item means."""
        return 1 - self.mae / self.item_mean_mae


def measure(
    ratings: Ratings,
    comment_topic: Ints,
    topics: int,
    algorithm: Algorithm,
    *,
    seed: int,
    scale_max: float,
) -> HeldOut | None:
    """None if there are too few raters to hold any out."""
    random = np.random.default_rng(seed)
    held_out = random.random(ratings.raters) < HELD_OUT
    is_tested = held_out[ratings.rater]
    if not is_tested.any() or is_tested.all():
        return None
    known, tested = ratings.where(~is_tested), ratings.where(is_tested)
    base = base_fit.fit(known, algorithm, seed=seed)
    factors = topic_factors.fit(known, base, comment_topic, topics, seed=seed)
    plain = columns(base.bias)
    with_factors = columns(base.bias, factors[comment_topic])
    base_line = base.mean + base.bias
    means = known.comment_means(otherwise=base.mean)

    def errors(every: Columns, folded: Ints, asked: Ints) -> Floats:
        labels = tested.comment[folded]
        weights = fold_in(tested.value[folded] - base_line[labels], every.of(labels)).weights
        comments = tested.comment[asked]
        p = np.clip(base_line[comments] + every.x[comments] @ weights, 0, scale_max)
        return p - tested.value[asked]

    found, found_with, by_mean, gains = [], [], [], []
    for folded, asked in _splits(tested, random):
        without, with_ = errors(plain, folded, asked), errors(with_factors, folded, asked)
        found.append(without)
        found_with.append(with_)
        by_mean.append(means[tested.comment[asked]] - tested.value[asked])
        gains.append((without**2 - with_**2).mean())
    if not found:
        return None
    gate = _gate(np.array(gains))
    error, by_mean_error = np.concatenate(found), np.concatenate(by_mean)
    return HeldOut(
        raters=gate.raters,
        ratings=len(error),
        mae=_mae(error),
        rmse=_rmse(error),
        mae_with_factors=_mae(np.concatenate(found_with)),
        item_mean_mae=_mae(by_mean_error),
        item_mean_rmse=_rmse(by_mean_error),
        gate=gate,
    )


def _splits(ratings: Ratings, random: np.random.Generator) -> Iterator[tuple[Ints, Ints]]:
    """For each rater with two ratings or more: those that are folded in, and those asked for."""
    order = np.lexsort((random.random(len(ratings)), ratings.rater))
    ends = np.flatnonzero(np.diff(ratings.rater[order])) + 1
    for theirs in np.split(order, ends):
        folded = min(round(FOLDED_IN * len(theirs)), len(theirs) - 1)
        if folded:
            yield theirs[:folded], theirs[folded:]


def _gate(gains: Floats) -> Gate:
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else 0.0
    z = float(gains.mean() / error) if error > 0 else 0.0
    return Gate(len(gains), float(gains.mean()), z)


def _mae(errors: Floats) -> float:
    return float(np.abs(errors).mean())


def _rmse(errors: Floats) -> float:
    return float(np.sqrt((errors**2).mean()))
