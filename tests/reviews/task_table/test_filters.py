"""The filter grammar: every operator on every kind of column, as one table."""

import json
from typing import Any

import pytest

from tests import copied
from tests.factories import House, build_house, task
from tests.task_table import furnish, item

ALL = ["accepted", "rejected", "fixed", "untouched"]
A, R, F, U = ALL
LATER, EARLIER = "2099-01-01T00:00:00.000000Z", "2001-01-01T00:00:00.000000Z"
THIS_CENTURY = {"min": EARLIER, "max": LATER}

NUMBERS = [
    ("reviews_rejected", "equal", 1, [R]),
    ("reviews_rejected", "not_equal", 1, [A, F, U]),
    ("reviews_rejected", "less", 1, [A, F, U]),
    ("reviews_rejected", "greater", 0, [R]),
    ("reviews_rejected", "less_or_equal", 0, [A, F, U]),
    ("reviews_rejected", "greater_or_equal", "1", [R]),
    ("reviews_rejected", "greater", 0.5, [R]),
    ("reviews_rejected", "greater", -0.5, ALL),
    ("reviews_rejected", "less", 10**30, ALL),
    ("reviews_rejected", "in", {"min": 1, "max": 3}, [R]),
    ("reviews_rejected", "not_in", {"min": 1, "max": 3}, [A, F, U]),
    ("reviews_rejected", "in", {"min": 1, "max": None}, [R]),
    ("reviews_rejected", "in_list", [1, 2], [R]),
    ("reviews_rejected", "in_list", [], []),
    ("reviews_rejected", "not_in_list", [1, 2], [A, F, U]),
    ("reviews_rejected", "not_in_list", [], ALL),
    ("reviews_rejected", "empty", True, [A, F, U]),
    ("reviews_rejected", "empty", "false", [R]),
    ("reviews_rejected", "contains", 1, [R]),
    ("reviews_rejected", "not_contains", "1", [A, F, U]),
    ("reviews_rejected", "regex", "^[1-9]$", [R]),
    ("reviews_accepted", "greater", 0, [A, F]),
    ("comment_count", "greater", 0, [A]),
    ("comments", "equal", 1, [A]),
    ("unresolved_comment_count", "empty", False, [A]),
    ("total_annotations", "equal", 0, [U]),
    ("total_predictions", "empty", False, [R]),
    ("cancelled_annotations", "empty", True, ALL),
    ("predictions_score", "equal", 0.5, [R]),
    ("predictions_score", "not_equal", 0.5, [A, F, U]),
    ("predictions_score", "empty", True, [A, F, U]),
    ("avg_lead_time", "greater", 15, [R]),
    ("avg_lead_time", "not_in", {"min": 5, "max": 15}, [R, F, U]),
    ("avg_lead_time", "empty", True, [F, U]),
    ("inner_id", "greater", 4, [F, U][-1:]),
]
MOMENTS = [
    ("reviewed_at", "greater", EARLIER, [A, F]),
    ("reviewed_at", "less", LATER, [A, F]),
    ("reviewed_at", "less_or_equal", "2001-01-01", []),
    ("reviewed_at", "greater_or_equal", "2001-01-01", [A, F]),
    ("reviewed_at", "in", THIS_CENTURY, [A, F]),
    ("reviewed_at", "not_in", THIS_CENTURY, [R, U]),
    ("reviewed_at", "empty", True, [R, U]),
    ("reviewed_at", "equal", EARLIER, []),
    ("reviewed_at", "not_equal", EARLIER, ALL),
    ("reviewed_at", "in_list", [EARLIER], []),
    ("reviewed_at", "not_in_list", [EARLIER], ALL),
    ("created_at", "greater", EARLIER, ALL),
    ("updated_at", "less", EARLIER, []),
    ("completed_at", "empty", False, [A, R, F]),
]
TRUTHS = [
    ("reviewed", "equal", True, [A, F]),
    ("reviewed", "equal", "false", [R, U]),
    ("reviewed", "not_equal", True, [R, U]),
    ("reviewed", "in_list", [True, False], ALL),
    ("reviewed", "not_in_list", [False], [A, F]),
    ("reviewed", "empty", True, []),
    ("draft_exists", "equal", True, []),
    ("ground_truth", "equal", False, ALL),
]
PEOPLE = [
    ("annotators", "contains", "{annotator}", [A, F]),
    ("annotators", "not_contains", "{annotator}", [R, U]),
    ("annotators", "equal", "{annotator2}", [R]),
    ("annotators", "not_equal", "{annotator2}", [A, F, U]),
    ("annotators", "in_list", ["{annotator}", "{annotator2}"], [A, R, F]),
    ("annotators", "not_in_list", ["{annotator}"], [R, U]),
    ("annotators", "empty", True, [U]),
    ("reviewers", "contains", "{reviewer}", [A, F]),
    ("reviewers", "contains", "{reviewer2}", [R, U]),
    ("reviewers", "not_contains", "{reviewer2}", [A, F]),
    ("reviewers", "empty", True, []),
    ("updated_by", "contains", "{reviewer}", [A, F]),
    ("updated_by", "empty", False, ALL),
]
ROWS = [
    ("annotations_ids", "contains", "{annotation}", [R]),
    ("annotations_ids", "contains", "{annotation}, 99999999", [R]),
    ("annotations_ids", "not_contains", "{annotation}", [A, F, U]),
    ("annotations_ids", "contains", "no id", []),
    ("annotations_ids", "not_contains", "no id", ALL),
    ("annotations_ids", "contains", "", []),
    ("annotations_ids", "regex", "^{annotation}$", [R]),
    ("annotations_ids", "equal", "{annotation}", [R]),
    ("annotations_results", "contains", '"B"', [R]),
    ("annotations_results", "not_contains", '"B"', [A, F, U]),
    ("annotations_results", "regex", '"choices": \\["[BC]"\\]', [R, F]),
    ("annotations_results", "equal", "[]", []),
    ("annotations_results", "not_equal", "[]", ALL),
    ("annotations_results", "empty", True, [U]),
    ("predictions_results", "contains", "choices", [R]),
    ("predictions_results", "empty", True, [A, F, U]),
    ("predictions_model_versions", "contains", ["m1", "m2"], [R]),
    ("predictions_model_versions", "contains", "M1", [R]),
    ("predictions_model_versions", "contains", [], []),
    ("predictions_model_versions", "not_contains", ["m1"], [A, F, U]),
    ("predictions_model_versions", "equal", "m1", [R]),
    ("predictions_model_versions", "empty", True, [A, F, U]),
    ("file_upload", "empty", True, ALL),
    ("file_upload", "contains", "csv", []),
    ("file_upload", "not_contains", "csv", ALL),
    ("storage_filename", "empty", True, ALL),
]


@pytest.fixture(scope="session")
def made_table(django_db_setup, django_db_blocker) -> copied.Made:
    def build() -> tuple[House, dict[str, Any]]:
        house = build_house()
        return house, furnish(house)

    with django_db_blocker.unblock():
        return copied.made(build)


@pytest.fixture
def both(made_table, db) -> tuple[House, dict[str, Any]]:
    return made_table.anew()


@pytest.fixture
def house(both) -> House:
    return both[0]


@pytest.fixture
def table(both) -> dict[str, Any]:
    return both[1]


@pytest.mark.parametrize(
    ("column", "operator", "value", "expected"), [*NUMBERS, *MOMENTS, *TRUTHS, *PEOPLE, *ROWS]
)
def test_filter_finds_the_tasks_it_speaks_of(house, table, found, column, operator, value, expected):
    ids = {name: getattr(house, name).pk for name in ("annotator", "annotator2", "reviewer", "reviewer2")}

    def filled(one):
        return (
            one.format(annotation=table["annotation"], **ids) if isinstance(one, str) and "{" in one else one
        )

    value = [filled(one) for one in value] if isinstance(value, list) else filled(value)

    assert found(item(column, operator, value)) == expected


@pytest.mark.parametrize(
    ("key", "kind", "operator", "value", "expected"),
    [
        ("text", "String", "contains", "LETTER", [A]),
        ("text", "String", "contains", "100%", [R]),
        ("text", "String", "contains", "%", [R]),
        ("text", "String", "contains", "_", [F]),
        ("text", "String", "contains", "d\\o", [F]),
        ("text", "Text", "not_contains", "letter", [R, F, U]),
        ("text", "String", "equal", "A letter", [A]),
        ("text", "String", "not_equal", "A letter", [R, F, U]),
        ("text", "String", "empty", True, [U]),
        ("text", "String", "empty", False, [A, R, F]),
        ("text", "String", "regex", "^[AB] ", [A, R]),
        ("text", "String", "in_list", ["A letter", ""], [A, U]),
        ("text", "String", "not_in_list", ["A letter", ""], [R, F]),
        ("text", "String", "in", {"min": "A", "max": "B"}, [A]),
        ("text", "String", "contains", "' OR 1=1 --", []),
        ("n", "Number", "greater", 5, [R]),
        ("n", "Number", "greater_or_equal", 5, [A, R]),
        ("n", "Number", "less", 6.5, [A]),
        ("n", "Number", "equal", 12, [R]),
        ("n", "Number", "not_equal", 12, [A, F, U]),
        ("n", "Number", "in", {"min": 1, "max": 100}, [A, R]),
        ("n", "Number", "not_in", {"min": 1, "max": 100}, [F, U]),
        ("n", "Number", "in_list", [5, "12"], [A, R]),
        ("n", "Number", "empty", True, [F, U]),
        ("n", "Time", "greater", 5, [R]),
        ("n", "String", "greater", "4", [A, F]),
        ("when", "Datetime", "greater", "2026-02-01T00:00:00.000000Z", [R]),
        ("when", "Datetime", "less", "2026-02-01", [A]),
        ("when", "Datetime", "in", {"min": "2026-01-01", "max": "2026-12-31"}, [A, R]),
        ("when", "Datetime", "empty", True, [F, U]),
        ("ok", "Boolean", "equal", True, [A]),
        ("ok", "Boolean", "not_equal", True, [R, F, U]),
        ("ok", "Boolean", "empty", False, [A, R]),
        ("a.b", "String", "equal", "dot", [A]),
        ("a__b", "String", "equal", "deep", [R]),
        ('it\'s "q"', "String", "equal", "quoted", [A]),
        ("5", "Unknown", "equal", "five", [F]),
        ("missing", "Image", "empty", True, ALL),
        ("x'); DROP TABLE tasks_task; --", "String", "empty", True, ALL),
        ("%s", "String", "empty", True, ALL),
    ],
)
def test_data_is_filtered_by_the_type_that_is_asked_for(found, key, kind, operator, value, expected):
    assert found(item(f"data.{key}", operator, value, kind)) == expected


NO_NUMBERS = ["nan", "NaN", "Infinity", "-inf", "1_000", "0x1F", "٣", "1e", "1e99999", "--1", "12 kg"]
NUMBERS_AS_TEXT = ["-2", "+3.50", ".5", "7.", " 8 ", "1e3", "2E-2"]
NO_TIMES = [
    "now",
    "today",
    "tomorrow",
    "epoch",
    "infinity",
    "allballs",
    "Jan 2 2026",
    "20260102",
    "2026-02-30",
]
TIMES = [
    "2026-01-02",
    "2026-01-02T10:00",
    "2026-01-02 10:00:00.5",
    "2026-01-02T10:00:00Z",
    "2026-01-02T10:00+0530",
]


@pytest.mark.parametrize(
    ("kind", "unreadable", "readable", "between"),
    [
        ("Number", NO_NUMBERS, NUMBERS_AS_TEXT, {"min": -10, "max": 10**6}),
        ("Datetime", NO_TIMES, TIMES, {"min": "2000-01-01", "max": "2100-01-01"}),
    ],
)
def test_only_decimals_and_iso_times_are_compared_as_such(
    house, table, ask, kind, unreadable, readable, between
):
    for text in [*unreadable, *readable]:
        task(house.project, odd=text)

    def found(operator, value):
        body = ask(item("data.odd", operator, value, kind), ordering=["tasks:data.odd"]).json()
        return [row["data"]["odd"] for row in body["tasks"]]

    assert sorted(found("in", between)) == sorted(readable)
    assert sorted(found("empty", False)) == sorted(readable)


@pytest.mark.parametrize("direction", ["", "-"])
def test_order_by_data_begins_with_numbers(house, table, ask, direction):
    for text in ["nan", "5", "Infinity"]:
        task(house.project, odd=text)

    rows = ask(ordering=[f"{direction}tasks:data.odd"]).json()["tasks"]

    assert rows[0]["data"]["odd"] == "5"


@pytest.mark.parametrize("value", ["nan", "Infinity", "1_000", "٣", "", True])
def test_value_that_is_no_decimal_is_refused(ask, value):
    answer = ask(item("total_annotations", "greater", value, "Number"))

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_filter")


def test_date_begins_in_the_zone_of_the_project(house, table, found):
    house.project.timezone = (
        "Pacific/Kiritimati"  # 14 hours ahead: this day began at 10:00 UTC the day before
    )
    house.project.save()

    assert found(item("data.when", "greater_or_equal", "2026-01-03", "Datetime")) == [A, R]


@pytest.mark.parametrize(("conjunction", "expected"), [("and", []), ("or", [A, R])])
def test_conjunction_joins_the_lines(found, conjunction, expected):
    lines = item("reviews_rejected", "greater", 0), item("comment_count", "greater", 0)

    assert found(*lines, conjunction=conjunction) == expected


@pytest.mark.parametrize("key", ["child_filter", "child_filters"])
def test_child_must_hold_with_its_parent(found, key):
    child = item("comment_count", "greater", 0)
    parent = item("reviewed", "equal", True) | {key: child if key == "child_filter" else [child]}

    assert found(parent, item("reviews_rejected", "greater", 0), conjunction="or") == [A, R]


def test_filter_without_a_value_is_not_filled_in_yet(found):
    assert found(item("id", "greater", None)) == ALL


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ([item("nothing", "equal", 1)], "'nothing'"),
        ([item("agreement", "equal", 1)], "'agreement'"),
        ([item("project__created_by__password", "contains", "a")], "'__'"),
        ([item("annotations__completed_by__password", "regex", "^p")], "'__'"),
        ([item("data__text", "contains", "a")], "'__'"),
        ([item("project", "equal", 1)], "'project'"),
        ([item("deleted_at", "empty", True)], "'deleted_at'"),
        ([item("pk", "equal", 1)], "'pk'"),
        ([item("data.", "equal", 1)], "'data.'"),
        ([item("data.a\x00b", "equal", 1)], "NUL"),
        (
            [{"filter": "filter:annotations:id", "operator": "equal", "type": "Number", "value": 1}],
            "filter:tasks:",
        ),
        ([{"filter": 7, "operator": "equal", "type": "Number", "value": 1}], "filter:tasks:"),
        ([item("id", "like", 1)], "'like'"),
        ([item("id", ["equal"], 1)], "['equal']"),
        ([item("reviewed", "contains", "t")], "'contains'"),
        ([item("reviewed_at", "regex", "2")], "'regex'"),
        ([item("annotators", "greater", 1)], "'greater'"),
        ([item("id", "equal", 1, "Blob")], "'Blob'"),
        ([item("id", "equal", "seven")], "'seven'"),
        ([item("id", "equal", True)], "number"),
        ([item("id", "equal", "NaN")], "number"),
        ([item("id", "equal", "1e999999")], "number"),
        ([item("id", "in", 7)], "min"),
        ([item("id", "in_list", 7)], "list"),
        ([item("id", "in_list", ["x"])], "number"),
        ([item("id", "empty", "maybe")], "true or false"),
        ([item("reviewed_at", "greater", "soon")], "time"),
        ([item("reviewed_at", "greater", "2026-02-31")], "time"),
        ([item("reviewed", "equal", "perhaps")], "true or false"),
        ([item("annotators", "contains", "me")], "id"),
        ([item("annotators", "contains", 2**70)], "id"),
        ([item("annotators", "contains", "9" * 5000)], "id"),
        ([item("annotations_results", "equal", "no json")], "JSON"),
        ([item("annotations_results", "equal", "NaN")], "JSON"),
        ([item("annotations_results", "equal", "1e999")], "JSON"),
        ([item("predictions_results", "equal", {"a": "\x00"})], "JSON"),
        ([item("predictions_results", "not_equal", '"\\u0000"')], "JSON"),
        ([item("data.text", "contains", {"a": 1})], "text"),
        ([item("data.text", "contains", "a\x00")], "NUL"),
        ([item("data.text", "contains", "\ud800")], "surrogates"),
        ([item("data.text", "regex", "(")], "regular expression"),
        ([item("data.text", "regex", "a" * 1001)], "regular expression"),
        (["id"], "object"),
        (
            [
                item("id", "equal", 1)
                | {"child_filter": item("id", "equal", 1) | {"child_filter": item("id", "equal", 1)}}
            ],
            "child",
        ),
        ([item("id", "equal", 1) | {"child_filter": item("project__id", "equal", 1)}], "'__'"),
        ([item("id", "equal", 1) | {"child_filters": ["id"]}], "object"),
        ([item("id", "equal", 1) | {"child_filters": "id"}], "list"),
        ([item("predictions_model_versions", "contains", ["m"] * 201)], "200"),
    ],
)
def test_wrong_filter_is_400_naming_it(ask, items, named):
    answer = ask(*items)

    assert answer.status_code == 400
    assert named in answer.json()["validation_errors"]["filters"][0]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"filters": {"conjunction": "xor", "items": []}}, "filters"),
        ({"filters": [1]}, "filters"),
        ({"filters": {"items": 3}}, "filters"),
        ({"ordering": ["tasks:project__title"]}, "filters"),
        ({"ordering": ["tasks:nothing"]}, "filters"),
        ({"ordering": [3]}, "ordering"),
        ({"selectedItems": [1]}, "selectedItems"),
        ({"selectedItems": {"all": False, "included": ["x"]}}, "selectedItems"),
        ("no json {", "query"),
        ("{no json", "query"),
        ('{"filters": {"conjunction": "and", "items": [NaN]}}', "query"),
        ([1], "query"),
    ],
)
def test_wrong_query_is_400_naming_its_part(house, table, client_of, query, field):
    sent = query if isinstance(query, str) else json.dumps(query)
    answer = client_of(house.lead).get("/api/tasks/", {"project": house.project.pk, "query": sent})

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, [field])


@pytest.mark.parametrize(
    "items",
    [
        [item("id", "equal", 1)] * 201,
        [item("id", "equal", 1) | {"child_filters": [item("id", "equal", 1)] * 20}] * 10,
        [item("id", "in_list", [1] * 3_000)] * 4,
    ],
    ids=["filters", "children", "values"],
)
def test_filters_are_bounded_as_a_whole(house, table, client_of, items):
    selection = {
        "filters": {"conjunction": "and", "items": items},
        "selectedItems": {"all": True, "excluded": []},
    }
    url = f"/api/dm/actions/?id=accept_tasks_annotations&project={house.project.pk}"

    answer = client_of(house.lead).post(url, selection)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_filter")
    assert "at most" in answer.json()["detail"].lower()


def test_slow_regex_is_400_and_says_so(house, table, ask, settings):
    settings.STATEMENT_TIMEOUT_MS = 100
    task(house.project, text="a" * 60)

    answer = ask(item("data.text", "regex", r"^(a*)(a*)(a*)(a*)(a*)\1\2\3\4\5b?c?a$"))

    assert (answer.status_code, answer.json()["code"]) == (400, "too_slow")
