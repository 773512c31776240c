"""Query parameters. Each serializer is also what OpenAPI says of them."""

from typing import Any

from rest_framework import serializers

from users.sentences import sentence as _

from ..datasets import topic_named
from ..groups import LOOKUPS
from ..maths.formulas import ErrorType, Stat
from ..models import Dataset
from ..results import MAX_IDS, MAX_SEARCH, MIN_SEARCH, ORDERINGS, SORTED_BY, Query

MAX_ID = 2**62
MAX_NUMBER = 2**31 - 1
ERROR_TYPES = [kind.value for kind in ErrorType]
STATS = [stat.value for stat in Stat]


def both_ways(names: Any) -> list[str]:
    return [sign + name for name in names for sign in ("", "-")]


class IdsField(serializers.CharField):
    """`3,17,4`"""

    def to_internal_value(self, data: Any) -> Any:
        parts = super().to_internal_value(data).split(",")
        ids = [int(part) if len(part) < 20 and part.strip().isdecimal() else 0 for part in parts]
        if not all(0 < pk <= MAX_ID for pk in ids):
            raise serializers.ValidationError(_("Comment ids, separated by commas."), code="invalid_ids")
        return ids


class DatasetTopicParameters(serializers.Serializer):
    stat = serializers.ChoiceField(
        STATS,
        required=False,
        default=Stat.MEAN.value,
        help_text="By what topics are placed, highest first. Without a model `median` is the system's median,"
        " anything else its mean.",
    )
    sort = serializers.ChoiceField(
        both_ways(SORTED_BY), required=False, help_text="Another order; `-` for descending."
    )
    min_comments = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_NUMBER,
        help_text="Smaller topics are not suggested. By default the data set's `min_topic_comments`.",
    )
    suggested = serializers.BooleanField(
        required=False, default=True, help_text="false: small topics and junk, too."
    )


class TopicParameters(DatasetTopicParameters):
    error_type = serializers.ChoiceField(
        ERROR_TYPES, required=False, help_text="Only topics in which such errors occur."
    )
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_NUMBER, help_text="Of the model; by default the newest."
    )


class DatasetCommentParameters(serializers.Serializer):
    topic = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID, help_text="Its id.")
    q = serializers.CharField(
        required=False,
        trim_whitespace=False,
        help_text=f"Text that the comment contains, in capitals or not; {MIN_SEARCH} to {MAX_SEARCH}"
        " characters. `%` and `_` are themselves.",
    )
    ids = IdsField(
        required=False,
        help_text=f"At most {MAX_IDS} ids of comments, separated by commas: shown besides what `topic` and"
        " `q` find, or alone if there is neither.",
    )
    ordering = serializers.ChoiceField(
        both_ways(ORDERINGS),
        required=False,
        help_text="`-difference` by default: the largest |prediction - system| first. Without a model"
        " `-system`.",
    )


class CommentParameters(DatasetCommentParameters):
    error_type = serializers.ChoiceField(ERROR_TYPES, required=False, help_text="Only such errors.")
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_NUMBER, help_text="Of the model; by default the newest."
    )


class ExampleParameters(serializers.Serializer):
    n = serializers.IntegerField(required=False, default=20, help_text="How many.")


class GroupParameters(serializers.Serializer):
    """All that are given must match."""

    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.CharField(required=False, max_length=60) for name in LOOKUPS}


class ModelParameters(serializers.Serializer):
    dataset = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


def query_of(dataset: Dataset, wanted: dict[str, Any]) -> Query:
    kind = wanted.get("error_type")
    return Query(
        topic=topic_named(dataset, wanted.get("topic")),
        q=wanted.get("q", ""),
        error_type=ErrorType(kind) if kind else None,
        ids=wanted.get("ids", ()),
        ordering=wanted.get("ordering"),
    )
