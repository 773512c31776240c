import sys

import numpy as np
import pytest

from audits.maths import base_fit
from audits.maths.base_fit import Algorithm
from audits.maths.ratings import Ratings
from users.errors import Refused

from ..factories import made


def demo() -> Ratings:
    data = made()
    return Ratings(
        data.rating_rater,
        data.rating_comment,
        data.rating_value.astype(float),
        raters=len(data.raters),
        comments=len(data.texts),
    )


def test_baseline_is_that_of_scikit_surprise():
    surprise = pytest.importorskip("surprise")
    ratings = demo()
    of_rater, of_comment = {}, {}
    for rater, comment, value in zip(ratings.rater, ratings.comment, ratings.value, strict=True):
        of_rater.setdefault(int(rater), []).append((int(comment), value))
        of_comment.setdefault(int(comment), []).append((int(rater), value))
    trainset = surprise.Trainset(
        of_rater, of_comment, ratings.raters, ratings.comments, len(ratings), (0, 4), {}, {}
    )
    options = {"method": "als", "n_epochs": 20, "reg_u": 4.0, "reg_i": 2.0}
    theirs = surprise.BaselineOnly(bsl_options=options, verbose=False).fit(trainset)
    ours = base_fit.fit(ratings, Algorithm.BASELINE, seed=0)
    assert ours.mean == pytest.approx(trainset.global_mean)
    assert np.abs(ours.bias - theirs.bi).max() < 1e-9


def test_svd_gives_the_same_for_the_same_seed_and_nothing_for_what_nobody_rated():
    pytest.importorskip("surprise")
    ratings = demo()
    known = ratings.where(ratings.comment != 5)
    first, second = (base_fit.fit(known, Algorithm.SVD, seed=3) for _ in range(2))
    assert first.bias.tolist() == second.bias.tolist()
    assert first.bias[5] == 0
    assert first.bias.std() > 0.2


def test_svd_says_how_to_install_its_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "surprise", None)
    with pytest.raises(Refused, match="pip install -r requirements-audits.txt") as refused:
        base_fit.fit(demo(), Algorithm.SVD, seed=0)
    assert refused.value.code == "surprise_missing"


def test_ratings_are_needed():
    none = demo().where(np.array([], dtype=int))
    with pytest.raises(Refused, match="no ratings"):
        base_fit.fit(none, Algorithm.BASELINE, seed=0)
