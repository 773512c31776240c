"""Everything that is wrong is said at once, by task and path; nothing is imported then."""

import json
from typing import Any

import pytest

from exchange.importing.importer import Importing, import_files
from exchange.importing.options import ImportOptions
from tasks.errors import Refused
from tasks.models import Import, Prediction, Task
from tests import factories
from tests.exchange.importing.files import UUIDS, answer, load, source_of, task_of
from users.models import User

pytestmark = pytest.mark.django_db


def refused(project, body: Any, **options: Any) -> dict[str, Any]:
    """The body of the error."""
    with pytest.raises(Refused) as error:
        load(body, project, **options)
    assert not Task.objects.exists() and not Import.objects.exists()
    return error.value.extra["body"]


def test_each_bad_item_is_named_with_its_path(project):
    region = {"id": "a", "value": {"x": 2e9}}
    body = [
        {"text": "good"},
        None,
        {"data": {"text": "a\0"}},
        {"data": [], "annotations": [answer(lead_time="long"), {"result": [{}, region]}]},
        {"data": {"other": "no text"}},
    ]

    error = refused(project, body)

    unstorable = "has a NUL or half a surrogate pair in a string, which cannot be stored"
    between = "must be a number between -1000000000 and 1000000000"
    assert error["errors"] == [
        {"task": 2, "path": "[1]", "detail": "task 2: must be an object, not null."},
        {
            "task": 3,
            "path": "[2].data.text",
            "detail": f"task 3: data.text: {unstorable}.",
        },
        {"task": 4, "path": "[3].data", "detail": "task 4: data: must be an object, not a list."},
        {
            "task": 4,
            "path": "[3].annotations[0].lead_time",
            "detail": "task 4: annotations[0].lead_time: must be a number, not 'long'.",
        },
        {
            "task": 4,
            "path": "[3].annotations[1].result[1].value.x",
            "detail": f"task 4: annotations[1].result[1].value.x: {between}.",
        },
        {
            "task": 5,
            "path": "[4].data.text",
            "detail": "task 5: data.text: is missing: the label configuration shows it.",
        },
    ]
    assert error["error_count"] == 6


def test_a_hundred_are_listed_and_all_counted(project):
    error = refused(project, [{"data": number} for number in range(500)])

    assert (len(error["errors"]), error["error_count"]) == (100, 500)
    assert error["errors"][99]["path"] == "[99].data"


def test_the_file_is_named_where_there_are_several(project):
    files = source_of(b'[{"text": "a"}]', "a.json"), source_of(b"text,n\na\n", "b.csv")

    with pytest.raises(Refused) as error:
        import_files(project, files, actor=project.created_by)

    words = "task 2 (b.csv, line 2): has 1 cell, but the header has 2."
    found = {"task": 2, "path": "[0]", "file": "b.csv", "line": 2, "detail": words}
    assert error.value.extra["body"]["errors"] == [found]


# --- warnings, and strict --------------------------------------------------------------------------

ODD = [
    task_of(answer(history=[{"id": 1}]), votes=7, state=None),
    {"data": {"words": "text is missing"}, "predictions": []},
]


def test_what_is_not_imported_or_not_shown_is_reported(project):
    report = load(ODD, project).report

    assert [(one["task"], one["path"]) for one in report.warnings["items"]] == [
        (1, "[0].votes"),
        (1, "[0].annotations[0].history"),
        (2, "[1].data.text"),
    ]
    assert report.as_dict()["warnings"]["count"] == 3


MISSPELLED = {
    "created_by": "rita@example.org",
    "accepted": True,
    "coment": "Good",
}


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({"tasks": [task_of()], "Users": {"4": "anna@example.org"}, "version": None}, [(None, "Users")]),
        ([task_of(answer(reviews=[MISSPELLED]))], [(1, "[0].annotations[0].reviews[0].coment")]),
        (
            [task_of(answer(review_history=[MISSPELLED]))],
            [(1, "[0].annotations[0].review_history[0].coment")],
        ),
        (
            [task_of(answer(comments=[{"text": "Why?", "resolved": True}]))],
            [(1, "[0].annotations[0].comments[0].resolved")],
        ),
        ([task_of(answer(last_action="bogus"))], [(1, "[0].annotations[0].last_action")]),
        ([task_of(overlap=5), task_of(overlap=1), {"text": "a", "overlap": 5}], [(1, "[0].overlap")]),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_what_is_misspelled_is_reported(project, body, paths, strict):
    found = (
        refused(project, body, strict=True)["errors"]
        if strict
        else load(body, project).report.warnings["items"]
    )

    assert [(one["task"], one["path"]) for one in found] == paths


def test_fields_to_become_predictions_that_no_task_has_are_reported(project):
    body = [{"text": "a"}, {"text": "b", "guess": "B"}]

    report = load(body, project, preannotated_from_fields=("gues", "guess")).report

    assert report.warnings["items"] == [
        {
            "task": None,
            "path": "preannotated_from_fields",
            "detail": "preannotated_from_fields: no task has 'gues' in its data.",
        }
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'[{"text": "a"}, {"text": "a", "n": {"x": 1, "x": 2}}]', "task 2: has two values for the key 'x'"),
        (b'{"text": "a", "text": "b"}', "there are two values for the key 'text'"),
        (b'{"tasks": [{"text": "a"}], "tasks": [{"text": "b"}]}', "there are two values for the key 'tasks'"),
    ],
)
def test_a_key_with_two_values_is_refused(project, raw, words):
    with pytest.raises(Refused, match=words):
        load(raw, project)


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"comments": [{"txt": "Why?"}]}, "[0].annotations[0].comments[0].text"),
        ({"comments": [{"text": " "}]}, "[0].annotations[0].comments[0].text"),
        ({"lead_time": -5}, "[0].annotations[0].lead_time"),
        ({"lead_time": 1e10}, "[0].annotations[0].lead_time"),
    ],
)
def test_what_the_rest_api_refuses_is_refused(project, part, path):
    assert refused(project, [task_of(answer(**part))])["errors"][0]["path"] == path


def test_strict_refuses_it(project):
    assert refused(project, ODD, strict=True)["error_count"] == 3


def test_strict_refuses_unknown_labels(project):
    error = refused(project, [task_of(answer("Z"))], strict=True)
    assert error["errors"][0]["path"] == "[0].annotations[0].result[0].value.choices"


def test_a_region_without_an_id_is_named_by_its_place(project):
    region = {key: value for key, value in factories.result("Z")[0].items() if key != "id"}

    error = refused(project, [task_of(answer(result=[region]))], strict=True)

    words = "Region #1 uses 'Z', which the control 'letter' does not offer"
    assert words in error["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("raw", "errors"),
    [
        (b'[{"text": "a"}, {"text": NaN}]', [(2, "[1]", "task 2: not JSON: NaN is not a number.")]),
        (b'[{"text": 1e999}]', [(1, "[0]", "task 1: not JSON: 1e999 is too large a number.")]),
        (b'[{"text": "a', [(1, "[0]", "task 1: not JSON: a text that never ends begins at character 10.")]),
        (
            b'[{"text": "a\n"}]',
            [
                (
                    1,
                    "[0]",
                    "task 1: not JSON: a line break or another control character is not escaped"
                    " at character 12.",
                )
            ],
        ),
        (
            b'{"5": {"data": {"text": "a"}}, "6": {"data": }}',
            [(2, '["6"]', "task 2: not JSON: a value is missing at character 45.")],
        ),
        (b'{"data": {"text": NaN}}', [(1, "data", "task 1: data: not JSON: NaN is not a number.")]),
        (
            b'{"tasks": [{"text": "a"}], "users": NaN}',
            [(None, "", "The file is not JSON: NaN is not a number.")],
        ),
    ],
)
def test_what_is_not_json_is_named_by_task_where_it_is_one(project, raw, errors):
    found = refused(project, raw)["errors"]

    assert [(one["task"], one["path"], one["detail"]) for one in found] == errors


def test_data_that_is_not_there_is_missing(project):
    error = refused(project, [{"text": "a", "annotations": [answer()]}])
    assert error["errors"][0]["detail"] == (
        "task 1: data: is missing. Beside annotations or predictions, what the task shows belongs into data."
    )


def test_a_word_is_no_picture():
    boxes = factories.project(label_config=factories.BOXES)
    report = load([{"image": "hello"}, {"image": "/data/upload/1/a.png"}], boxes).report
    assert [one["path"] for one in report.warnings["items"]] == ["[0].data.image"]


def test_an_export_has_no_unknown_keys(house):
    factories.reviewed(house.annotation, house.reviewer)
    exported = factories.client_of(house.admin).get(
        f"/api/projects/{house.project.pk}/export?exportType=JSON&download_all_tasks=true"
    )
    body = json.loads(b"".join(exported.streaming_content))

    assert load(body, factories.project(), strict=True).report.warnings["count"] == 0


# --- what is unambiguous is read --------------------------------------------------------------------


def test_archives_of_old_versions_are_read(project):
    old = {
        "data": {"text": "a"},
        "completions": [
            answer(created_at=1609789589, honeypot=True, completed_by=None),
            {"skipped": True, "result": []},
        ],
    }

    load([old], project)

    task = Task.objects.get()
    assert (task.data, task.total_annotations, task.cancelled_annotations) == ({"text": "a"}, 1, 1)
    kept = task.annotations.get(ground_truth=True)
    assert kept.created_at.isoformat() == "2021-01-04T19:46:29+00:00"


def test_annotations_from_a_target_storage_are_turned_around(project):
    load({"id": 5, "task": {"id": 2, "data": {"text": "a"}}, **answer("B")}, project)

    task = Task.objects.get()
    assert (task.data, task.annotations.get().result) == ({"text": "a"}, factories.result("B"))


def test_annotations_of_one_task_come_together_again(project, monkeypatch):
    monkeypatch.setattr("exchange.importing.importer.BATCH", 2)
    task = {"id": 2, "data": {"text": "a"}}
    other = {"id": 3, "data": {"text": "a"}}
    body = [
        {"id": n, "task": whose, **answer(label, unique_id=UUIDS[n])}
        for n, (whose, label) in enumerate([(task, "A"), (other, "A"), (task, "B"), (task, "A")])
    ]

    for expected in (4, 0):
        assert load(body, project).report.annotations == expected

    counted = Task.objects.order_by("id").values_list("data__text", "total_annotations")
    assert list(counted) == [("a", 3), ("a", 1)]


def test_an_annotation_without_its_task_is_refused(project):
    assert refused(project, [{"task": 5, **answer()}])["errors"][0]["path"] == "[0]"


@pytest.mark.parametrize(
    ("value", "choices"),
    [
        ("B", ["B"]),
        (["A", "B"], ["A", "B"]),
        (factories.result("B"), ["B"]),
        ({"result": factories.result("B")}, ["B"]),
    ],
)
def test_fields_become_predictions(project, value, choices):
    load([{"text": "a", "guess": value}, {"text": "b"}], project, preannotated_from_fields=("guess",))

    prediction = Prediction.objects.get()
    assert prediction.task.data == {"text": "a"}
    assert prediction.result[0]["value"] == {"choices": choices}


@pytest.mark.parametrize(("value", "words"), [("Z", "'Z' is not offered"), (7, "must be a text or a list")])
def test_a_field_that_is_no_answer_is_refused(project, value, words):
    error = refused(project, [{"text": "a", "guess": value}], preannotated_from_fields=("guess",))
    assert words in error["errors"][0]["detail"]


# --- a dry run --------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_duplicate", ["skip", "update"])
def test_a_dry_run_reports_and_writes_nothing(project, on_duplicate):
    load([task_of(external_id="a")], project)
    body = [task_of(external_id="a"), task_of(answer(), external_id="b"), task_of(external_id="b")]

    importing = Importing(
        project,
        [source_of(json.dumps(body).encode())],
        actor=project.created_by,
        options=ImportOptions(on_duplicate=on_duplicate),
    )
    report = importing.rehearse()

    is_update = on_duplicate == "update"
    assert (report["tasks"], report["annotations"]) == (1, 1)
    assert (report["duplicates_skipped"]["count"], report["duplicates_updated"]["count"]) == (
        2 - is_update,
        is_update,
    )
    assert report["placeholders"] == [
        f"imported-anna-at-example.org-project-{project.pk}@placeholder.invalid"
    ]
    assert (Task.objects.count(), Import.objects.count()) == (1, 1)
    assert not User.objects.filter(is_placeholder=True).exists()


# --- the same again ----------------------------------------------------------------------------------


def test_an_export_without_ids_of_tasks_is_recognised_by_its_annotations(project):
    body = [task_of(answer(unique_id=UUIDS[1]))]
    load(body, project)

    assert load(body, project).report.duplicates_skipped.count == 1
    assert Task.objects.count() == 1


def test_equal_data_is_recognised_if_asked(project):
    load([{"text": "a", "n": 1}], project)

    report = load([{"n": 1, "text": "a"}, {"text": "b"}, {"text": "b"}], project, match_on="data").report

    assert (Task.objects.count(), report.duplicates_skipped.count) == (2, 2)


def test_all_tasks_that_exist_already_are_listed(project, monkeypatch):
    monkeypatch.setattr("exchange.importing.duplicates.BATCH", 2)
    load([task_of(external_id="a")], project)
    first = Task.objects.get()

    with pytest.raises(Refused) as error:
        names = ["a", "b", "c", "b"]
        load([task_of(external_id=name) for name in names], project, on_duplicate="error")

    assert error.value.code == "duplicate_task"
    assert error.value.extra["body"]["error_count"] == 2
    assert error.value.extra["body"]["errors"] == [
        {
            "task": 1,
            "path": "[0].external_id",
            "detail": f"task 1: external_id: it exists already, as task {first.pk}.",
        },
        {
            "task": 4,
            "path": "[3].external_id",
            "detail": "task 4: external_id: it exists already, earlier in the file.",
        },
    ]
    assert Task.objects.count() == 1


@pytest.mark.parametrize("key", [{"external_id": "a"}, {"unique_id": UUIDS[0]}])
def test_the_refusal_names_the_key_that_clashes(project, key):
    load([task_of(**key)], project)

    with pytest.raises(Refused) as error:
        load([task_of(**key)], project, on_duplicate="error")

    assert error.value.field == next(iter(key))
