"""What Label Studio says of a project, and what is alike for every project here: scripts and the web application read it."""

from typing import Any

from rest_framework import serializers

ALIKE: dict[str, Any] = {
    "show_skip_button": True,
    "enable_empty_annotation": True,
    "show_annotation_history": False,
    "show_collab_predictions": True,
    "reveal_preannotations_interactively": False,
    "is_published": True,
    "is_draft": False,
    "sampling": "Sequential sampling",
    "skip_queue": "REQUEUE_FOR_OTHERS",
    "show_ground_truth_first": False,
    "show_overlap_first": False,
    "overlap_cohort_percentage": 100,
    "control_weights": {},
    "model_version": "",
    "evaluate_predictions_automatically": False,
    "min_annotations_to_start_training": 0,
    "start_training_on_annotation_update": False,
    "annotator_evaluation_enabled": False,
}
FIELDS: dict[type, type[serializers.Field]] = {
    bool: serializers.BooleanField,
    int: serializers.IntegerField,
    str: serializers.CharField,
    dict: serializers.JSONField,
}


def alike_fields() -> dict[str, serializers.Field]:
    return {name: _saying(value) for name, value in ALIKE.items()}


def _saying(value: Any) -> serializers.Field:
    """A field of the value's type that says it of whatever it is given."""
    field = FIELDS[type(value)](read_only=True, source="*")
    field.to_representation = lambda project: value  # type: ignore[method-assign]
    return field
