"""A report in the words of the AVID register (avidml.org): its data model of reports, version 0.3.2.

The register's own package needs a newer Python; tests compare the body with a JSON Schema of that model. All
of it comes from the body of a revision, which has nothing of the person, and from what they agreed to add.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse

from .models import Category, ReportErrorType, Revision

Body = dict[str, Any]
LANGUAGE = "eng"
ARTIFACT_TYPES = ("Dataset", "Model", "System")
SEP_VIEW: Mapping[str, str] = {
    Category.ACCURACY: "P0204: Accuracy",
    Category.BIAS: "E0100: Bias/ Discrimination",
    Category.ADVERSARIAL: "S0403: Adversarial Example",
    Category.OTHER: "P0200: Model issues",
}
PROBLEMS: Mapping[str, str] = {
    ReportErrorType.UNDER: "under-sensitive",
    ReportErrorType.OVER: "over-sensitive",
    ReportErrorType.BOTH: "under-sensitive and over-sensitive",
}


def public_url(revision: Revision) -> str:
    return settings.BASE_URL.rstrip("/") + reverse("audit-public-report", args=[revision.public_id])


def body(revision: Body, *, url: str, reported: date, name: str = "", email: str = "") -> Body:
    """`url` is that of its public page. `name` and `email` are published with it."""
    system, credit = revision["system"], _credit(name, email)
    return {
        "data_type": "AVID",
        "affects": {
            "developer": system["developers"],
            "deployer": system["deployers"],
            "artifacts": [{"type": _artifact_type(system), "name": system["name"] or system["dataset"]}],
        },
        "problemtype": {
            "classof": "Third-party Report",
            "type": "Detection",
            "description": _text(f"{revision['title']} (the system is {PROBLEMS[revision['error_type']]})"),
        },
        "metrics": [_metric(evidence, system) for evidence in revision["evidence"]],
        "references": [{"type": "source", "label": "The report with its evidence", "url": url}],
        "description": _text(revision["summary"]),
        "impact": {
            "avid": {
                "risk_domain": ["Ethics"],
                "sep_view": [SEP_VIEW[revision["category"]]],
                "lifecycle_view": ["L05: Evaluation"],
                "taxonomy_version": "0.2",
            }
        },
        "credit": [_text(credit)] if credit else [],
        "reported_date": reported.isoformat(),
    }


def _artifact_type(system: Body) -> str:
    return system["type"] if system["type"] in ARTIFACT_TYPES else "System"


def _text(value: str) -> Body:
    return {"lang": LANGUAGE, "value": value}


def _credit(name: str, email: str) -> str:
    return f"{name} <{email}>" if name and email else name or email


def _metric(evidence: Body, system: Body) -> Body:
    """Numbers as texts; what is not known is an empty one."""
    return {
        "name": "Rating of a comment by the system and by a person",
        "detection_method": {
            "type": "Static Threshold",
            "name": f"Toxic at {_number(system['threshold'])} and above, of 0 to {system['scale_max']}",
        },
        "results": {
            "topic": evidence["topic"],
            "model_score": _number(evidence["system"]),
            "ori_input": evidence["text"],
            "personal_model_score": _number(evidence["predicted"]),
            "user_decision": _number(evidence["label"]),
        },
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")
