"""From a few labels to a prediction for every comment: a ridge regression of what remains after the base
model.

With the mean m of all ratings and the bias b of a comment, y - m - b is regressed on the columns [1, b]: a
*shift* (how strict the person is) and a *slope* (how much they follow what others see). Penalties R =
diag(2, 6) pull both to 0, which is the base model itself: w = (X'X + R)^-1 X'y (Hoerl and Kennard, "Ridge
Regression", 1970). Further columns are those of shared topic factors, and of one topic the person labelled
more of.
"""

from dataclasses import dataclass

import numpy as np

from .base_fit import Base
from .formulas import Bools, Floats

SHIFT, SLOPE, FACTOR, IN_TOPIC = 2.0, 6.0, 4.0, 2.0  # penalties


@dataclass(frozen=True)
class Columns:
    """X for some comments, and the penalty of each column."""

    x: Floats
    penalties: Floats

    def of(self, comments: Bools | np.ndarray) -> "Columns":
        return Columns(self.x[comments], self.penalties)


def columns(bias: Floats, factors: Floats | None = None, in_topic: Bools | None = None) -> Columns:
    """`factors`: a row for each comment, those of its topic. `in_topic`: whether it is of the person's
    topic."""
    x, penalties = [np.ones(len(bias)), bias], [SHIFT, SLOPE]
    if factors is not None:
        x.extend(factors.T)
        penalties.extend([FACTOR] * factors.shape[1])
    if in_topic is not None:
        x.append(in_topic.astype(np.float64))
        penalties.append(IN_TOPIC)
    return Columns(np.column_stack(x), np.array(penalties))


@dataclass(frozen=True)
class FoldIn:
    weights: Floats
    # Of each label, what the regression without it gets wrong: y - x w.
    left_out: Floats

    @property
    def fit_error(self) -> float:
        """Leave-one-out mean absolute error on the person's own labels."""
        return float(np.abs(self.left_out).mean())


def fold_in(rest: Floats, labelled: Columns) -> FoldIn:
    """`rest`: y - m - b of each label. The leave-one-out errors are those of refits, in closed form: e
    divided by 1 - x (X'X + R)^-1 x' (Allen 1974, "PRESS"; ridge does not change the identity)."""
    x = labelled.x
    inverse = np.linalg.inv(x.T @ x + np.diag(labelled.penalties))
    weights = inverse @ (x.T @ rest)
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    return FoldIn(weights, (rest - x @ weights) / (1 - leverage))


def predict(base: Base, every: Columns, weights: Floats, scale_max: float) -> Floats:
    """Of every comment that `base` and `every` have."""
    return np.clip(base.mean + base.bias + every.x @ weights, 0, scale_max)
