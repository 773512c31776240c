"""Making a model of somebody's judgement, or of a group's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from users.errors import Refused
from users.models import User
from users.sentences import sentence as _

from . import groups
from .datasets import friendly_name, not_found
from .labelling import locked
from .models import AuditModel, Dataset, Kind, Report, Submission, Topic

MAX_MODELS = 100  # of one person on one data set


def get_visible(user: User, model_id: int) -> AuditModel:
    rows = AuditModel.objects.visible_to(user).select_related("dataset", "topic")
    found = rows.filter(pk=model_id).first()
    if found is None:
        raise not_found()
    return found


def create(
    dataset: Dataset,
    *,
    actor: User,
    name: str,
    kind: str = Kind.PERSONAL,
    parent: AuditModel | None = None,
    topic: Topic | None = None,
    filters: dict[str, str] | None = None,
) -> AuditModel:
    """`parent` and `topic` are for kind topic, `filters` for kind group."""
    name = _checked_name(name)
    if kind not in Kind.values:
        raise Refused(
            "invalid_kind", _("A kind is one of %(values)s.", values=", ".join(Kind.values)), field="kind"
        )
    fields: dict[str, Any] = {}
    if kind == Kind.TOPIC:
        fields = _topic_fields(dataset, actor, parent, topic)
    elif parent or topic:
        raise Refused("only_for_topics", _("parent and topic are for models of kind topic."), field="kind")
    if kind == Kind.GROUP:
        fields = {"filters": _group_filters(dataset, filters)}
    elif filters:
        raise Refused("only_for_groups", _("filters are for models of kind group."), field="kind")
    mine = AuditModel.objects.filter(owner=actor, dataset=dataset)
    with _named_once(mine, name), transaction.atomic():
        # Not while it is being deleted.
        if Dataset.objects.filter(pk=dataset.pk).select_for_update(no_key=True).first() is None:
            raise not_found()
        if mine.count() >= MAX_MODELS:
            raise Refused(
                "too_many_models",
                _("You have {limit} models of this data set already.").format(limit=MAX_MODELS),
            )
        return AuditModel.objects.create(owner=actor, dataset=dataset, name=name, kind=kind, **fields)


def rename(model: AuditModel, name: str) -> AuditModel:
    name = _checked_name(name)
    with _named_once(AuditModel.objects.filter(owner=model.owner_id, dataset=model.dataset_id), name):
        with transaction.atomic():
            model = locked(model)
            model.name = name
            model.save(update_fields=["name"])
    return model


def delete(model: AuditModel) -> None:
    """With its labels, versions and reports, and the models tuned from it. Not if a report was sent: what the
    register has stays here as well."""
    with transaction.atomic():
        model = locked(model)
        family = AuditModel.objects.filter(Q(pk=model.pk) | Q(parent=model.pk))
        # Sending locks the report.
        reports = list(Report.objects.select_for_update(no_key=True).filter(model__in=family).order_by("pk"))
        if Submission.objects.filter(revision__report__in=reports).exists():
            raise Refused(
                "has_sent_reports", _("A report of this model was sent to the register, so it stays.")
            )
        model.delete()


@contextmanager
def _named_once(mine: QuerySet[AuditModel], name: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        if mine.filter(name=name).exists():
            raise Refused(
                "name_taken", _('You have a model called "{name}" already.').format(name=name), field="name"
            )
        raise


def suggest_name(dataset: Dataset, owner: User) -> str:
    """A free one."""
    stem = friendly_name(owner)
    taken = set(AuditModel.objects.filter(owner=owner, dataset=dataset).values_list("name", flat=True))
    names = [stem, *(f"{stem} {number}" for number in range(2, MAX_MODELS + 2))]
    return next(name for name in names if name not in taken)


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Refused("invalid_name", _("A name has 1 to 100 characters."), field="name")
    return name


def _topic_fields(
    dataset: Dataset, actor: User, parent: AuditModel | None, topic: Topic | None
) -> dict[str, Any]:
    is_mine = parent is not None and parent.owner_id == actor.pk and parent.dataset_id == dataset.pk
    if not is_mine or parent is None or parent.kind != Kind.PERSONAL:
        raise Refused("invalid_parent", _("Name a personal model of yours to start from."), field="parent")
    if topic is None or topic.dataset_id != dataset.pk or topic.is_junk:
        raise Refused("invalid_topic", _("Name a topic of the data set."), field="topic")
    if topic.comments.count() < dataset.min_tuning_comments:
        raise Refused(
            "topic_too_small",
            _("A topic needs {n} comments to have a model of its own.").format(n=dataset.min_tuning_comments),
            field="topic",
        )
    return {"parent": parent, "topic": topic}


def _group_filters(dataset: Dataset, filters: dict[str, str] | None) -> dict[str, str]:
    chosen = groups.checked(filters or {})
    if not chosen:
        raise Refused("no_filters", _("Choose at least one filter."), field="filters")
    groups.require_big_enough(dataset, chosen)
    return chosen
