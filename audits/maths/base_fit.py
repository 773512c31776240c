"""The base model: how harsh each comment is, from the ratings of all raters.

Two algorithms give the same two things, the mean of all ratings and a bias of each comment:

- `baseline`: biases of raters and comments by alternating least squares (Koren, "Factor in the Neighbors",
  TKDD 2010, section 2.1), as `BaselineOnly` of scikit-surprise computes them. Needs numpy only.
- `svd`: `SVD` of scikit-surprise, which fits 20 latent factors beside the biases. Needs
  requirements-audits.txt.

docs/decisions/040-the-base-model-is-fitted-by-alternating-least-squares.md compares them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from users.errors import Refused
from users.sentences import sentence as _

from .formulas import Floats
from .ratings import Ratings


class Algorithm(StrEnum):
    BASELINE = "baseline"
    SVD = "svd"


PARAMETERS: dict[Algorithm, dict[str, Any]] = {
    Algorithm.BASELINE: {"n_epochs": 20, "reg_rater": 4.0, "reg_comment": 2.0},
    Algorithm.SVD: {"n_factors": 20, "n_epochs": 60, "lr_all": 0.005, "reg_all": 0.1},
}


@dataclass(frozen=True)
class Base:
    mean: float
    bias: Floats  # of each comment; 0 for a comment that nobody rated


def fit(ratings: Ratings, algorithm: Algorithm, *, seed: int) -> Base:
    """Raises Refused without ratings, or if the library of the algorithm is not installed."""
    if not len(ratings):
        raise Refused("no_ratings", _("The data set has no ratings. Import some first."))
    if algorithm == Algorithm.SVD:
        return _svd(ratings, seed, **PARAMETERS[Algorithm.SVD])
    return _baseline(ratings, **PARAMETERS[Algorithm.BASELINE])


def require(algorithm: Algorithm) -> None:
    """Raises Refused if the library of the algorithm is not installed."""
    if algorithm == Algorithm.SVD:
        _surprise()


def _baseline(ratings: Ratings, n_epochs: int, reg_rater: float, reg_comment: float) -> Base:
    rated = np.bincount(ratings.comment, minlength=ratings.comments)
    rates = np.bincount(ratings.rater, minlength=ratings.raters)
    mean = float(ratings.value.mean())
    centred = ratings.value - mean
    bias, strictness = np.zeros(ratings.comments), np.zeros(ratings.raters)
    for _epoch in range(n_epochs):
        rest = centred - strictness[ratings.rater]
        bias = np.bincount(ratings.comment, rest, ratings.comments) / (reg_comment + rated)
        rest = centred - bias[ratings.comment]
        strictness = np.bincount(ratings.rater, rest, ratings.raters) / (reg_rater + rates)
    return Base(mean, bias)


def _svd(ratings: Ratings, seed: int, **parameters: Any) -> Base:
    surprise = _surprise()
    # The library numbers raters and comments itself, and knows only those that occur.
    raters, rater = np.unique(ratings.rater, return_inverse=True)
    comments, comment = np.unique(ratings.comment, return_inverse=True)
    of_rater: dict[int, list[tuple[int, float]]] = {number: [] for number in range(len(raters))}
    of_comment: dict[int, list[tuple[int, float]]] = {number: [] for number in range(len(comments))}
    for u, i, value in zip(rater.tolist(), comment.tolist(), ratings.value.tolist(), strict=True):
        of_rater[u].append((i, value))
        of_comment[i].append((u, value))
    scale = (float(ratings.value.min()), float(ratings.value.max()))
    trainset = surprise.Trainset(
        of_rater, of_comment, len(raters), len(comments), len(ratings), scale, {}, {}
    )
    fitted = surprise.SVD(random_state=seed, **parameters).fit(trainset)
    bias = np.zeros(ratings.comments)
    bias[comments] = fitted.bi
    return Base(float(trainset.global_mean), bias)


def _surprise() -> Any:
    try:
        import surprise
    except ImportError:
        raise Refused(
            "surprise_missing",
            _(
                "The algorithm svd needs scikit-surprise, which is not installed: pip install -r "
                "requirements-audits.txt. Or choose the algorithm baseline."
            ),
            field="algorithm",
        ) from None
    return surprise
