"""Data sets, models, topics and comments on the wire, with an example of each."""

from rest_framework import serializers

from ..models import Dataset

DATASET = {
    "id": 3,
    "title": "Comments of May",
    "project": 12,
    "description": "What the filter of our forum made of the comments of May.",
    "content_warning": "Some comments are insulting.",
    "scale_max": 4,
    "threshold": 2.0,
    "created_at": "2026-05-04T09:30:00.000000Z",
}


class DatasetSerializer(serializers.ModelSerializer):
    """A system under audit. Show `content_warning` before the first comment."""

    project = serializers.IntegerField(source="project_id", allow_null=True)

    class Meta:
        model = Dataset
        fields = [*DATASET]
        read_only_fields = fields
