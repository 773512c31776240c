"""Where a system and a person disagree.

`s` is the system's rating of each comment, `p` the person's (predicted), `t` the threshold of the dataset: a
comment is toxic at t and above. The names of the statistics are those of IndieLabel (Lam et al., "End-User
Audits", CSCW 2022, https://doi.org/10.1145/3555625), whose own code counted a rating of exactly t in two
ways.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class ErrorType(StrEnum):
    UNDER = "under"  # the system keeps what the person would remove
    OVER = "over"  # the system removes what the person would keep


class Stat(StrEnum):
    """How topics can be placed and sorted."""

    MEAN = "mean"
    MEDIAN = "median"
    MAE = "mae"
    MSE = "mse"
    AVG_DIFF = "avg_diff"
    FP_FN = "fp_fn"


def is_toxic(x: Floats, t: float) -> Bools:
    return x >= t


def is_under_sensitive(s: Floats, p: Floats, t: float) -> Bools:
    return ~is_toxic(s, t) & is_toxic(p, t)


def is_over_sensitive(s: Floats, p: Floats, t: float) -> Bools:
    return is_toxic(s, t) & ~is_toxic(p, t)


def error_type(s: float, p: float, t: float) -> ErrorType | None:
    """Of one comment."""
    if (s >= t) == (p >= t):
        return None
    return ErrorType.UNDER if p >= t else ErrorType.OVER


def magnitude(s: Floats, p: Floats, t: float) -> Floats:
    """|s - p| where the two are on different sides of t, else 0."""
    return np.where(is_toxic(s, t) != is_toxic(p, t), np.abs(s - p), 0.0)


@dataclass(frozen=True)
class Disagreement:
    """Predictions against the system. Never graded: to disagree with the system is the point."""

    n: int
    mae: float
    rmse: float
    avg_diff: float  # mean(p - s): above 0, the person finds more toxic than the system does


def disagreement(s: Floats, p: Floats) -> Disagreement | None:
    """None without comments."""
    if not len(s):
        return None
    difference = p - s
    return Disagreement(
        n=len(s),
        mae=float(np.abs(difference).mean()),
        rmse=float(np.sqrt((difference**2).mean())),
        avg_diff=float(difference.mean()),
    )


@dataclass(frozen=True)
class TopicStatistics:
    """One entry per topic that has comments, in the order of `topic`. Without predictions only `system_…`."""

    topic: Ints
    n: Ints
    system_mean: Floats
    system_median: Floats
    system_toxic: Floats  # share of the topic's comments
    mean: Floats | None = None  # of p
    median: Floats | None = None
    mae: Floats | None = None
    mse: Floats | None = None
    avg_diff: Floats | None = None  # mean(p - s)
    fp: Floats | None = None  # share over-sensitive
    fn: Floats | None = None  # share under-sensitive


def topic_statistics(topic: Ints, s: Floats, p: Floats | None, t: float) -> TopicStatistics:
    """In one pass over the comments: `topic` names the topic of each."""
    topics, place = np.unique(topic, return_inverse=True)
    n = np.bincount(place, minlength=len(topics))

    def share(values: Floats | Bools) -> Floats:
        return np.bincount(place, weights=values, minlength=len(topics)) / n

    system = TopicStatistics(
        topic=topics,
        n=n,
        system_mean=share(s),
        system_median=_medians(place, n, s),
        system_toxic=share(is_toxic(s, t)),
    )
    if p is None:
        return system
    difference = p - s
    return replace(
        system,
        mean=share(p),
        median=_medians(place, n, p),
        mae=share(np.abs(difference)),
        mse=share(difference**2),
        avg_diff=share(difference),
        fp=share(is_over_sensitive(s, p, t)),
        fn=share(is_under_sensitive(s, p, t)),
    )


def group_medians(group: Ints, values: Floats) -> tuple[Ints, Floats]:
    """The groups in order, and the median of each."""
    groups, place = np.unique(group, return_inverse=True)
    return groups, _medians(place, np.bincount(place, minlength=len(groups)), values)


def _medians(place: Ints, n: Ints, values: Floats) -> Floats:
    """Of each group: the mean of the two values in its middle, or twice the same one."""
    ordered = values[np.lexsort((values, place))]
    start = np.cumsum(n) - n
    return (ordered[start + (n - 1) // 2] + ordered[start + n // 2]) / 2


@dataclass(frozen=True)
class OddsRatio:
    ratio: float
    p_value: float


def odds_ratio(a: int, b: int, c: int, d: int) -> OddsRatio:
    """Of the 2x2 table [[a, b], [c, d]]: 0.5 is added to each cell (Haldane 1940, Anscombe 1956), so that
    an empty one does no harm; the p-value is that of Fisher's exact test, two-sided."""
    ratio = ((a + 0.5) * (d + 0.5)) / ((b + 0.5) * (c + 0.5))
    return OddsRatio(ratio, _fisher(a, b, c, d))


def _fisher(a: int, b: int, c: int, d: int) -> float:
    """The probability of all tables with these margins that are no likelier than this one."""
    row, column, total = a + b, a + c, a + b + c + d
    low, high = max(0, column - (total - row)), min(row, column)
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, total + 1)))))

    def log_choose(n: int | Ints, k: int | Ints) -> Floats:
        return log_factorial[n] - log_factorial[k] - log_factorial[np.subtract(n, k)]

    cells = np.arange(low, high + 1)
    log_p = log_choose(row, cells) + log_choose(total - row, column - cells) - log_choose(total, column)
    p = np.exp(log_p)
    return float(min(1.0, p[p <= p[a - low] * (1 + 1e-7)].sum()))
