"""JSON_MIN and tables."""

import csv
import io
import json

import pytest

from exchange.exporting.formats import cell
from tasks.services import annotations
from tests.factories import annotation, client_of, result, skipped, task


def table(house, query: str) -> list[dict]:
    text = b"".join(
        client_of(house.lead).get(f"/api/projects/{house.project.pk}/export?{query}").streaming_content
    ).decode()
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
