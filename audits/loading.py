"""Storing a whole data set, generated or read from files, by COPY."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import models, transaction

from jobs.progress import Progress, no_progress
from tasks import sql
from tasks.models import Project
from users.models import User

from . import datasets
from .generator import Generated
from .models import Comment, Dataset, Rater, Rating, Topic
from .models.dataset import OUTLIERS
from .wording import HARMS

BATCH = 5_000


@dataclass(frozen=True)
class CommentSource:
    external_id: str
    text: str
    topic: int  # its number
    system: float
    harms: dict[str, float] = field(default_factory=dict)
    is_evaluated: bool = True


@dataclass(frozen=True)
class RaterSource:
    external_id: str
    gender: str = ""
    politics: str = ""
    religion: str = ""
    lgbtq: str = ""
    races: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Source:
    """`ratings`: place of the rater, place of the comment, value; places in the lists above."""

    topics: dict[int, str]  # number → label
    comments: Sequence[CommentSource]
    raters: Sequence[RaterSource]
    ratings: Sequence[tuple[int, int, int]]
    harms: Sequence[str] = ()

    @property
    def rows(self) -> int:
        return len(self.topics) + len(self.comments) + len(self.raters) + len(self.ratings)


def generated(made: Generated) -> Source:
    values = zip(
        made.rating_rater.tolist(), made.rating_comment.tolist(), made.rating_value.tolist(), strict=True
    )
    columns = zip(
        made.texts,
        made.comment_topic.tolist(),
        made.system.tolist(),
        made.harms,
        made.is_evaluated.tolist(),
        strict=True,
    )
    return Source(
        topics={OUTLIERS: "Outliers"} | dict(enumerate(made.topic_labels)),
        comments=[CommentSource(f"c{number}", *row) for number, row in enumerate(columns)],
        raters=[RaterSource(f"r{number}", **row) for number, row in enumerate(made.raters)],
        ratings=list(values),
        harms=HARMS,
    )


def store(
    source: Source,
    *,
    actor: User,
    title: str,
    project: Project | None = None,
    progress: Progress = no_progress,
    **settings: Any,
) -> Dataset:
    """A new data set, all of it or nothing."""
    with transaction.atomic():
        dataset = datasets.create(
            actor=actor, title=title, project=project, harms=list(source.harms), **settings
        )
        loading = _Loading(dataset, source.rows, progress)
        topic_ids = loading.topics(source.topics)
        comments = loading.comments(source.comments, topic_ids)
        raters = loading.raters(source.raters)
        loading.ratings(source.ratings, raters, comments)
        # Read by nobody before the commit; a new value all the same, should that ever change.
        Dataset.objects.filter(pk=dataset.pk).update(revision=uuid.uuid4())
    sql.analyze(Topic, Comment, Rater, Rating)
    dataset.refresh_from_db()
    return dataset


class _Loading:
    def __init__(self, dataset: Dataset, total: int, progress: Progress) -> None:
        self.dataset_id, self.total, self.progress, self.done = dataset.pk, total, progress, 0

    def topics(self, topics: dict[int, str]) -> dict[int, int]:
        """The id of each number."""
        rows = [
            Topic(dataset_id=self.dataset_id, number=number, label=label, is_junk=number == OUTLIERS)
            for number, label in sorted(topics.items())
        ]
        Topic.objects.bulk_create(rows)
        self._count(len(rows), "Topics")
        return {row.number: row.pk for row in rows}

    def comments(self, rows: Sequence[CommentSource], topic_ids: dict[int, int]) -> list[int]:
        names = ("id", "dataset", "external_id", "text", "topic", "system", "harms", "is_evaluated")
        ids = sql.next_ids(Comment, len(rows))
        values = (
            (
                pk,
                self.dataset_id,
                c.external_id,
                c.text,
                topic_ids[c.topic],
                c.system,
                c.harms,
                c.is_evaluated,
            )
            for pk, c in zip(ids, rows, strict=True)
        )
        self._copy(Comment, names, values, "Comments")
        return ids

    def raters(self, rows: Sequence[RaterSource]) -> list[int]:
        names = ("id", "dataset", "external_id", "gender", "politics", "religion", "lgbtq", "races")
        ids = sql.next_ids(Rater, len(rows))
        values = (
            (pk, self.dataset_id, r.external_id, r.gender, r.politics, r.religion, r.lgbtq, r.races)
            for pk, r in zip(ids, rows, strict=True)
        )
        self._copy(Rater, names, values, "Raters")
        return ids

    def ratings(self, rows: Sequence[tuple[int, int, int]], raters: list[int], comments: list[int]) -> None:
        values = ((raters[rater], comments[comment], value) for rater, comment, value in rows)
        self._copy(Rating, ("rater", "comment", "value"), values, "Ratings")

    def _copy(
        self, model: type[models.Model], names: Iterable[str], rows: Iterator[tuple], what: str
    ) -> None:
        columns = [model._meta.get_field(name) for name in names]
        for batch in _batches(rows):
            sql.copy_values(model, columns, batch)
            self._count(len(batch), what)

    def _count(self, rows: int, what: str) -> None:
        self.done += rows
        self.progress(self.done, self.total, what)


def _batches(rows: Iterator[tuple]) -> Iterator[list[tuple]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
