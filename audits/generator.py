"""A made-up data set with the structure of a real one: comments in topics, raters with tastes, a system
that is wrong in a different way in each topic. The same seed gives the same data.

A rating is a latent value, cut into 0 to 4: how harsh the comment is (topic + comment), how strict the
rater is, how the rater's taste meets the topic (three dimensions, partly shared by demographic groups), and
noise. The system's rating is the mean of twelve raters, bent by a bias of its own in each topic. All words
are harmless.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from .maths.formulas import Bools, Floats, Ints
from .wording import HARMS, comment_text, topic_label

OUTLIERS = -1
CUTS = (0.30, 0.85, 1.5, 2.3)
SYSTEM_RATERS = 12
DIMENSIONS = 3
# What the raters say about themselves; the shares are made up.
DEMOGRAPHICS: dict[str, dict[str, float]] = {
    "gender": {"female": 0.49, "male": 0.47, "non-binary": 0.04},
    "politics": {"liberal": 0.4, "moderate": 0.3, "conservative": 0.3},
    "religion": {"not important": 0.45, "somewhat important": 0.3, "very important": 0.25},
    "lgbtq": {"no": 0.87, "yes": 0.13},
}
RACES = {"white": 0.6, "black": 0.14, "asian": 0.1, "hispanic": 0.12, "native": 0.02, "other": 0.02}
SECOND_RACE = 0.06  # share of the raters


@dataclass(frozen=True)
class Size:
    raters: int
    comments: int
    ratings: int
    topics: int


SIZES = {"demo": Size(60, 400, 2_000, 8), "full": Size(17_280, 20_000, 100_000, 200)}


@dataclass(frozen=True)
class Generated:
    """Everything by position: the comment, rater or topic number n is entry n of its arrays."""

    topic_labels: list[str]
    texts: list[str]
    comment_topic: Ints  # position in topic_labels, or OUTLIERS
    system: Floats
    harms: list[dict[str, float]]
    is_evaluated: Bools
    raters: list[dict[str, Any]]  # gender, politics, religion, lgbtq, races
    rating_rater: Ints
    rating_comment: Ints
    rating_value: Ints

    def checksum(self) -> str:
        """Of all of it. Equal for equal seeds and sizes."""
        digest = hashlib.sha256()
        for array in (self.comment_topic, self.system, self.is_evaluated):
            digest.update(np.ascontiguousarray(array).tobytes())
        for array in (self.rating_rater, self.rating_comment, self.rating_value):
            digest.update(np.ascontiguousarray(array).tobytes())
        for rows in (self.topic_labels, self.texts, self.harms, self.raters):
            digest.update(repr(rows).encode())
        return digest.hexdigest()


def generate(size: Size, seed: int) -> Generated:
    random = np.random.default_rng(seed)
    topic = _topics(random, size)
    in_topic = np.where(topic == OUTLIERS, size.topics, topic)  # outliers have a latent topic, too
    harshness = random.normal(0, 0.5, size.topics + 1)[in_topic] + random.normal(0, 0.72, size.comments)
    theme = random.normal(0, 1, (size.topics + 1, DIMENSIONS))[in_topic]
    theme = theme + random.normal(0, 0.5, (size.comments, DIMENSIONS))
    raters, taste = _raters(random, size.raters)
    strictness = random.normal(0, 0.8, size.raters)

    def rate(rater: Ints, comment: Ints) -> Ints:
        # Summed by hand: the last bit of a matrix product depends on the processor.
        liking = sum(taste[rater, k] * theme[comment, k] for k in range(DIMENSIONS)) / np.sqrt(DIMENSIONS)
        latent = harshness[comment] + strictness[rater] + liking + random.normal(0, 0.6, len(rater))
        return np.digitize(latent, CUTS)

    comment = np.repeat(np.arange(size.comments), SYSTEM_RATERS)
    seen = rate(random.integers(0, size.raters, len(comment)), comment).reshape(-1, SYSTEM_RATERS)
    bias = random.normal(0, 0.6, size.topics + 1)[in_topic] + random.normal(0, 0.25, size.comments)
    system = np.round(np.clip(seen.mean(axis=1) + bias, 0, 4), 4)
    rater, comment = _pairs(random, size)
    return Generated(
        topic_labels=[topic_label(number) for number in range(size.topics)],
        texts=[comment_text(random, int(t), float(h)) for t, h in zip(in_topic, harshness, strict=True)],
        comment_topic=topic,
        system=system,
        harms=_harms(random, harshness),
        is_evaluated=random.random(size.comments) < 0.25,
        raters=raters,
        rating_rater=rater,
        rating_comment=comment,
        rating_value=rate(rater, comment),
    )


def _topics(random: np.random.Generator, size: Size) -> Ints:
    """Zipf's law with exponent 0.7; three of a hundred comments belong to no topic."""
    weight = np.arange(1, size.topics + 1) ** -0.7
    topic = random.choice(size.topics, size.comments, p=weight / weight.sum())
    return np.where(random.random(size.comments) < 0.03, OUTLIERS, topic)


def _raters(random: np.random.Generator, count: int) -> tuple[list[dict[str, Any]], Floats]:
    """Who they are, and their taste: their own, and that of each group they belong to."""
    taste = random.normal(0, 0.35, (count, DIMENSIONS))
    raters: list[dict[str, Any]] = [{} for _ in range(count)]
    for name, shares in DEMOGRAPHICS.items():
        group = random.choice(len(shares), count, p=list(shares.values()))
        taste += random.normal(0, 0.25, (len(shares), DIMENSIONS))[group]
        for rater, number in zip(raters, group, strict=True):
            rater[name] = list(shares)[number]
    of_race = random.normal(0, 0.25, (len(RACES), DIMENSIONS))
    first = random.choice(len(RACES), count, p=list(RACES.values()))
    second = random.choice(len(RACES), count, p=list(RACES.values()))
    has_second = (random.random(count) < SECOND_RACE) & (first != second)
    taste += of_race[first] + np.where(has_second[:, None], of_race[second], 0.0)
    for number, rater in enumerate(raters):
        races = {first[number], second[number]} if has_second[number] else {first[number]}
        rater["races"] = sorted(list(RACES)[race] for race in races)
    return raters, taste


def _pairs(random: np.random.Generator, size: Size) -> tuple[Ints, Ints]:
    """Who rated what: every comment about as often, nobody one comment twice, some raters far more than
    others."""
    each = -(-size.ratings // size.comments)
    activity = np.cumsum(random.lognormal(0, 1, size.raters))

    def draw(comments: int) -> Ints:
        points = random.random((comments, each)) * activity[-1]
        return np.sort(np.searchsorted(activity, points, side="right"))

    raters = draw(size.comments)
    while len(again := np.flatnonzero((np.diff(raters) == 0).any(axis=1))):
        raters[again] = draw(len(again))
    comment = np.repeat(np.arange(size.comments), each)
    kept = np.sort(random.permutation(len(comment))[: size.ratings])
    return raters.ravel()[kept], comment[kept]


def _harms(random: np.random.Generator, harshness: Floats) -> list[dict[str, float]]:
    """For each category, the share of raters who see it."""
    shift = np.linspace(-0.6, -1.8, len(HARMS))
    logit = 1.6 * harshness[:, None] + shift + random.normal(0, 0.5, (len(harshness), len(HARMS)))
    share = np.round(1 / (1 + np.exp(-logit)), 2)
    return [dict(zip(HARMS, map(float, row), strict=True)) for row in share]
