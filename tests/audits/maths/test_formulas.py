import numpy as np
import pytest

from audits.maths import formulas
from audits.maths.formulas import ErrorType

T = 2.0


@pytest.mark.parametrize(
    ("s", "p", "kind", "magnitude"),
    [
        (1.9, 2.0, ErrorType.UNDER, 0.1),
        (2.0, 1.9, ErrorType.OVER, 0.1),
        (2.0, 2.0, None, 0),  # exactly at the threshold is toxic for both
        (2.0, 4.0, None, 0),
        (0.0, 1.999, None, 0),
        (0.0, 4.0, ErrorType.UNDER, 4),
    ],
)
def test_errors_of_one_comment(s, p, kind, magnitude):
    arrays = np.array([s]), np.array([p])
    assert formulas.error_type(s, p, T) == kind
    assert formulas.is_under_sensitive(*arrays, T).tolist() == [kind == ErrorType.UNDER]
    assert formulas.is_over_sensitive(*arrays, T).tolist() == [kind == ErrorType.OVER]
    assert formulas.magnitude(*arrays, T)[0] == pytest.approx(magnitude)


def test_topic_statistics_equal_a_loop_over_the_comments():
    random = np.random.default_rng(1)
    topic = random.integers(0, 30, 5_000) * 7 - 1
    s, p = random.integers(0, 9, 5_000) / 2, random.uniform(0, 4, 5_000)
    found = formulas.topic_statistics(topic, s, p, T)
    for place, number in enumerate(sorted(set(topic.tolist()))):
        a, b = s[topic == number], p[topic == number]
        expected = {
            "topic": number,
            "n": len(a),
            "system_mean": sum(a) / len(a),
            "system_median": np.median(a),
            "system_toxic": sum(1 for x in a if x >= T) / len(a),
            "mean": sum(b) / len(b),
            "median": np.median(b),
            "mae": sum(abs(y - x) for x, y in zip(a, b, strict=True)) / len(a),
            "mse": sum((y - x) ** 2 for x, y in zip(a, b, strict=True)) / len(a),
            "avg_diff": sum(y - x for x, y in zip(a, b, strict=True)) / len(a),
            "fp": sum(1 for x, y in zip(a, b, strict=True) if y < T <= x) / len(a),
            "fn": sum(1 for x, y in zip(a, b, strict=True) if x < T <= y) / len(a),
        }
        assert {name: getattr(found, name)[place] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_topic_statistics_of_the_system_alone():
    found = formulas.topic_statistics(np.array([1, 1, 5]), np.array([2.0, 0.0, 3.0]), None, T)
    assert found.system_mean.tolist() == [1.0, 3.0]
    assert found.system_toxic.tolist() == [0.5, 1.0]
    assert found.mae is None


def test_disagreement_is_signed():
    found = formulas.disagreement(np.array([1.0, 1.0]), np.array([2.0, 4.0]))
    assert found == formulas.Disagreement(n=2, mae=2.0, rmse=pytest.approx(5**0.5), avg_diff=2.0)
    assert formulas.disagreement(np.array([]), np.array([])) is None


@pytest.mark.parametrize(
    ("cells", "ratio", "p_value"),
    [
        ((8, 2, 1, 5), (8.5 * 5.5) / (2.5 * 1.5), 0.034965),
        ((0, 5, 5, 0), (0.5 * 0.5) / (5.5 * 5.5), 2 / 252),
        ((3, 3, 3, 3), 1.0, 1.0),
        ((0, 0, 4, 6), (0.5 * 6.5) / (0.5 * 4.5), 1.0),
    ],
)
def test_odds_ratio(cells, ratio, p_value):
    found = formulas.odds_ratio(*cells)
    assert (found.ratio, found.p_value) == (pytest.approx(ratio), pytest.approx(p_value, rel=1e-4))


def test_medians_of_groups():
    groups, medians = formulas.group_medians(np.array([7, 3, 7, 3, 7]), np.array([1.0, 0.0, 4.0, 3.0, 2.0]))
    assert groups.tolist() == [3, 7]
    assert medians.tolist() == [1.5, 2.0]
