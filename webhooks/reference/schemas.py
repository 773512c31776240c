"""The JSON Schema of each event's body, made of the same serializers as the body."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.serializers import BaseSerializer

from api.serializers.annotations import AnnotationBodySerializer
from api.serializers.projects import ProjectSerializer
from api.serializers.reviews import ReviewSerializer
from api.serializers.tasks import TaskBodySerializer
from api.serializers.users import PersonSerializer

from .. import bodies
from ..catalogue import CATALOGUE, Builder

Schema = dict[str, Any]
Resolve = Callable[[type[BaseSerializer]], Schema]
SERIALIZERS: Mapping[str, type[BaseSerializer]] = {
    "annotation": AnnotationBodySerializer,
    "task": TaskBodySerializer,
    "project": ProjectSerializer,
    "review": ReviewSerializer,
    "person": PersonSerializer,
}
INTEGER: Schema = {"type": "integer"}
TIME: Schema = {"type": "string", "format": "date-time"}
SEQ: Schema = INTEGER | {
    "description": "Rises with every change of the annotation: keep the highest you saw, drop lower ones."
}
TRUNCATED: Schema = {
    "type": "boolean",
    "description": "There, and true, if the body was too large: objects are ids and links.",
}
COMMENT: Schema = {"type": ["string", "null"]}


def fixed(**properties: Schema) -> Schema:
    """An object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def listed(item: Schema) -> Schema:
    return {"type": "array", "items": item}


PROJECT_SUMMARY = fixed(id=INTEGER, title={"type": "string"})
TASK_SUMMARY = fixed(
    id=INTEGER, unique_id={"type": "string", "format": "uuid"}, inner_id=INTEGER, reviewed={"type": "boolean"}
)
SHORT = fixed(id=INTEGER) | {"description": "An object of a truncated body; `link` is where it is."}


class Bodies:
    """`resolve` gives the schema of a serializer, usually a reference."""

    def __init__(self, resolve: Resolve):
        found = {name: resolve(serializer) for name, serializer in SERIALIZERS.items()}
        self.person = found["person"]
        self.annotation, self.task, self.review = (
            {"anyOf": [found[n], SHORT]} for n in ("annotation", "task", "review")
        )
        self.project = {"anyOf": [found["project"], PROJECT_SUMMARY]}

    def of(self, action: str) -> Schema:
        entry = CATALOGUE[action]
        told = fixed(action={"const": action}, **self.properties(entry.build))
        if entry.by_name:
            told["properties"] = {"event": {"const": action.lower()}} | told["properties"]
            told["required"] = ["event", *told["required"]]
        told["properties"]["truncated"] = TRUNCATED
        return told | {"title": action, "description": entry.description}

    def properties(self, build: Builder) -> dict[str, Schema]:
        return self._shapes()[build]

    def _shapes(self) -> dict[Builder, dict[str, Schema]]:
        reviewed = {
            "annotation": self.annotation,
            "reviewer": self.person,
            "comment": COMMENT,
            "review": self.review,
            "task": {"anyOf": [TASK_SUMMARY, SHORT]},
            "project": PROJECT_SUMMARY,
            "annotation_seq": SEQ,
        }
        verdict = reviewed | {"timestamp": TIME}
        someone = {"anyOf": [self.person, {"type": "null"}]}
        return {
            bodies.of_project: {"project": self.project},
            bodies.of_deleted_project: {"project": PROJECT_SUMMARY},
            bodies.of_tasks: {"tasks": listed(self.task), "project": self.project},
            bodies.of_deleted_tasks: {"tasks": listed(fixed(id=INTEGER)), "project": PROJECT_SUMMARY},
            bodies.of_annotation: {
                "annotation": self.annotation,
                "project": self.project,
                "task": self.task,
                "annotation_seq": SEQ,
            },
            bodies.of_annotations: {"annotation": listed(self.annotation), "project": self.project},
            bodies.of_deleted_annotations: {
                "annotations": listed(fixed(id=INTEGER, task=INTEGER, annotation_seq=SEQ)),
                "project": PROJECT_SUMMARY,
            },
            bodies.of_review: reviewed,
            bodies.of_deleted_reviews: {
                "reviews": listed(
                    fixed(id=INTEGER, annotation=INTEGER, task=INTEGER, project=INTEGER, annotation_seq=SEQ)
                ),
                "project": PROJECT_SUMMARY,
            },
            bodies.of_verdict: verdict,
            bodies.of_withdrawal: verdict | {"reason": {"type": "string"}, "actor": someone},
            bodies.of_task_status: {"task": TASK_SUMMARY, "project": PROJECT_SUMMARY, "timestamp": TIME},
            bodies.of_ping: {"webhook": fixed(id=INTEGER), "actor": someone, "timestamp": TIME},
        }
