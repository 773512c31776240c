"""What a model finds: by topic, by comment, and as evidence. Without a version, what the system says
alone."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from users.errors import Refused

from .corpus import corpus_of, predictions, topics_of
from .labelling import labels_of
from .maths import formulas
from .maths.formulas import ErrorType, Floats, Ints, OddsRatio, Stat
from .models import AuditModel, Comment, Dataset, Topic, Version

MIN_SEARCH = 2
MAX_SEARCH = 200
MAX_IDS = 1000
SAMPLE = 500
ORDERINGS = ("difference", "system", "predicted", "id")


@dataclass(frozen=True)
class TopicRow:
    """The statistics of maths.formulas.TopicStatistics for one topic."""

    topic: Topic
    is_suggested: bool
    n: int
    system_mean: float
    system_median: float
    system_toxic: float
    mean: float | None
    median: float | None
    mae: float | None
    mse: float | None
    avg_diff: float | None
    fp: float | None
    fn: float | None

    def placed(self, stat: Stat) -> float:
        """Where the topic stands; of the system alone if there is no model."""
        if self.mean is None:
            return self.system_median if stat == Stat.MEDIAN else self.system_mean
        if stat == Stat.FP_FN:
            return (self.fp or 0) + (self.fn or 0)
        return getattr(self, stat.value)


def topics(
    dataset: Dataset,
    version: Version | None = None,
    *,
    stat: Stat = Stat.MEAN,
    sort: str | None = None,
    error_type: ErrorType | None = None,
    suggested_only: bool = True,
    min_comments: int | None = None,
) -> list[TopicRow]:
    """In descending order of `stat`, or of `sort`: the name of a column, with a minus for descending.

    `error_type` keeps the topics in which such errors occur. `suggested_only` leaves out junk and topics with
    fewer than `min_comments` (by default those of the data set).
    """
    least = dataset.min_topic_comments if min_comments is None else min_comments
    rows = [row for row in _topic_rows(dataset, version, least) if row.is_suggested or not suggested_only]
    if error_type and version is None:
        raise Refused("no_model", _("Errors need a model to compare with."), field="error_type")
    if error_type:
        share = "fn" if error_type == ErrorType.UNDER else "fp"
        rows = [row for row in rows if getattr(row, share)]
    if sort is None:
        return sorted(rows, key=lambda row: (-row.placed(stat), row.topic.number))
    name, is_descending = sort.removeprefix("-"), sort.startswith("-")
    if name not in SORTED_BY:
        raise Refused(
            "invalid_sort",
            _("{name} is one of {values}.").format(name="sort", values=", ".join(SORTED_BY)),
            field="sort",
        )
    if version is None and name in _OF_VERSION:
        raise Refused("no_model", _("{name} needs a model to compare with.").format(name=name), field="sort")
    return sorted(
        rows,
        key=lambda row: (-getattr(row, name) if is_descending else getattr(row, name), row.topic.number),
    )


SORTED_BY = [field.name for field in fields(TopicRow) if field.name not in ("topic", "is_suggested")]
_OF_VERSION = ("mean", "median", "mae", "mse", "avg_diff", "fp", "fn")


def _topic_rows(dataset: Dataset, version: Version | None, least: int) -> list[TopicRow]:
    corpus = corpus_of(dataset)
    predicted = predictions(version) if version else None
    found = formulas.topic_statistics(corpus.topic_id, corpus.system, predicted, dataset.threshold)
    of_id = topics_of(dataset)
    rows = []
    for place, topic_id in enumerate(found.topic.tolist()):
        if topic_id not in of_id:
            continue  # deleted since
        topic, n = of_id[topic_id], int(found.n[place])
        compared = {name: _entry(getattr(found, name), place) for name in _OF_VERSION}
        rows.append(
            TopicRow(
                topic=topic,
                is_suggested=not topic.is_junk and n >= least,
                n=n,
                system_mean=float(found.system_mean[place]),
                system_median=float(found.system_median[place]),
                system_toxic=float(found.system_toxic[place]),
                **compared,
            )
        )
    return rows


def _entry(column: Floats | None, place: int) -> float | None:
    return None if column is None else float(column[place])


def worst_topics(version: Version, n: int = 5) -> dict[ErrorType, list[TopicRow]]:
    """The topics with the largest share of errors of each type; only those that have any."""
    rows = topics(version.model.dataset, version)
    worst = {}
    for kind, share in ((ErrorType.UNDER, "fn"), (ErrorType.OVER, "fp")):
        wrong = [row for row in rows if getattr(row, share)]
        worst[kind] = sorted(wrong, key=lambda row, s=share: (-getattr(row, s), row.topic.number))[:n]
    return worst


@dataclass(frozen=True)
class Query:
    """Which comments, in which order. `ids` are looked up as well as the rest and added to what that finds;
    all by themselves if there is nothing else."""

    topic: Topic | None = None
    q: str = ""  # literal: % and _ are themselves
    error_type: ErrorType | None = None
    ids: Sequence[int] = ()
    ordering: str | None = None


@dataclass(frozen=True)
class CommentRow:
    comment: Comment  # with its topic
    system: float
    predicted: float | None
    difference: float | None  # predicted - system
    magnitude: float | None  # |difference| if the two are on different sides of the threshold, else 0
    error_type: ErrorType | None
    is_toxic: bool  # says the system
    harms: list[str]  # the categories that more than the data set's share of raters see
    label: int | None  # of the model's owner, here or in the model it is tuned from


@dataclass(frozen=True)
class Point:
    """A comment in a picture: without its text."""

    id: int
    system: float
    predicted: float | None
    error_type: ErrorType | None


@dataclass(frozen=True)
class Selection:
    """The comments of a query, in its order. Only the rows that are shown are read from the database."""

    dataset: Dataset
    version: Version | None
    ids: Ints
    system: Floats
    predicted: Floats | None

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, part: slice) -> list[CommentRow]:
        """For pages."""
        return self.rows(part.start, part.stop - part.start)

    def sample(self, n: int = SAMPLE) -> "Selection":
        """At most `n` of them for a picture, in order: the same ones every time, and in every order."""
        if len(self) <= n:
            return self
        chosen = np.random.default_rng(len(self)).choice(len(self), n, replace=False)
        return self._at(np.sort(np.argsort(self.ids)[chosen]))

    def points(self) -> list[Point]:
        t = self.dataset.threshold
        if self.predicted is None:
            found = zip(self.ids.tolist(), self.system.tolist(), strict=True)
            return [Point(pk, system, None, None) for pk, system in found]
        rated = zip(self.ids.tolist(), self.system.tolist(), self.predicted.tolist(), strict=True)
        return [Point(pk, s, p, formulas.error_type(s, p, t)) for pk, s, p in rated]

    def disagreement(self) -> formulas.Disagreement | None:
        return None if self.predicted is None else formulas.disagreement(self.system, self.predicted)

    def rows(self, offset: int = 0, limit: int = 100) -> list[CommentRow]:
        page = self._at(np.arange(len(self))[offset : offset + limit])
        ids = page.ids.tolist()
        comments = Comment.objects.select_related("topic").in_bulk(ids)
        labels = _labels(self.version.model, ids) if self.version else {}
        # Without those that were deleted since.
        found = [(place, pk) for place, pk in enumerate(ids) if pk in comments]
        return [self._row(comments[pk], page, place, labels.get(pk)) for place, pk in found]

    def _at(self, positions: Ints) -> "Selection":
        predicted = None if self.predicted is None else self.predicted[positions]
        return Selection(self.dataset, self.version, self.ids[positions], self.system[positions], predicted)

    def _row(self, comment: Comment, page: "Selection", place: int, label: int | None) -> CommentRow:
        t, system = self.dataset.threshold, float(page.system[place])
        predicted = None if page.predicted is None else float(page.predicted[place])
        kind = None if predicted is None else formulas.error_type(system, predicted, t)
        difference = None if predicted is None else predicted - system
        return CommentRow(
            comment=comment,
            system=system,
            predicted=predicted,
            difference=difference,
            magnitude=None if difference is None else abs(difference) if kind else 0.0,
            error_type=kind,
            is_toxic=system >= t,
            harms=harms_of(comment, self.dataset),
            label=label,
        )


def system_rows(dataset: Dataset, comments: Sequence[Comment]) -> list[CommentRow]:
    """What the system says of these."""
    system = np.array([comment.system for comment in comments], dtype=np.float64)
    ids = np.array([comment.pk for comment in comments], dtype=np.int64)
    page = Selection(dataset, None, ids, system, None)
    return [page._row(comment, page, place, None) for place, comment in enumerate(comments)]


def harms_of(comment: Comment, dataset: Dataset) -> list[str]:
    return [name for name in dataset.harms if comment.harms.get(name, 0) > dataset.harm_share]


def select(dataset: Dataset, version: Version | None = None, query: Query | None = None) -> Selection:
    """The default order is |predicted - system|, largest first, or the system's rating without a version.
    Ties are in the order of ids, so pages are stable."""
    query = query or Query()
    corpus = corpus_of(dataset)
    predicted = predictions(version) if version else None
    is_chosen = np.ones(len(corpus.ids), dtype=np.bool_)
    if query.topic:
        is_chosen &= corpus.topic_id == query.topic.pk
    if query.q:
        is_chosen &= np.isin(corpus.ids, _search(dataset, query.q))
    if query.ids:
        added = np.isin(corpus.ids, _checked_ids(query.ids))
        is_chosen = is_chosen | added if query.topic or query.q else added
    if query.error_type:
        if predicted is None:
            raise Refused("no_model", _("Errors need a model to compare with."), field="error_type")
        is_wrong = {ErrorType.UNDER: formulas.is_under_sensitive, ErrorType.OVER: formulas.is_over_sensitive}
        is_chosen &= is_wrong[query.error_type](corpus.system, predicted, dataset.threshold)
    chosen = np.flatnonzero(is_chosen)
    chosen = chosen[
        _order(query.ordering, corpus.ids[chosen], corpus.system[chosen], _part(predicted, chosen))
    ]
    return Selection(dataset, version, corpus.ids[chosen], corpus.system[chosen], _part(predicted, chosen))


def _part(array: Floats | None, chosen: Ints) -> Floats | None:
    return None if array is None else array[chosen]


def _search(dataset: Dataset, q: str) -> Ints:
    if not MIN_SEARCH <= len(q) <= MAX_SEARCH or "\0" in q:
        raise Refused(
            "invalid_q",
            _("Search for {low} to {high} characters.").format(low=MIN_SEARCH, high=MAX_SEARCH),
            field="q",
        )
    rows = Comment.objects.filter(dataset=dataset, text__icontains=q)
    return np.array(rows.values_list("pk", flat=True), dtype=np.int64)


def _checked_ids(ids: Sequence[int]) -> Ints:
    """Those of other data sets find nothing, nor do numbers that are no id."""
    if len(ids) > MAX_IDS:
        raise Refused("invalid_ids", _("At most {limit} comment ids.").format(limit=MAX_IDS), field="ids")
    return np.array([pk for pk in ids if 0 < pk < 2**63], dtype=np.int64)


def _order(ordering: str | None, ids: Ints, system: Floats, predicted: Floats | None) -> Ints:
    ordering = ordering or ("-system" if predicted is None else "-difference")
    name = ordering.removeprefix("-")
    if name not in ORDERINGS:
        raise Refused(
            "invalid_ordering",
            _("{name} is one of {values}.").format(name="ordering", values=", ".join(ORDERINGS)),
            field="ordering",
        )
    if predicted is None and name in ("difference", "predicted"):
        raise Refused(
            "no_model", _("{name} needs a model to compare with.").format(name=name), field="ordering"
        )
    sign = -1 if ordering.startswith("-") else 1
    if name == "id":
        return np.argsort(sign * ids)
    key = system if name == "system" else predicted
    assert key is not None
    if name == "difference":
        key = np.abs(key - system)
    return np.lexsort((ids, sign * key))


def snapshots(
    comments: Sequence[Comment], model: AuditModel, version: Version | None
) -> list[dict[str, Any]]:
    """The fields of evidence for each comment, as things are now. Comments come with their topic."""
    labels = _labels(model, [one.pk for one in comments])
    predicted: list[float | None] = [None] * len(comments)
    if version:
        at = corpus_of(model.dataset).positions(np.array([one.pk for one in comments], dtype=np.int64))
        predicted = predictions(version)[at].tolist()
    return [
        {
            "comment": comment,
            "version": version,
            "external_id": comment.external_id,
            "text": comment.text,
            "topic": comment.topic.label,
            "system": comment.system,
            "predicted": rating,
            "label": labels.get(comment.pk),
        }
        for comment, rating in zip(comments, predicted, strict=True)
    ]


def _labels(model: AuditModel, comment_ids: Sequence[int]) -> dict[int, int | None]:
    return dict(labels_of(model).filter(comment__in=comment_ids).values_list("comment_id", "value"))


def harm_odds(version: Version) -> dict[str, OddsRatio]:
    """For each harm category: how much likelier the system is under-sensitive on comments in it than on
    others."""
    dataset = version.model.dataset
    corpus, predicted = corpus_of(dataset), predictions(version)
    is_missed = formulas.is_under_sensitive(corpus.system, predicted, dataset.threshold)
    shares = dict(Comment.objects.filter(dataset=dataset).values_list("pk", "harms"))
    odds = {}
    for name in dataset.harms:
        has_harm = np.array(
            [shares[pk].get(name, 0) > dataset.harm_share for pk in corpus.ids.tolist()], bool
        )
        cells = [
            np.sum(harm & missed) for harm in (has_harm, ~has_harm) for missed in (is_missed, ~is_missed)
        ]
        odds[name] = formulas.odds_ratio(*map(int, cells))
    return odds
