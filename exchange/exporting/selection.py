"""Which tasks and annotations an export includes, by the options of Label Studio's snapshots."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from rest_framework import serializers

from tasks.choices import VERDICTS
from tasks.known_names import KnownKeys
from tasks.models import Annotation
from tasks.pseudonyms import REAL_IDENTITIES, Identities

ONLY, EXCLUDE = "only", "exclude"
ONLY_OR_NOT = [(ONLY, "Only these"), (EXCLUDE, "All but these")]

REVIEWED = Q(reviews_accepted__gt=0) | Q(reviews_rejected__gt=0)
FINAL_TASKS = Q(final_annotation__isnull=False)
IS_ANSWER = Q(pk=F("task__final_annotation"))
TASK_CONDITIONS = {
    "final": FINAL_TASKS,
    "reviewed": REVIEWED,
    "finished": Q(is_labeled=True),
    "annotated": Q(total_annotations__gt=0),
    "skipped": Q(cancelled_annotations__gt=0),
}
ANNOTATION_CONDITIONS = {
    "usual": Q(was_cancelled=False, ground_truth=False),
    "ground_truth": Q(ground_truth=True),
    "skipped": Q(was_cancelled=True),
}


def is_contested(annotation: Annotation) -> bool:
    return annotation.contested_at is not None


@dataclass(frozen=True)
class Selection:
    """`ids`: only these tasks. `without_annotations`: also tasks that have none. `changed_since`: only tasks
    changed or deleted since. `identities`: how the reader sees people. `hides`: whether the reader must not
    learn who rejected an annotation; without a known reader, that is every contested one. `answers_of`:
    export only the answers of that selection.
    """

    ids: Sequence[int] | None = None
    without_annotations: bool = False
    tasks: Q = field(default_factory=Q)
    annotations: Q = field(default_factory=Q)
    changed_since: datetime | None = None
    identities: Identities = REAL_IDENTITIES
    hides: Callable[[Annotation], bool] = field(default=is_contested)
    answers_of: "Selection | None" = None


def only_or_exclude(**options: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=ONLY_OR_NOT, required=False, allow_null=True, **options)


class TaskOptionsSerializer(KnownKeys, serializers.Serializer):
    """`reviewed`: has any standing verdict. `final`: has an answer, and is exported with that annotation
    alone.
    """

    view = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    reviewed = only_or_exclude()
    final = only_or_exclude()
    finished = only_or_exclude()
    annotated = only_or_exclude()
    skipped = only_or_exclude()
    only_with_annotations = serializers.BooleanField(required=False)


class AnnotationOptionsSerializer(KnownKeys, serializers.Serializer):
    """The kinds set to true are included; if none is, all are."""

    usual = serializers.BooleanField(required=False, allow_null=True)
    ground_truth = serializers.BooleanField(required=False, allow_null=True)
    skipped = serializers.BooleanField(required=False, allow_null=True)
    reviewed = only_or_exclude()
    verdict = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(VERDICTS)),
        required=False,
        allow_empty=False,
        max_length=len(VERDICTS),
        help_text="Only annotations with one of these standing verdicts.",
    )


def tasks_of(options: Mapping[str, Any]) -> Q:
    wanted = Q()
    for name, condition in TASK_CONDITIONS.items():
        if options.get(name):
            wanted &= condition if options[name] == ONLY else ~condition
    if options.get("only_with_annotations"):
        wanted &= TASK_CONDITIONS["annotated"]
    return wanted


def annotations_of(options: Mapping[str, Any]) -> Q:
    wanted = Q()
    for name, condition in ANNOTATION_CONDITIONS.items():
        if options.get(name):
            wanted |= condition
    if options.get("reviewed"):
        wanted &= Q(standing_review_id__isnull=options["reviewed"] == EXCLUDE)
    if options.get("verdict"):
        wanted &= Q(last_action__in=options["verdict"])
    return wanted
