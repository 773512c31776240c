"""What a 412 shows: the annotation as it is now, and its ETag."""

from typing import Any

from tasks.models import Annotation

from ..serializers.annotations import AnnotationSerializer


def etag_of(annotation: Annotation) -> str:
    return f'"{annotation.annotation_seq}"'


def stale_answer(annotation_id: int, request) -> tuple[dict[str, Any], str]:
    annotation = Annotation.objects.select_related("project", "task").get(pk=annotation_id)
    return dict(AnnotationSerializer(annotation, context={"request": request}).data), etag_of(annotation)
