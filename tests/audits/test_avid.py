"""The body that the register gets: whole, valid, and without anything of the person they did not agree to."""

import json
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from audits import avid
from audits.models import Category, ReportErrorType

SCHEMA = json.loads(Path(__file__).with_name("avid_report.schema.json").read_text())
URL = "https://countersign.example/audits/public/7d8f2c1e-5b0a-4c55-9a41-0d6c3f1b2e90/"
REVISION = {
    "title": "Friendly hats are removed",
    "error_type": "over",
    "category": "bias",
    "summary": "Nobody is hurt by a hat.",
    "judgement": {"kind": "personal", "topic": None, "group": {}},
    "system": {
        "dataset": "Comments of May",
        "name": "Hat filter",
        "type": "Model",
        "developers": ["Filter makers"],
        "deployers": ["A forum"],
        "scale_max": 4,
        "threshold": 2.0,
    },
    "evidence": [
        {
            "external_id": "c1",
            "text": "What a hat!",
            "topic": "hats",
            "system": 2.25,
            "predicted": 0.123456,
            "label": 0,
            "version": 1,
        },
        {
            "external_id": "c2",
            "text": "Hats, again",
            "topic": "hats",
            "system": 3.0,
            "predicted": None,
            "label": None,
            "version": None,
        },
    ],
}


def body(revision=REVISION, **credit):
    made = avid.body(revision, url=URL, reported=date(2026, 5, 4), **credit)
    Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(made)
    return made


def test_a_report_in_the_words_of_the_register():
    method = {"type": "Static Threshold", "name": "Toxic at 2 and above, of 0 to 4"}
    assert body() == {
        "data_type": "AVID",
        "affects": {
            "developer": ["Filter makers"],
            "deployer": ["A forum"],
            "artifacts": [{"type": "Model", "name": "Hat filter"}],
        },
        "problemtype": {
            "classof": "Third-party Report",
            "type": "Detection",
            "description": {
                "lang": "eng",
                "value": "Friendly hats are removed (the system is over-sensitive)",
            },
        },
        "metrics": [
            {
                "name": "Rating of a comment by the system and by a person",
                "detection_method": method,
                "results": {
                    "topic": "hats",
                    "model_score": "2.25",
                    "ori_input": "What a hat!",
                    "personal_model_score": "0.1235",
                    "user_decision": "0",
                },
            },
            {
                "name": "Rating of a comment by the system and by a person",
                "detection_method": method,
                "results": {
                    "topic": "hats",
                    "model_score": "3",
                    "ori_input": "Hats, again",
                    "personal_model_score": "",
                    "user_decision": "",
                },
            },
        ],
        "references": [{"type": "source", "label": "The report with its evidence", "url": URL}],
        "description": {"lang": "eng", "value": "Nobody is hurt by a hat."},
        "impact": {
            "avid": {
                "risk_domain": ["Ethics"],
                "sep_view": ["E0100: Bias/ Discrimination"],
                "lifecycle_view": ["L05: Evaluation"],
                "taxonomy_version": "0.2",
            }
        },
        "credit": [],
        "reported_date": "2026-05-04",
    }


@pytest.mark.parametrize(
    ("category", "view"),
    [
        ("adversarial", "S0403: Adversarial Example"),
        ("accuracy", "P0204: Accuracy"),
        ("bias", "E0100: Bias/ Discrimination"),
        ("other", "P0200: Model issues"),
    ],
)
def test_category_is_a_view_of_the_taxonomy(category, view):
    assert body(REVISION | {"category": category})["impact"]["avid"]["sep_view"] == [view]


def test_every_category_and_error_type_has_its_words():
    assert avid.SEP_VIEW.keys() == set(Category.values)
    assert avid.PROBLEMS.keys() == set(ReportErrorType.values)


@pytest.mark.parametrize(
    ("credit", "value"),
    [
        ({"name": "Ada Berg"}, "Ada Berg"),
        ({"email": "ada@example.org"}, "ada@example.org"),
        ({"name": "Ada Berg", "email": "ada@example.org"}, "Ada Berg <ada@example.org>"),
    ],
)
def test_credit_is_a_list(credit, value):
    assert body(**credit)["credit"] == [{"lang": "eng", "value": value}]


@pytest.mark.parametrize(
    ("changes", "artifact"),
    [
        ({"name": ""}, {"type": "Model", "name": "Comments of May"}),
        ({"type": "A filter"}, {"type": "System", "name": "Hat filter"}),
    ],
)
def test_an_artifact_has_a_name_and_a_type_the_register_knows(changes, artifact):
    changed = body(REVISION | {"system": REVISION["system"] | changes})
    assert changed["affects"]["artifacts"] == [artifact]
