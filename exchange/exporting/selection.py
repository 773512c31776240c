"""Which tasks and annotations an export takes, in the words of Label Studio's snapshots."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from rest_framework import serializers

from tasks.choices import VERDICTS
from tasks.models import Annotation
from tasks.pseudonyms import REAL_IDENTITIES, Identities

ONLY, EXCLUDE = "only", "exclude"
ONLY_OR_NOT = [(ONLY, "Only these"), (EXCLUDE, "All but these")]

REVIEWED = Q(reviews_accepted__gt=0) | Q(reviews_rejected__gt=0)
FINAL_TASKS = Q(final_annotation__isnull=False)
IS_ANSWER = Q(pk=F("task__final_annotation"))
TASKS_THAT_ARE = {
    "final": FINAL_TASKS,
    "reviewed": REVIEWED,
    "finished": Q(is_labeled=True),
    "annotated": Q(total_annotations__gt=0),
    "skipped": Q(cancelled_annotations__gt=0),
}
ANNOTATIONS_THAT_ARE = {
    "usual": Q(was_cancelled=False, ground_truth=False),
    "ground_truth": Q(ground_truth=True),
    "skipped": Q(was_cancelled=True),
}


def is_contested(annotation: Annotation) -> bool:
    return annotation.contested_at is not None


@dataclass(frozen=True)
class Selection:
    """`ids`: only these tasks. Tasks without annotations are left out unless asked for. `changed_since`: no others, and
    those that were deleted since. `identities`: how whoever reads it sees the people. `hides`: of which annotations the reader
    may not learn who signed a rejection; where anybody may read, that is every contested one.
    """

    ids: Sequence[int] | None = None
    without_annotations: bool = False
    tasks: Q = field(default_factory=Q)
    annotations: Q = field(default_factory=Q)
    changed_since: datetime | None = None
    identities: Identities = REAL_IDENTITIES
    hides: Callable[[Annotation], bool] = field(default=is_contested)
    answers_of: "Selection | None" = None  # only the answers of what this one takes


def only_or_not(**about: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=ONLY_OR_NOT, required=False, allow_null=True, **about)


class TaskOptionsSerializer(serializers.Serializer):
    """`reviewed` means: has a standing verdict, whichever. `final`: has an answer, and of its annotations that one."""

    view = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    reviewed = only_or_not()
    final = only_or_not()
    finished = only_or_not()
    annotated = only_or_not()
    skipped = only_or_not()
    only_with_annotations = serializers.BooleanField(required=False)


class AnnotationOptionsSerializer(serializers.Serializer):
    """The kinds that are true are taken; all of them, where none is."""

    usual = serializers.BooleanField(required=False, allow_null=True)
    ground_truth = serializers.BooleanField(required=False, allow_null=True)
    skipped = serializers.BooleanField(required=False, allow_null=True)
    reviewed = only_or_not()
    verdict = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(VERDICTS)),
        required=False,
        max_length=len(VERDICTS),
        help_text="Only annotations on which one of these stands.",
    )


def tasks_of(options: Mapping[str, Any]) -> Q:
    wanted = Q()
    for name, condition in TASKS_THAT_ARE.items():
        if options.get(name):
            wanted &= condition if options[name] == ONLY else ~condition
    if options.get("only_with_annotations"):
        wanted &= TASKS_THAT_ARE["annotated"]
    return wanted


def annotations_of(options: Mapping[str, Any]) -> Q:
    wanted = Q()
    for name, condition in ANNOTATIONS_THAT_ARE.items():
        if options.get(name):
            wanted |= condition
    if options.get("reviewed"):
        wanted &= Q(standing_review_id__isnull=options["reviewed"] == EXCLUDE)
    if options.get("verdict"):
        wanted &= Q(last_action__in=options["verdict"])
    return wanted
