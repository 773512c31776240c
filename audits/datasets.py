"""What the people who run an audit do with a data set, and what everybody who may audit reads of it."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Count

from tasks.models import Project
from tasks.roles import may
from users.capabilities import role_can
from users.errors import Refused
from users.models import User
from users.sentences import sentence as _

from .models import BaseModel, Comment, Dataset, Rating, Topic
from .models.dataset import OUTLIERS

# What a lead changes. The scale is not among them: ratings and labels are stored on it.
SETTINGS = (
    "title",
    "description",
    "content_warning",
    "threshold",
    "label_bins",
    "min_labels",
    "good_below",
    "okay_below",
    "min_topic_comments",
    "min_tuning_comments",
    "min_group",
    "harm_share",
    "developers",
    "deployers",
    "artifact_name",
    "artifact_type",
)
MAX_EXAMPLES = 100
MAX_WORDS = 10_000  # characters of the description, and of the content warning
DEMOGRAPHICS = ("gender", "politics", "religion", "lgbtq")


def create(*, actor: User, title: str, project: Project | None = None, **settings: Any) -> Dataset:
    require_manager(project, actor)
    dataset = Dataset(title=title, project=project, created_by=actor, **settings)
    _check(dataset)
    dataset.save()
    return dataset


def require_manager(project: Project | None, actor: User) -> None:
    """Of the project; of a data set without one, that everybody sees, an administrator of the site."""
    if project is None:
        is_allowed = role_can(actor.role_on_site, "manage_site")
    else:
        is_allowed = may(actor, "manage_project", project)
    if not is_allowed:
        raise Refused(
            "permission_denied",
            _("Only a manager of the project, or of a data set without one an administrator, may do this."),
            status=403,
        )


def update(dataset: Dataset, changes: dict[str, Any], *, actor: User) -> Dataset:
    """Change some of SETTINGS."""
    if unknown := changes.keys() - set(SETTINGS):
        name = min(unknown)
        raise Refused("unknown_setting", _("%(name)s is not a setting of a data set.", name=name), field=name)
    with transaction.atomic():
        dataset = locked(dataset.pk, actor)
        for name, value in changes.items():
            setattr(dataset, name, value)
        _check(dataset)
        dataset.save(update_fields=list(changes))
    return dataset


def update_topics(topics: Sequence[Topic], changes: dict[str, Any], *, actor: User) -> list[Topic]:
    """Those that did change. Topics of several data sets are changed all or none."""
    with transaction.atomic():
        # In the order of their ids, as everybody locks them.
        for dataset_id in sorted({topic.dataset_id for topic in topics}):
            locked(dataset_id, actor)
        rows = Topic.objects.select_for_update(no_key=True, of=("self",)).select_related("dataset")
        changed = []
        for topic in rows.filter(pk__in=[topic.pk for topic in topics]).order_by("pk"):
            if any(getattr(topic, name) != value for name, value in changes.items()):
                _change_topic(topic, changes)
                changed.append(topic)
        changed_datasets = {topic.dataset_id for topic in changed}
        for dataset_id in changed_datasets:
            Dataset.objects.filter(pk=dataset_id).update(revision=uuid.uuid4())
    return changed


def _change_topic(topic: Topic, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(topic, name, value)
    topic.full_clean(exclude=["dataset"], validate_constraints=False)
    if topic.number == OUTLIERS and not topic.is_junk:
        raise Refused(
            "outliers_are_junk",
            _("%(topic)s are the outliers, which are always junk.", topic=topic),
            field="is_junk",
        )
    topic.save(update_fields=list(changes))


def locked(dataset_id: int, actor: User) -> Dataset:
    rows = Dataset.objects.select_for_update(no_key=True, of=("self",)).visible_to(actor)
    found = rows.filter(pk=dataset_id).first()
    if found is None:
        raise not_found()
    require_manager(found.project, actor)
    return found


def get_visible(user: User, dataset_id: int) -> Dataset:
    found = Dataset.objects.visible_to(user).filter(pk=dataset_id).first()
    if found is None:
        raise not_found()
    return found


def not_found() -> Refused:
    return Refused("not_found", _("Not found."), status=404)


def topic_named(dataset: Dataset, topic_id: int | None) -> Topic | None:
    """None if none is asked for. Raises Refused if the data set has no such topic."""
    if topic_id is None:
        return None
    found = Topic.objects.filter(dataset=dataset, pk=topic_id).first()
    if found is None:
        raise Refused("unknown_topic", _("This data set has no such topic."), field="topic")
    return found


def sizes(dataset: Dataset) -> dict[str, int]:
    """How many topics, comments, raters and ratings."""
    return {
        "topics": dataset.topics.count(),
        "comments": dataset.comments.count(),
        "raters": dataset.raters.count(),
        "ratings": Rating.objects.filter(comment__dataset=dataset).count(),
    }


def current_base(dataset: Dataset) -> BaseModel | None:
    """The newest that is fitted."""
    return BaseModel.objects.fitted().filter(dataset=dataset).order_by("-pk").first()


@dataclass(frozen=True)
class TopicCount:
    topic: Topic
    comments: int


def suggested_topics(
    dataset: Dataset, *, min_comments: int | None = None, is_tuning: bool = False
) -> list[TopicCount]:
    """By number of comments, most first, never junk. `is_tuning`: those big enough for a model of their
    own."""
    least = dataset.min_tuning_comments if is_tuning else dataset.min_topic_comments
    rows = Topic.objects.filter(dataset=dataset, is_junk=False).annotate(count=Count("comments"))
    big = rows.filter(count__gte=least if min_comments is None else min_comments)
    return [TopicCount(topic, topic.count) for topic in big.order_by("-count", "number")]


def examples(dataset: Dataset, n: int = 20, *, seed: int = 0) -> list[Comment]:
    """Comments over the whole scale, by the system's rating, from low to high."""
    if not 1 <= n <= MAX_EXAMPLES:
        raise Refused(
            "invalid_n", _("n is a number from 1 to %(max_examples)s.", max_examples=MAX_EXAMPLES), field="n"
        )
    rows = Comment.objects.filter(dataset=dataset, topic__is_junk=False).order_by("system", "pk")
    ids = list(rows.values_list("pk", flat=True))
    # One from each n-th of the comments, in the order of the system's rating.
    random = np.random.default_rng(seed)
    chosen = [ids[int(random.choice(part))] for part in np.array_split(np.arange(len(ids)), n) if len(part)]
    found = Comment.objects.select_related("topic").in_bulk(chosen)
    return [found[pk] for pk in chosen]


def demographics(dataset: Dataset) -> dict[str, list[str]]:
    """What raters said about themselves: the values a group can be chosen by."""
    found = {}
    for name in DEMOGRAPHICS:
        values = dataset.raters.exclude(**{name: ""}).order_by(name).values_list(name, flat=True)
        found[name] = list(values.distinct())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT unnest(races) AS race FROM audits_rater WHERE dataset_id = %s ORDER BY race",
            [dataset.pk],
        )
        found["race"] = [race for (race,) in cursor.fetchall()]
    return found


ADJECTIVES = [
    "Amber",
    "Brave",
    "Bright",
    "Calm",
    "Clever",
    "Curious",
    "Eager",
    "Gentle",
    "Golden",
    "Happy",
    "Honest",
    "Keen",
    "Kind",
    "Lively",
    "Lucky",
    "Merry",
    "Noble",
    "Patient",
    "Quick",
    "Quiet",
    "Silver",
    "Steady",
    "Sunny",
    "Warm",
    "Wise",
    "Witty",
]
ANIMALS = [
    "Badger",
    "Beaver",
    "Crane",
    "Deer",
    "Dolphin",
    "Falcon",
    "Finch",
    "Fox",
    "Gecko",
    "Hare",
    "Heron",
    "Ibex",
    "Koala",
    "Lark",
    "Lynx",
    "Marten",
    "Otter",
    "Owl",
    "Panda",
    "Puffin",
    "Robin",
    "Seal",
    "Sparrow",
    "Stork",
    "Swan",
    "Turtle",
    "Whale",
    "Wren",
]


def friendly_name(user: User) -> str:
    """Two words for somebody who gave no name, always the same."""
    digest = hashlib.sha256(f"audits {user.pk}".encode()).digest()
    return f"{ADJECTIVES[digest[0] % len(ADJECTIVES)]} {ANIMALS[digest[1] % len(ANIMALS)]}"


def _check(dataset: Dataset) -> None:
    dataset.full_clean(exclude=["project", "created_by"], validate_constraints=False)
    require_consistent(dataset)


def require_consistent(dataset: Dataset) -> None:
    """What several settings say together, and constraints of the database say without a sentence."""
    if not 0 < dataset.threshold <= dataset.scale_max:
        raise Refused(
            "invalid_threshold",
            _("The threshold is above 0 and at most %(scale_max)s.", scale_max=dataset.scale_max),
            field="threshold",
        )
    if not 0 < dataset.good_below <= dataset.okay_below <= dataset.scale_max:
        raise Refused(
            "invalid_bands",
            _(
                "Above 0, good before okay, and at most %(scale_max)s: no error is larger.",
                scale_max=dataset.scale_max,
            ),
            field="okay_below",
        )
    if not 0 <= dataset.harm_share < 1:
        raise Refused("invalid_harm_share", _("A share from 0 to below 1."), field="harm_share")
    for name in ("description", "content_warning"):
        if len(getattr(dataset, name)) > MAX_WORDS:
            raise Refused(
                "text_too_long",
                _("At most %(max_words)s characters.", max_words=format(MAX_WORDS, ",")),
                field=name,
            )
    if dataset.min_labels < 2:
        raise Refused("invalid_min_labels", _("A model needs at least 2 labels."), field="min_labels")
