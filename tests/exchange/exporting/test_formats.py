"""JSON_MIN and tables."""

import csv
import io
import json

import pytest

from exchange.exporting.formats import cell
from tasks.services import annotations
from tests.factories import annotation, client_of, result, reviewed, skipped, task

EVERY_TASK = "exportType=CSV&download_all_tasks=true"
REJECTED = {"reject_action": "requeue", "reason": "wrong", "comment": "It is a B"}


def content(house, query: str) -> str:
    response = client_of(house.lead).get(f"/api/projects/{house.project.pk}/export?{query}")
    return b"".join(response.streaming_content).decode()


def json_min(house) -> list[dict]:
    return json.loads(content(house, "exportType=JSON_MIN"))


def span(id: str, label: str, start: int, end: int) -> dict:
    value = {"start": start, "end": end, "labels": [label]}
    return {"id": id, "from_name": "ner", "to_name": "text", "type": "labels", "value": value}


def table(house, query: str) -> list[dict]:
    text = content(house, query)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if "TSV" in query else ","))


@pytest.mark.parametrize("query", ["exportType=CSV", "exportType=TSV"])
def test_a_table_has_a_row_for_each_annotation_that_was_not_skipped(house, query):
    skipped(house.task, house.annotator2)
    other = task(house.project, text='x,\t"y"', more={"a": 1})
    annotation(other, house.annotator, "B")

    assert [(row["text"], row["more"], row["letter"]) for row in table(house, query)] == [
        ("A letter", "", "A"),
        ('x,\t"y"', '{"a": 1}', "B"),
    ]


def test_json_min_is_a_flat_list(house):
    response = client_of(house.lead).get(f"/api/projects/{house.project.pk}/export?exportType=JSON_MIN")
    (row,) = json.loads(b"".join(response.streaming_content))

    assert {name: row[name] for name in ("id", "text", "letter", "annotator", "annotation_id")} == {
        "id": house.task.pk,
        "text": "A letter",
        "letter": "A",
        "annotator": house.annotator.pk,
        "annotation_id": house.annotation.pk,
    }


def test_data_that_is_called_as_a_column_is_keeps_its_place(house):
    annotation(task(house.project, id="mine", text="t"), house.annotator)

    assert [row["data.id"] for row in table(house, "exportType=CSV")] == ["", "mine"]


def test_data_called_as_a_control_is_kept_beside_its_answer(house):
    """A gold label is often named as the control that asks for it."""
    gold = task(house.project, letter="gold", **{"data.letter": "older", "reviewer": "mine", "relations": 1})
    annotation(gold, house.annotator, "B")

    row = table(house, "exportType=CSV")[1]

    assert (row["letter"], row["data.data.letter"], row["data.letter"]) == ("B", "gold", "older")
    assert (row["data.reviewer"], row["reviewer"], row["data.relations"]) == ("mine", "", "1")
    assert [found["data.data.letter"] for found in json_min(house)[1:]] == ["gold"]


def test_tasks_without_annotations_have_rows_if_all_tasks_are_asked_for(house):
    task(house.project, text="Untouched")
    skipped(task(house.project, text="Skipped"), house.annotator)

    found = [(row["text"], row["letter"], row["annotator"]) for row in table(house, EVERY_TASK)]

    assert found[0][:2] == ("A letter", "A")
    assert found[1:] == [("Untouched", "", ""), ("Skipped", "", "")]
    assert [row["text"] for row in table(house, "exportType=CSV")] == ["A letter"]


def test_relations_and_answers_about_a_region_keep_their_regions(house):
    made = [
        span("a", "PER", 0, 3),
        span("b", "ORG", 4, 8) | {"meta": {"text": ["unsure"]}},
        span("c", "ORG", 9, 12),
        {
            "id": "a",
            "from_name": "mood",
            "to_name": "text",
            "type": "choices",
            "value": {"start": 0, "end": 3, "choices": ["Glad"]},
        },
        {
            "type": "relation",
            "from_id": "a",
            "to_id": "b",
            "direction": "right",
            "labels": ["works for"],
        },
    ]
    annotations.edit(house.annotation.pk, {"result": made}, actor=house.annotator)

    (row,) = json_min(house)

    assert row["ner"] == [
        {"start": 0, "end": 3, "labels": ["PER"], "id": "a"},
        {"start": 4, "end": 8, "labels": ["ORG"], "id": "b", "meta": {"text": ["unsure"]}},
        {"start": 9, "end": 12, "labels": ["ORG"]},
    ]
    assert row["mood"] == [{"start": 0, "end": 3, "choices": ["Glad"], "id": "a"}]
    assert row["relations"] == [{"from_id": "a", "to_id": "b", "direction": "right", "labels": ["works for"]}]
    assert json.loads(table(house, "exportType=CSV")[0]["relations"]) == row["relations"]


@pytest.mark.parametrize("format", ["CSV", "TSV", "JSON_MIN", "JSON", "JSONL"])
def test_every_format_says_who_reviewed_and_why(house, format):
    house.project.reject_reasons = [{"code": "wrong", "text": "Wrong letter"}]
    house.project.save(update_fields=["reject_reasons"])
    reviewed(house.annotation, house.reviewer, "rejected", comment="It is a B", reason="wrong")

    text = content(house, f"exportType={format}")

    if format in ("JSON", "JSONL"):
        (body,) = map(json.loads, text.strip("[]\n").splitlines())
        review = body["annotations"][0]["reviews"][0]
        assert review["created_by"]["id"] == house.reviewer.pk
        assert {name: review[name] for name in ("reject_action", "reason", "comment")} == REJECTED
    else:
        (row,) = json.loads(text) if format == "JSON_MIN" else table(house, f"exportType={format}")
        assert (str(row["reviewer"]), row["reviewer_email"]) == (
            str(house.reviewer.pk),
            house.reviewer.email,
        )
        assert row["reviewed_at"]
        assert {name: row[f"review_{name}"] for name in ("reason", "comment")} | {
            "reject_action": row["reject_action"]
        } == REJECTED


def test_json_lines_have_a_task_on_each_line(house):
    annotation(task(house.project, text="line\nbreak\u2028"), house.annotator)

    lines = content(house, "exportType=JSONL").split("\n")

    assert [json.loads(line)["data"]["text"] for line in lines[:-1]] == ["A letter", "line\nbreak\u2028"]
    assert lines[-1] == ""


def test_answers_to_no_control_of_the_configuration_have_a_column(house):
    annotations.edit(
        house.annotation.pk, {"result": [result("A")[0] | {"from_name": "older"}]}, actor=house.annotator
    )

    assert table(house, "exportType=CSV")[0]["older"] == "A"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("plain", "plain"),
        (-1, -1),
        (None, None),
        (["a"], '["a"]'),
    ],
)
def test_cells_that_a_spreadsheet_would_run_are_quoted(value, written):
    assert cell(value) == written
