import numpy as np
import pytest

from audits.generator import CUTS, SIZES, generate

from .factories import SEED, made


@pytest.mark.parametrize("size", ["demo", "full"])
def test_the_same_seed_gives_the_same_data(size):
    first, second = made(size), generate(SIZES[size], SEED)
    print(size, first.checksum())
    assert first.checksum() == second.checksum()
    assert generate(SIZES["demo"], SEED + 1).checksum() != first.checksum()


@pytest.mark.parametrize("size", ["demo", "full"])
def test_sizes(size):
    data, wanted = made(size), SIZES[size]
    assert (len(data.raters), len(data.texts), len(data.rating_value), len(data.topic_labels)) == (
        wanted.raters,
        wanted.comments,
        wanted.ratings,
        wanted.topics,
    )
    pairs = set(zip(data.rating_rater.tolist(), data.rating_comment.tolist(), strict=True))
    assert len(pairs) == wanted.ratings


def test_ratings_are_spread_as_people_rate():
    """Mostly not toxic: mean .84, shares 61, 13, 12, 9 and 5 percent."""
    values = made("full").rating_value
    shares = np.bincount(values, minlength=len(CUTS) + 1) / len(values)
    assert values.mean() == pytest.approx(0.84, abs=0.12)
    assert shares == pytest.approx([0.61, 0.13, 0.12, 0.09, 0.05], abs=0.03)


def test_there_is_something_to_label_in_every_bin():
    counts, _ = np.histogram(made().system, [0, 0.5, 1.5, 2.5, 3.5, 4.01])
    assert (counts >= [2, 4, 8, 4, 2]).all()


def test_some_topics_are_small_and_some_comments_belong_to_none():
    sizes = np.bincount(made().comment_topic + 1)
    assert 0 < sizes[0] < 30  # outliers
    assert min(sizes[1:]) < 30 < max(sizes[1:])
