"""All comments of a data set as arrays, and the predictions of a version for them: computed when asked for,
and kept in memory for a while. The keys of what is kept name its content, so nothing is ever out of date.
"""

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import numpy as np

from .maths import artefact
from .maths.base_fit import Base
from .maths.fold_in import Columns, columns, predict
from .maths.formulas import Bools, Floats, Ints
from .models import BaseModel, Comment, Dataset, Kind, Topic, Version


@dataclass(frozen=True)
class Corpus:
    """Entry k of each array is about the comment `ids[k]`. Ordered by id."""

    ids: Ints
    system: Floats
    topic_id: Ints
    is_junk: Bools
    is_evaluated: Bools

    def positions(self, ids: Ints) -> Ints:
        """Where these comments are; all must be among `ids`."""
        return np.searchsorted(self.ids, ids)


@dataclass(frozen=True)
class Aligned:
    """A base model for the comments of a corpus. A comment it does not know has the bias 0."""

    base: Base
    factors: Floats | None  # a row for each comment

    def columns(self, in_topic: Bools | None = None) -> Columns:
        return columns(self.base.bias, self.factors, in_topic)


def corpus_of(dataset: Dataset) -> Corpus:
    return _corpus(dataset.pk, dataset.revision)


@lru_cache(maxsize=8)
def _corpus(dataset_id: int, revision: UUID) -> Corpus:
    names = ("pk", "system", "topic_id", "topic__is_junk", "is_evaluated")
    rows = Comment.objects.filter(dataset=dataset_id).order_by("pk").values_list(*names)
    ids, system, topic_id, is_junk, is_evaluated = zip(*rows, strict=True) if rows else ((),) * 5
    return Corpus(
        ids=_fixed(np.array(ids, dtype=np.int64)),
        system=_fixed(np.array(system, dtype=np.float64)),
        topic_id=_fixed(np.array(topic_id, dtype=np.int64)),
        is_junk=_fixed(np.array(is_junk, dtype=np.bool_)),
        is_evaluated=_fixed(np.array(is_evaluated, dtype=np.bool_)),
    )


def aligned(base: BaseModel, dataset: Dataset) -> Aligned:
    return _aligned(base.pk, base.sha256, dataset.pk, dataset.revision)


@lru_cache(maxsize=8)
def _aligned(base_id: int, sha256: str, dataset_id: int, revision: UUID) -> Aligned:
    corpus = _corpus(dataset_id, revision)
    stored = BaseModel.objects.filter(pk=base_id).values_list("artefact", flat=True).get()
    assert stored is not None
    arrays = artefact.unpack(stored, sha256)
    bias = _looked_up(corpus.ids, arrays["comments"], arrays["bias"])
    factors = None
    if "factors" in arrays:
        factors = _fixed(_looked_up(corpus.topic_id, arrays["topics"], arrays["factors"]))
    return Aligned(Base(float(arrays["mean"]), _fixed(bias)), factors)


def _looked_up(keys: Ints, known: Ints, values: Floats) -> Floats:
    """The row of `values` for each key, by its place in `known` (in order); zeros if it is not there."""
    place = np.clip(np.searchsorted(known, keys), 0, len(known) - 1)
    found = values[place]
    found[known[place] != keys] = 0
    return found


def predictions(version: Version) -> Floats:
    """Of every comment, in the order of the corpus."""
    model = version.model
    topic_id = model.topic_id if model.kind == Kind.TOPIC else None
    return _predictions(version.pk, version.sha256, topic_id, model.dataset_id, model.dataset.revision)


@lru_cache(maxsize=64)
def _predictions(
    version_id: int, sha256: str, topic_id: int | None, dataset_id: int, revision: UUID
) -> Floats:
    rows = Version.objects.select_related("base", "model__dataset").defer(None)
    version = rows.get(pk=version_id)
    weights = artefact.unpack(version.artefact, sha256)["weights"]
    fitted = _aligned(version.base_id, version.base.sha256, dataset_id, revision)
    in_topic = None if topic_id is None else _corpus(dataset_id, revision).topic_id == topic_id
    return _fixed(predict(fitted.base, fitted.columns(in_topic), weights, version.model.dataset.scale_max))


def topics_of(dataset: Dataset) -> dict[int, Topic]:
    return Topic.objects.filter(dataset=dataset).in_bulk()


def _fixed(array: np.ndarray) -> np.ndarray:
    """Shared by all threads of the process: nobody may change it."""
    array.flags.writeable = False
    return array


def forget() -> None:
    """For tests, which change rows of a data set under the same revision."""
    for kept in (_corpus, _aligned, _predictions):
        kept.cache_clear()
