import time

import numpy as np
import pytest

from audits.generator import Size, generate
from audits.maths import base_fit, held_out
from audits.maths.base_fit import Algorithm
from audits.maths.ratings import Ratings

from ..factories import made


def measured(data, algorithm=Algorithm.BASELINE, topic=None):
    topic = data.comment_topic if topic is None else topic
    return held_out.measure(ratings_of(data), topic, len(data.topic_labels), algorithm, seed=7, scale_max=4)


def ratings_of(data) -> Ratings:
    return Ratings(
        data.rating_rater,
        data.rating_comment,
        data.rating_value.astype(float),
        raters=len(data.raters),
        comments=len(data.texts),
    )


def test_people_held_out_are_predicted_better_than_by_item_means():
    """The full size: 17,280 raters, 20,000 comments, 100,000 ratings."""
    data = made("full")
    started = time.perf_counter()
    base_fit.fit(ratings_of(data), Algorithm.BASELINE, seed=7)
    seconds = time.perf_counter() - started
    found = measured(data)
    print(
        f"base fit {seconds:.2f} s; MAE {found.mae:.3f}, item means {found.item_mean_mae:.3f}, "
        f"{found.gain:.1%} better; topic factors: z = {found.gate.z:.1f}, MAE {found.mae_with_factors:.3f}"
    )
    assert found.gain >= 0.08
    assert found.gate.passes  # the generated raters do have tastes
    assert found.mae_with_factors < found.mae


@pytest.mark.slow
def test_svd_at_full_size():
    pytest.importorskip("surprise")
    started = time.perf_counter()
    found = measured(made("full"), Algorithm.SVD)
    print(
        f"{time.perf_counter() - started:.1f} s; MAE {found.mae:.3f}, {found.gain:.1%} better than item means"
    )
    assert found.gain >= 0.05


def test_topics_without_meaning_do_not_pass_the_gate():
    data = generate(Size(raters=2_000, comments=2_000, ratings=10_000, topics=20), 3)
    shuffled = np.random.default_rng(0).permutation(data.comment_topic)
    assert not measured(data, topic=shuffled).gate.passes


def test_the_same_seed_gives_the_same_measurement():
    assert measured(made()) == measured(made())


def test_a_single_rater_cannot_be_held_out():
    data = generate(Size(raters=1, comments=30, ratings=30, topics=2), 1)
    assert measured(data) is None
