"""Label configurations over REST: their versions, refusals with counts, and work that does not fit."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.labelconfig import parse
from tasks.models import Project
from tests.factories import BOXES, CHOICES, annotation, boxes, client_of, result, reviewed, task

ONLY_A = CHOICES.replace('<Choice value="B"/><Choice value="C"/>', "")
NO_A = CHOICES.replace('<Choice value="A"/>', "")
LOOKS = CHOICES.replace("<View>", '<View><Header value="Which letter?"/>')


def at(house, path: str = "") -> str:
    return f"/api/projects/{house.project.pk}/{path}"


@pytest.mark.parametrize("how", ["query", "body"])
def test_a_label_in_use_is_not_dropped_unless_forced(house, how):
    client, query = client_of(house.lead), "?force=true" if how == "query" else ""
    body = {"label_config": NO_A}

    refused = client.patch(at(house), body)
    forced = client.patch(at(house) + query, body if query else body | {"force": True})

    said = refused.json()
    assert (refused.status_code, said["code"], list(said["validation_errors"])) == (
        400,
        "labels_in_use",
        ["label_config"],
    )
    assert said["in_use"] == {"controls": {}, "labels": {"letter": {"A": 1}}}
    assert "the label 'A' of 'letter' (1 annotation)" in said["detail"]
    assert (forced.status_code, forced.json()["label_config"]) == (200, NO_A)


@pytest.mark.parametrize(("xml", "changed"), [(CHOICES, False), (LOOKS, False), (ONLY_A, True)])
def test_validate_says_whether_results_change(house, xml, changed):
    answer = client_of(house.lead).post(at(house, "validate"), {"label_config": xml})

    assert (answer.status_code, answer.json()) == (
        200,
        {"label_config": xml, "config_essential_data_has_changed": changed},
    )


def test_validate_is_for_managers_and_says_what_is_in_use(house):
    body = {"label_config": NO_A}
    answers = {
        who: client_of(getattr(house, who)).post(at(house, "validate"), body)
        for who in ("lead", "reviewer", "annotator", "stranger")
    }
    forced = client_of(house.lead).post(at(house, "validate?force=true"), body)

    assert {who: (answer.status_code, answer.json()["code"]) for who, answer in answers.items()} == {
        "lead": (400, "labels_in_use"),
        "reviewer": (403, "permission_denied"),
        "annotator": (403, "permission_denied"),
        "stranger": (404, "not_found"),
    }
    assert forced.status_code == 200


@pytest.mark.parametrize("xml", ["", " \n", "\ufeff" + CHOICES, CHOICES + "\n\n"])
def test_a_configuration_is_kept_byte_for_byte(house, xml):
    client = client_of(house.lead)

    valid = client.post(at(house, "validate?force=true"), {"label_config": xml})
    changed = client.patch(at(house, "?force=true"), {"label_config": xml})

    assert (valid.status_code, changed.status_code) == (200, 200)
    assert (valid.json()["label_config"], changed.json()["label_config"]) == (xml, xml)


@pytest.mark.parametrize(
    ("written", "mistaken", "words"),
    [
        ('name="letter"', 'name="text"', "used twice"),
        (
            'toName="text"',
            'toName="txet"',
            "'letter' is for 'txet', but nothing has that name. Nearest: 'text'",
        ),
        ("Choices", "Choises", "Line 2: <Choises> is not a tag of Label Studio. Nearest: <Choices>."),
    ],
)
def test_a_mistake_is_refused_everywhere(house, written, mistaken, words):
    client, body = client_of(house.lead), {"label_config": CHOICES.replace(written, mistaken), "title": "Bad"}

    answers = [
        client.post(at(house, "validate"), body),
        client.patch(at(house), body),
        client.post("/api/projects/", body),
    ]

    for answer in answers:
        said = answer.json()
        assert (answer.status_code, said["code"], list(said["validation_errors"])) == (
            400,
            "invalid_label_config",
            ["label_config"],
        )
        assert words in said["validation_errors"]["label_config"][0]


def test_the_screens_get_a_view_for_a_tag_of_ones_own(house):
    own = CHOICES.replace("<View>", "<View><MyOwnTag foo='1'/>")
    client = client_of(house.lead)

    stored = client.patch(at(house), {"label_config": own}).json()["label_config"]
    shown = client.get(at(house, "editor-options/?screen=annotate")).json()["label_config"]

    assert (stored, "MyOwnTag" in shown, parse(shown)) == (own, False, parse(CHOICES))


def test_other_settings_change_beside_a_configuration_that_would_be_refused_today(house):
    Project.objects.filter(pk=house.project.pk).update(label_config="<View>")

    answer = client_of(house.lead).patch(at(house), {"title": "Still works"})

    assert (answer.status_code, answer.json()["parsed_label_config"]) == (200, {})


def test_versions_are_listed_in_pages_and_read_one_by_one(house):
    client = client_of(house.lead)
    for xml in (LOOKS, ONLY_A):
        client.patch(at(house), {"label_config": xml})

    rows = client_of(house.annotator).get(at(house, "label-configs/")).json()
    newest = client.get(at(house, f"label-configs/{rows['results'][0]['id']}/")).json()
    page = client.get(at(house, "label-configs/?page_size=1&page=2")).json()

    assert [(row["number"], row["is_current"]) for row in rows["results"]] == [
        (3, True),
        (2, False),
        (1, False),
    ]
    assert "label_config" not in rows["results"][0]
    assert newest == rows["results"][0] | {"label_config": ONLY_A}
    assert (page["count"], [row["number"] for row in page["results"]]) == (3, [2])
    assert client_of(house.stranger).get(at(house, "label-configs/")).status_code == 404


def queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_the_list_costs_the_same_for_one_version_and_three(house):
    client = client_of(house.lead)
    client.get(at(house, "label-configs/"))

    one = queries(client, at(house, "label-configs/"))
    for xml in (LOOKS, ONLY_A):
        client.patch(at(house), {"label_config": xml})

    assert queries(client, at(house, "label-configs/")) == one


def test_history_names_the_configuration(house):
    client = client_of(house.lead)
    client.patch(at(house), {"label_config": LOOKS})
    annotated = annotation(house.task, house.annotator2)

    (row,) = client.get(f"/api/annotation-history/?annotation={annotated.pk}").json()

    newest = client.get(at(house, "label-configs/")).json()["results"][0]
    assert row["label_config"] == newest["id"]


def test_outdated_work_is_filtered_and_says_so(house):
    client = client_of(house.lead)
    verdict = reviewed(house.annotation, house.reviewer).review
    client.patch(at(house), {"label_config": LOOKS})
    fresh = annotation(task(house.project), house.annotator)

    found = {
        said: client.get(f"/api/annotations/?config_outdated={said}").json()["results"]
        for said in ("true", "false")
    }
    tasks = {
        said: client.get(f"/api/tasks/?config_outdated={said}").json()["tasks"] for said in ("true", "false")
    }

    assert {said: [(row["id"], row["config_outdated"]) for row in rows] for said, rows in found.items()} == {
        "true": [(house.annotation.pk, True)],
        "false": [(fresh.pk, False)],
    }
    assert {said: [row["id"] for row in rows] for said, rows in tasks.items()} == {
        "true": [house.task.pk],
        "false": [fresh.task_id],
    }
    (standing,) = client.get(f"/api/annotation-reviews/?annotation={house.annotation.pk}").json()
    assert (standing["id"], found["true"][0]["last_action"]) == (verdict.pk, "accepted")


def test_bodies_after_a_write_say_whether_it_is_outdated(house):
    client_of(house.lead).patch(at(house), {"label_config": LOOKS})
    url = f"/api/annotations/{house.annotation.pk}/"

    touched = client_of(house.annotator).patch(url, {"lead_time": 3}).json()
    accepted = client_of(house.reviewer).post(f"{url}accept/").json()
    fixed = (
        client_of(house.reviewer2)
        .post(f"{url}fix-and-accept/", {"result": result("B")}, format="json")
        .json()
    )

    assert [body["config_outdated"] for body in (touched, accepted, fixed)] == [True, True, False]


# --- results that do not fit --------------------------------------------------------------------------


def test_work_that_does_not_fit_is_kept_and_says_why(house):
    client = client_of(house.annotator)
    url = f"/api/tasks/{house.task.pk}"
    odd = [*boxes("Car"), *result("Z"), *result("A", id="fine")]

    made = client.post(f"{url}/annotations/", {"result": odd}, format="json").json()
    draft = client.post(f"{url}/drafts/", {"result": odd}, format="json").json()
    read = client.get(f"/api/annotations/{made['id']}/").json()

    problems = [
        "Region 'box0' names 'box', which is not a control of the label configuration.",
        "Region 'r1' uses 'Z', which the control 'letter' does not offer.",
    ]
    assert made["result_problems"] == read["result_problems"] == draft["result_problems"] == problems
    assert made["result"] == odd
    assert client.get(f"/api/annotations/{house.annotation.pk}/").json()["result_problems"] == []


def test_many_problems_are_named_and_counted(house):
    odd = [region for number in range(30) for region in result("Z", id=str(number))]

    made = annotation(house.task, house.annotator2, result=odd)

    problems = client_of(house.lead).get(f"/api/annotations/{made.pk}/").json()["result_problems"]
    assert (len(problems), problems[-1]) == (21, "And 10 more.")


def test_an_import_reports_what_does_not_fit_and_keeps_it(house):
    work = [
        {"completed_by": {"email": "annotator@example.org"}, "result": made}
        for made in (result("A"), boxes("Car"))
    ]
    rows = [{"data": {"text": "A"}}, {"data": {"text": "B"}, "annotations": work}]

    answer = client_of(house.lead).post(at(house, "import?return_task_ids=true"), rows, format="json").json()
    report = client_of(house.lead).get(at(house, f"imports/{answer['import']}/")).json()["report"]

    words = ["Region 'box0' names 'box', which is not a control of the label configuration."]
    assert report["result_problems"] == {
        "count": 1,
        "tasks": [{"task": 2, "annotation": 1, "problems": words}],
    }


def test_a_fix_that_does_not_fit_is_refused(house):
    answer = client_of(house.reviewer).post(
        f"/api/annotations/{house.annotation.pk}/fix-and-accept/", {"result": boxes("Car")}, format="json"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_result")


def test_a_list_of_outdated_work_costs_the_same_for_one_row_and_three(house):
    client = client_of(house.lead)
    client.patch(at(house), {"label_config": BOXES, "force": True})
    asked = f"/api/annotations/?project={house.project.pk}&config_outdated=true"
    client.get(asked)

    one = queries(client, asked)
    for author in (house.annotator2, house.reviewer2):
        annotation(house.task, author)
    client.patch(at(house), {"label_config": LOOKS, "force": True})

    assert len(client.get(asked).json()["results"]) == 3
    assert queries(client, asked) == one
