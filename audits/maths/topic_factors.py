"""Three numbers of each topic, shared by all raters, so that a person's labels in some topics say something
about others: what remains of a rating after shift and slope is modelled as (factors of the topic) .
(weights of the rater), the weights being normal with mean 0.

Fitted by expectation maximization (Tipping and Bishop, "Probabilistic PCA", 1999; Lawrence, "Probabilistic
non-linear PCA", 2005). Most raters have few ratings: alternating least squares, which takes their weights
for certain, fitted the noise and made predictions worse.
"""

import numpy as np

from .base_fit import Base
from .fold_in import FACTOR, SHIFT, SLOPE
from .formulas import Floats, Ints
from .ratings import Ratings

FACTORS = 3
ROUNDS = 25
NOISE = 0.7  # variance of a rating around its prediction
TOPIC_PENALTY = 0.5


def fit(ratings: Ratings, base: Base, comment_topic: Ints, topics: int, *, seed: int) -> Floats:
    """A row for each topic, and a last one of zeros for outliers, whose topic is -1."""
    topic = comment_topic[ratings.comment]
    bias = base.bias[ratings.comment]
    rest = ratings.value - base.mean - bias
    inside = topic >= 0
    factors = np.random.default_rng(seed).normal(0, 0.3, (topics + 1, FACTORS))
    factors[-1] = 0
    penalties = np.diag([SHIFT, SLOPE] + [FACTOR] * FACTORS)
    for _ in range(ROUNDS):
        # What the raters' weights are, given the topics' factors: mean and covariance of each rater.
        x = np.column_stack([np.ones(len(rest)), bias, factors[topic]])
        inverse = np.linalg.inv(_sums(ratings.rater, x, x, ratings.raters) + penalties)
        right = _sums(ratings.rater, x, rest[:, None], ratings.raters)
        mean = (inverse @ right)[:, :, 0]
        covariance = NOISE * inverse
        # What the factors are, given that.
        weights, doubt = mean[ratings.rater], covariance[ratings.rater]
        taste = weights[:, 2:]
        left = rest - weights[:, 0] - weights[:, 1] * bias
        products = _sums(topic[inside], taste[inside], taste[inside], topics)
        products += _sums_of(topic[inside], doubt[inside, 2:, 2:], topics)
        wanted = taste * left[:, None] - doubt[:, 2:, 0] - doubt[:, 2:, 1] * bias[:, None]
        right = _sums_of(topic[inside], wanted[inside][:, :, None], topics)
        factors[:-1] = np.linalg.solve(products + TOPIC_PENALTY * np.eye(FACTORS), right)[:, :, 0]
        # Only the product of the two is determined: to the scale that the penalty of the weights stands for.
        spread = (mean[:, 2:].T @ mean[:, 2:] + covariance[:, 2:, 2:].sum(axis=0)) / ratings.raters
        factors[:-1] = factors[:-1] @ np.linalg.cholesky(spread * (FACTOR / NOISE))
    return factors


def _sums(group: Ints, left: Floats, right: Floats, groups: int) -> Floats:
    """Of each group, the sum of the outer products of its rows: (groups, columns of left, of right)."""
    return _sums_of(group, left[:, :, None] * right[:, None, :], groups)


def _sums_of(group: Ints, matrices: np.ndarray, groups: int) -> Floats:
    rows, columns = matrices.shape[1:]
    sums = np.empty((groups, rows, columns))
    for i in range(rows):
        for j in range(columns):
            sums[:, i, j] = np.bincount(group, matrices[:, i, j], groups)
    return sums
