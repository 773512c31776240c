"""The `webhooks` section of the OpenAPI document: each event with the JSON Schema of its body and an example.

The schemas come from the serializers that describe the same objects in the REST API.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rest_framework.generics import GenericAPIView
from rest_framework.serializers import Serializer

from api.openapi.schema import Schema as AutoSchema
from api.serializers.annotations import AnnotationBodySerializer
from api.serializers.projects import ProjectSerializer
from api.serializers.reviews import CommentSerializer, ReviewSerializer
from api.serializers.tasks import TaskBodySerializer
from api.serializers.users import PersonSerializer

from .. import bodies
from ..catalogue import CATALOGUE, Builder

EXAMPLES = Path(__file__).with_name("examples.json")
ANSWER = "Any 2xx accepts it; anything else is retried. 410 disables the endpoint."
HEADERS = {
    "webhook-id": "Identifies the event: the same on every attempt. Drop those you have seen.",
    "webhook-timestamp": "Seconds since 1970 of this attempt.",
    "webhook-signature": "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; "
    "if several, separated by spaces.",
}
Schema = dict[str, Any]
Resolve = Callable[[type[Serializer]], Schema]
SERIALIZERS: Mapping[str, type[Serializer]] = {
    "annotation": AnnotationBodySerializer,
    "task": TaskBodySerializer,
    "project": ProjectSerializer,
    "review": ReviewSerializer,
    "comment": CommentSerializer,
    "person": PersonSerializer,
}
INTEGER: Schema = {"type": "integer"}
TIME: Schema = {"type": "string", "format": "date-time"}
SEQ: Schema = INTEGER | {
    "description": "Rises with every change of the annotation: keep the highest, drop lower ones."
}
TRUNCATED: Schema = {
    "type": "boolean",
    "description": "Present, and true, if the body was too large: objects are ids and links.",
}
COMMENT: Schema = {"type": ["string", "null"]}


def required(**properties: Schema) -> Schema:
    """An object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def array(item: Schema) -> Schema:
    return {"type": "array", "items": item}


PROJECT_SUMMARY = required(id=INTEGER, title={"type": "string"})
TASK_SUMMARY = required(
    id=INTEGER, unique_id={"type": "string", "format": "uuid"}, inner_id=INTEGER, reviewed={"type": "boolean"}
)
# How a deleted object is named. Only tasks have an external id.
NAMES: dict[str, Schema] = {
    "id": INTEGER,
    "unique_id": {"type": "string", "format": "uuid"},
    "external_id": {"anyOf": [{"type": "string"}, {"type": "null"}]},
}
SHORT = required(id=INTEGER) | {"description": "An object of a truncated body; `link` is its URL."}

DELETED_COMMENT = required(
    id=INTEGER,
    unique_id={"type": ["string", "null"], "format": "uuid"},
    annotation={"type": ["integer", "null"]},
    task=INTEGER,
)
ROLE: Schema = {"enum": ["MA", "RE", "AN"], "description": "Manager, reviewer or annotator."}
CAMPAIGN = required(id=INTEGER, slug={"type": "string"}, title={"type": "string"})
CROWD_ITEM = required(
    anno_id={"type": "string"}, annotation={"type": ["integer", "null"]}, counted=INTEGER, target=INTEGER
)
CROWD_REVIEW = required(
    reviewer_id={"type": "string", "description": "The public id of an anonymous person."},
    anno_id={"type": "string"},
    ts=INTEGER | {"description": "Seconds since 1970."},
    comment={"type": "string"},
    counted={"type": "boolean"},
) | {
    "additionalProperties": required(score=INTEGER)
    | {"description": "An answer: a question's key, its score, and its tags by name."}
}
STATS = required(
    annos_total=INTEGER,
    annos_fully_done=INTEGER,
    reviews_total=INTEGER,
    unique_reviewers=INTEGER,
    target_per_anno=INTEGER,
)
AUDIT_REPORT = required(
    id=INTEGER,
    revision=INTEGER | {"description": "A report that is changed and submitted again has another one."},
    title={"type": "string"},
    error_type={"enum": ["under", "over", "both"]},
    category={"enum": ["accuracy", "bias", "adversarial", "other"]},
    dataset=required(id=INTEGER, title={"type": "string"}),
    url={"type": "string", "format": "uri", "description": "Its public page."},
)
AUDIT_REPORT["properties"] |= {
    "register_id": {"type": "string", "format": "uuid", "description": "Of AUDIT_REPORT_SUBMITTED."},
    "status": {"type": ["integer", "null"], "description": "Of AUDIT_REPORT_FAILED."},
    "error": {"type": "string", "description": "Of AUDIT_REPORT_FAILED: a sentence for people."},
}


class Bodies:
    """`resolve` gives the schema of a serializer, usually a reference."""

    def __init__(self, resolve: Resolve):
        found = {name: resolve(serializer) for name, serializer in SERIALIZERS.items()}
        self.person, self.comment = found["person"], found["comment"]
        self.annotation, self.task, self.review = (
            {"anyOf": [found[n], SHORT]} for n in ("annotation", "task", "review")
        )
        self.project = {"anyOf": [found["project"], PROJECT_SUMMARY]}

    def of(self, action: str) -> Schema:
        entry = CATALOGUE[action]
        schema = required(action={"const": action}, **self._shapes()[entry.build])
        if entry.by_name:
            schema["properties"] = {"event": {"const": action.lower()}} | schema["properties"]
            schema["required"] = ["event", *schema["required"]]
        schema["properties"]["truncated"] = TRUNCATED
        return schema | {"title": action, "description": entry.description}

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
        annotation = {
            "annotation": self.annotation,
            "project": self.project,
            "task": self.task,
            "annotation_seq": SEQ,
        }
        person_or_null = {"anyOf": [self.person, {"type": "null"}]}
        done = {"actor": person_or_null, "project": PROJECT_SUMMARY, "timestamp": TIME}
        work = {
            "annotation": self.annotation,
            "task": {"anyOf": [TASK_SUMMARY, SHORT]},
            "annotation_seq": SEQ,
        } | done
        assignment = required(task=INTEGER, user=self.person, type={"enum": ["AN", "RE"]})
        campaign = {"campaign": CAMPAIGN, "project": PROJECT_SUMMARY, "timestamp": TIME}
        return {
            bodies.of_project: {"project": self.project},
            bodies.of_deleted_project: {"project": PROJECT_SUMMARY},
            bodies.of_tasks: {"tasks": array(self.task), "project": self.project},
            bodies.of_deleted_tasks: {"tasks": array(required(**NAMES)), "project": PROJECT_SUMMARY},
            bodies.of_annotation: annotation,
            bodies.of_updated_annotation: annotation | {"previous_annotation_history": INTEGER},
            bodies.of_annotations: {"annotation": array(self.annotation), "project": self.project},
            bodies.of_deleted_annotations: {
                "annotations": array(required(**NAMES, task=INTEGER, annotation_seq=SEQ)),
                "project": PROJECT_SUMMARY,
            },
            bodies.of_review: reviewed,
            bodies.of_deleted_reviews: {
                "reviews": array(
                    required(**NAMES, annotation=INTEGER, task=INTEGER, project=INTEGER, annotation_seq=SEQ)
                ),
                "project": PROJECT_SUMMARY,
            },
            bodies.of_verdict: verdict,
            bodies.of_withdrawal: verdict | {"reason": {"type": "string"}, "actor": person_or_null},
            bodies.of_task_status: {"task": TASK_SUMMARY, "project": PROJECT_SUMMARY, "timestamp": TIME},
            bodies.of_contest: work
            | {
                "dispute": required(
                    id=INTEGER,
                    review=INTEGER,
                    reason={"type": "string"},
                    contested_by=self.person,
                    contested_at=TIME,
                )
            },
            bodies.of_reopening: work | {"comment": COMMENT, "returned_to": {"type": ["integer", "null"]}},
            bodies.of_closing: {"task": TASK_SUMMARY, "because": {"type": ["string", "null"]}} | done,
            bodies.of_comment: {"comment": self.comment} | done,
            bodies.of_deleted_comment: {"comment": DELETED_COMMENT} | done,
            bodies.of_assignments: {"assignments": array(assignment)} | done,
            bodies.of_member: {
                "member": required(user=self.person, role=ROLE, paused={"type": "boolean"}),
            }
            | done,
            bodies.of_crowd_review: {"crowd_review": CROWD_REVIEW, "item": CROWD_ITEM} | campaign,
            bodies.of_crowd_item: {"item": CROWD_ITEM} | campaign,
            bodies.of_campaign: {"stats": STATS} | campaign,
            bodies.of_audit_report: {
                "audit_report": AUDIT_REPORT,
                "project": PROJECT_SUMMARY,
                "timestamp": TIME,
            },
            bodies.of_ping: {"webhook": required(id=INTEGER), "actor": person_or_null, "timestamp": TIME},
        }


@cache
def examples() -> dict[str, Any]:
    """Action → body. Written by `manage.py document_webhooks`."""
    return json.loads(EXAMPLES.read_text())


def add_webhooks(result: Any, generator: Any, **_: Any) -> Any:
    """A postprocessing hook of drf-spectacular; the first one, so that the others see its schemas."""
    bodies = Bodies(resolver(generator.registry))
    result["webhooks"] = {action: {"post": operation(action, bodies.of(action))} for action in CATALOGUE}
    result["components"]["schemas"] = generator.registry.build({})["schemas"]
    return result


def resolver(registry: Any) -> Resolve:
    """Serializer → a reference to its schema, which is added to `registry`."""
    inspector = AutoSchema()
    inspector.registry, inspector.path, inspector.method = registry, "", "POST"
    inspector.view = GenericAPIView(request=None, format_kwarg=None)

    def resolve(serializer: type[Serializer]) -> Schema:
        return inspector.resolve_serializer(serializer, "response").ref

    return resolve


def operation(action: str, schema: Schema) -> dict[str, Any]:
    entry = CATALOGUE[action]
    content = {"application/json": {"schema": schema, "example": examples()[action]}}
    return {
        "operationId": f"webhook_{action.lower()}",
        "summary": entry.label,
        "description": entry.description,
        "tags": ["webhooks"],
        "parameters": [
            {
                "in": "header",
                "name": name,
                "description": description,
                "required": True,
                "schema": {"type": "string"},
            }
            for name, description in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": ANSWER}},
    }
