"""Which comments somebody is asked about, and what they answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone

from users.errors import Refused
from users.models import User
from users.sentences import sentence as _

from .corpus import Corpus, corpus_of
from .datasets import not_found
from .maths.formulas import Bools, Floats, Ints
from .models import AuditModel, Comment, Kind, Label, ServedComment, Topic
from .settings_of_datasets import MAX_BATCH

MAX_LABELS = 500  # in one request


@dataclass(frozen=True)
class Progress:
    labels: int
    unsure: int
    needed: int  # labels until a fit is possible
    unlabelled: int  # served, no answer yet


def next_batch(model: AuditModel, n: int | None = None, *, topic: Topic | None = None) -> list[Comment]:
    """`n` comments that this model was never given, spread over the bins of the data set by the system's
    rating; where a bin has too few, the nearest ones have more. Fewer when fewer are left. Of `topic` alone
    if given, and always of its own topic for a model of kind topic.
    """
    bins = model.dataset.label_bins
    n = sum(one["n"] for one in bins) if n is None else n
    if not 1 <= n <= MAX_BATCH:
        raise Refused(
            "invalid_n", _("n is a number from 1 to %(max_batch)s.", max_batch=MAX_BATCH), field="n"
        )
    topic = _topic_of(model, topic)
    with transaction.atomic():
        model = locked(model)
        corpus = corpus_of(model.dataset)
        is_free = _is_free(model, corpus, topic)
        batch = (ServedComment.objects.filter(model=model).aggregate(last=Max("batch"))["last"] or 0) + 1
        # The same comments for the same name and batch, whatever the model's id is: an audit can be repeated.
        random = np.random.default_rng([crc32(model.name.encode()), batch])
        chosen = _by_bins(corpus.system, is_free, bins, n, random)
        ids = [int(pk) for pk in corpus.ids[chosen]]
        ServedComment.objects.bulk_create(
            [ServedComment(model=model, comment_id=pk, batch=batch) for pk in ids]
        )
    found = Comment.objects.select_related("topic").in_bulk(ids)
    return [found[pk] for pk in ids]


def locked(model: AuditModel, actor: User | None = None) -> AuditModel:
    """The model, with the row that serializes batches, labels and fits. 404 if `actor` does not see it."""
    rows = AuditModel.objects.visible_to(actor) if actor else AuditModel.objects.all()
    found = rows.lock(model.pk).select_related("dataset", "topic", "parent").first()
    if found is None:
        raise not_found()
    return found


def _topic_of(model: AuditModel, topic: Topic | None) -> Topic | None:
    if model.kind == Kind.GROUP:
        raise Refused("group_has_no_labels", _("A group's model is made of the ratings of its raters."))
    if model.kind == Kind.TOPIC:
        if topic and topic.pk != model.topic_id:
            raise Refused("wrong_topic", _("This model is about another topic."), field="topic")
        return model.topic
    if topic and topic.dataset_id != model.dataset_id:
        raise Refused("invalid_topic", _("Name a topic of the data set."), field="topic")
    return topic


def _is_free(model: AuditModel, corpus: Corpus, topic: Topic | None) -> Bools:
    """Comments neither served nor labelled, for this model or the one it is tuned from. No junk, unless asked
    for."""
    family = [model.pk, model.parent_id]
    served = ServedComment.objects.filter(model__in=family).values_list("comment_id", flat=True)
    labelled = Label.objects.filter(model__in=family).values_list("comment_id", flat=True)
    is_known = np.isin(corpus.ids, np.array([*served, *labelled], dtype=np.int64))
    return ~is_known & (corpus.topic_id == topic.pk if topic else ~corpus.is_junk)


def _by_bins(system: Floats, is_free: Bools, bins: list[dict], n: int, random: np.random.Generator) -> Ints:
    """Positions, in random order. Each bin is asked for its share of `n`; what it lacks, its neighbours
    give."""
    edges = [one["from"] for one in bins[1:]]
    bin_of = np.digitize(system, edges)
    pools = [random.permutation(np.flatnonzero(is_free & (bin_of == number))) for number in range(len(bins))]
    take = np.zeros(len(bins), dtype=int)
    for number, wanted in enumerate(_shares([one["n"] for one in bins], n)):
        nearest = sorted(range(len(bins)), key=lambda other, here=number: (abs(other - here), other))
        for other in nearest:
            more = min(wanted, len(pools[other]) - take[other])
            take[other] += more
            wanted -= more
    chosen = np.concatenate([pool[:count] for pool, count in zip(pools, take, strict=True)])
    return random.permutation(chosen.astype(np.int64))


def _shares(weights: Sequence[float], n: int) -> list[int]:
    """`n` split in proportion to the weights, by largest remainders."""
    exact = [n * weight / sum(weights) for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda k: (shares[k] - exact[k], k))
    for k in by_remainder[: n - sum(shares)]:
        shares[k] += 1
    return shares


def put_labels(model: AuditModel, answers: Sequence[tuple[int, int | None]]) -> list[Label]:
    """`answers`: comment id and 0 to the end of the scale, or None for unsure. All or none are stored; a
    later answer replaces an earlier one."""
    if model.kind == Kind.GROUP:
        raise Refused("group_has_no_labels", _("A group's model is made of the ratings of its raters."))
    _check_answers(model, answers)
    with transaction.atomic():
        model = locked(model)
        now = timezone.now()
        labels = [Label(model=model, comment_id=pk, value=value, changed_at=now) for pk, value in answers]
        Label.objects.bulk_create(
            labels,
            update_conflicts=True,
            unique_fields=["model", "comment"],
            update_fields=["value", "changed_at"],
        )
    return list(Label.objects.filter(model=model, comment__in=[pk for pk, _ in answers]))


def _check_answers(model: AuditModel, answers: Sequence[tuple[int, int | None]]) -> None:
    if not 1 <= len(answers) <= MAX_LABELS:
        raise Refused(
            "invalid_labels", _("Send 1 to {limit} labels.").format(limit=MAX_LABELS), field="labels"
        )
    highest = model.dataset.scale_max
    for pk, value in answers:
        if value is not None and (isinstance(value, bool) or value not in range(highest + 1)):
            raise Refused(
                "invalid_label",
                _("Comment {id}: a label is a whole number from 0 to {highest}, or null for unsure.").format(
                    id=pk, highest=highest
                ),
                field="value",
            )
    ids = [pk for pk, _ in answers]
    if len(set(ids)) < len(ids):
        raise Refused("repeated_comment", _("Each comment once in a request."), field="comment")
    rows = Comment.objects.filter(dataset=model.dataset_id, pk__in=ids)
    if model.kind == Kind.TOPIC:
        rows = rows.filter(topic=model.topic_id)
    if unknown := set(ids) - set(rows.values_list("pk", flat=True)):
        sentence = (
            _("The topic of this model has no comment {id}.")
            if model.kind == Kind.TOPIC
            else _("This data set has no comment {id}.")
        )
        raise Refused("unknown_comment", sentence.format(id=min(unknown)), field="comment")


def labels_of(model: AuditModel) -> QuerySet[Label]:
    """That it learns from: a topic's model also from its parent's. Its own come later, to replace them."""
    # Parents are older.
    return Label.objects.filter(model__in=[model.pk, model.parent_id]).order_by("model_id")


def progress(model: AuditModel) -> Progress:
    return progress_of([model])[model.pk]


def progress_of(models: Sequence[AuditModel]) -> dict[int, Progress]:
    """By id, in three statements however many they are. A topic's model learns from its parent's labels as
    well."""
    pks = [model.pk for model in models]
    given = Label.objects.filter(model__in=pks).values("model").annotate(labels=Count("value"), n=Count("pk"))
    of_model = {row["model"]: row for row in given}
    open_of = dict(_unanswered(pks).values("model").annotate(n=Count("pk")).values_list("model", "n"))
    parents = [model.parent_id for model in models if model.parent_id]
    known = Label.objects.filter(model__in=parents, value__isnull=False).values("model")
    of_parent = dict(known.annotate(n=Count("pk")).values_list("model", "n"))
    found = {}
    for model in models:
        row = of_model.get(model.pk, {"labels": 0, "n": 0})
        found[model.pk] = Progress(
            labels=row["labels"],
            unsure=row["n"] - row["labels"],
            needed=max(0, model.dataset.min_labels - row["labels"] - of_parent.get(model.parent_id or 0, 0)),
            unlabelled=open_of.get(model.pk, 0),
        )
    return found


def open_comments(model: AuditModel) -> QuerySet[Comment]:
    """Given to label, not answered yet, in the order in which they were given."""
    served = _unanswered([model.pk])
    rows = Comment.objects.filter(pk__in=served.values("comment")).select_related("topic")
    return rows.order_by(Subquery(served.filter(comment=OuterRef("pk")).values("pk")))


def _unanswered(models: list[int]) -> QuerySet[ServedComment]:
    answered = Label.objects.filter(model=OuterRef("model"), comment=OuterRef("comment"))
    return ServedComment.objects.filter(~Exists(answered), model__in=models).order_by()
