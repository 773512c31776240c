"""Ratings as arrays: entry k says that rater `rater[k]` gave comment `comment[k]` the value `value[k]`."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from .formulas import Bools, Floats, Ints


@dataclass(frozen=True)
class Ratings:
    """Raters and comments are positions from 0; `raters` and `comments` say how many there are."""

    rater: Ints
    comment: Ints
    value: Floats
    raters: int
    comments: int

    def __len__(self) -> int:
        return len(self.value)

    def where(self, chosen: Bools | Ints) -> Self:
        return type(self)(
            self.rater[chosen], self.comment[chosen], self.value[chosen], self.raters, self.comments
        )

    def comment_means(self, otherwise: float) -> Floats:
        """Of each comment, or `otherwise` where nobody rated it."""
        n = np.bincount(self.comment, minlength=self.comments)
        total = np.bincount(self.comment, weights=self.value, minlength=self.comments)
        return np.where(n > 0, total / np.maximum(n, 1), otherwise)
