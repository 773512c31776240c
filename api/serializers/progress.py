from rest_framework import serializers


class ProgressSerializer(serializers.Serializer):
    """`done` of `tasks`: reviewed, or not drawn into the review sample; where reviews are off, finished. `percent` of that."""

    project = serializers.IntegerField()
    tasks = serializers.IntegerField()
    finished = serializers.IntegerField(help_text="Tasks that have all their annotations.")
    reviewed = serializers.IntegerField(help_text="Tasks.")
    unsampled = serializers.IntegerField(help_text="Tasks not drawn for review: they count as done.")
    done = serializers.IntegerField()
    percent = serializers.FloatField()
    annotations = serializers.IntegerField()
    skipped = serializers.IntegerField()
    accepted = serializers.IntegerField(help_text="Annotations, also those fixed.")
    rejected = serializers.IntegerField(help_text="Annotations.")
    in_review = serializers.IntegerField(help_text="Annotations that wait for a verdict, up to 10,000.")
    returned = serializers.IntegerField(help_text="Annotations out for rework, up to 10,000.")
    is_estimate = serializers.BooleanField(help_text="At least so many in review, or returned.")
