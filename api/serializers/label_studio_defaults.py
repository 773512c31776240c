"""Project settings of Label Studio with a fixed value here; its scripts and web application read them."""

from typing import Any

from rest_framework import serializers

LABEL_STUDIO_DEFAULTS: dict[str, Any] = {
    "show_skip_button": True,
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


def default_fields() -> dict[str, serializers.Field]:
    return {name: _constant(value) for name, value in LABEL_STUDIO_DEFAULTS.items()}


def _constant(value: Any) -> serializers.Field:
    """A field of the value's type, so that the schema has it, with this value for every project."""
    field = FIELDS[type(value)](read_only=True, source="*")
    field.to_representation = lambda project: value  # type: ignore[method-assign, assignment]
    return field
