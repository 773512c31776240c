import time

import numpy as np
import pytest

from audits.maths import formulas
from audits.maths.base_fit import Base
from audits.maths.fold_in import Columns, columns, fold_in, predict


def people(labels: int, seed: int, *, factors: int = 0, in_topic: bool = False) -> tuple[np.ndarray, Columns]:
    random = np.random.default_rng(seed)
    shared = random.normal(0, 1, (labels, factors)) if factors else None
    inside = random.random(labels) < 0.4 if in_topic else None
    return random.normal(0.5, 1, labels), columns(random.normal(0, 0.6, labels), shared, inside)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", [{}, {"in_topic": True}, {"factors": 3}, {"factors": 3, "in_topic": True}])
def test_left_out_errors_equal_refits_without_the_label(seed, kind):
    rest, labelled = people(20, seed, **kind)
    refits = []
    for k in range(20):
        others = np.arange(20) != k
        x, y = labelled.x[others], rest[others]
        weights = np.linalg.solve(x.T @ x + np.diag(labelled.penalties), x.T @ y)
        refits.append(rest[k] - labelled.x[k] @ weights)
    found = fold_in(rest, labelled)
    assert np.abs(found.left_out - refits).max() < 1e-9
    assert found.fit_error == pytest.approx(np.abs(refits).mean(), abs=1e-9)


def test_penalties_are_those_of_shift_slope_factors_and_topic():
    assert columns(np.zeros(2), np.zeros((2, 3)), np.array([True, False])).penalties.tolist() == [
        2, 6, 4, 4, 4, 2
    ]  # fmt: skip


def test_a_strict_person_is_predicted_higher_and_within_the_scale():
    base = Base(mean=1.0, bias=np.array([-1.0, 0.0, 1.0, 2.8]))
    every = columns(base.bias)
    weights = fold_in(np.full(40, 1.0), columns(np.tile(base.bias[:2], 20))).weights
    predicted = predict(base, every, weights, 4)
    assert predicted[-1] == 4
    assert predicted[1] == pytest.approx(1.9, abs=0.1)


def test_without_labels_worth_anything_the_prediction_is_the_base_model():
    base = Base(mean=1.0, bias=np.array([-0.5, 0.5]))
    weights = fold_in(np.zeros(3), columns(np.array([0.1, 0.2, 0.3]))).weights
    assert predict(base, columns(base.bias), weights, 4).tolist() == [0.5, 1.5]


def test_how_long_a_person_takes():
    """20 labels, 20,000 predictions and 200 topics: well within a request."""
    random = np.random.default_rng(0)
    base = Base(0.9, random.normal(0, 0.6, 20_000))
    every, topic = columns(base.bias), random.integers(0, 200, 20_000)
    system, rest = random.uniform(0, 4, 20_000), random.normal(0, 1, 20)
    at = random.integers(0, 20_000, 20)
    seconds = {"fold-in": [], "with predictions": [], "with topics": []}
    for _ in range(10):
        started = time.perf_counter()
        weights = fold_in(rest, every.of(at)).weights
        seconds["fold-in"].append(time.perf_counter() - started)
        predicted = predict(base, every, weights, 4)
        seconds["with predictions"].append(time.perf_counter() - started)
        formulas.topic_statistics(topic, system, predicted, 2.0)
        seconds["with topics"].append(time.perf_counter() - started)
    print({name: f"{1000 * min(found):.2f} ms" for name, found in seconds.items()})
    assert min(seconds["with topics"]) < 0.2
