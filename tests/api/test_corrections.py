"""What changed since a verdict, and the corrections, over HTTP."""

import csv
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.models import Correction
from tasks.services import projects
from tests.factories import annotation, client_of, result, reviewed, task, undone
from tests.reviews.steps import patch
from tests.reviews.test_corrections import a_calmer_mood, a_wider_box

FEED = "/api/corrections/"


def fixed(house, author=None, label="A", by=None):
    """A fix of new work: `label` becomes C."""
    made = annotation(task(house.project), author or house.annotator, label)
    return reviewed(made, by or house.reviewer, "fixed_and_accepted")


def sentences(answer) -> list[str]:
    return [row["sentence"] for row in answer.json()["results"]]


def fix_by(route: str, house, work) -> dict:
    """What the annotator's feed says after the reviewer fixed `work` by that route."""
    pk, reviewer = work.annotation.pk, client_of(house.reviewer)
    if route == "fix-and-accept":
        answer = reviewer.post(
            f"/api/annotations/{pk}/fix-and-accept/", {"result": work.better}, format="json"
        )
    else:
        body = {"annotation": pk, "accepted": True, "result": work.better}
        answer = reviewer.post("/api/annotation-reviews/", body, format="json")
    assert answer.status_code in (200, 201)
    (told,) = client_of(house.annotator).get(FEED).json()["results"]
    return told


@pytest.mark.parametrize("route", ["fix-and-accept", "annotation-reviews"])
def test_a_fixed_box_shows_moved_overlap_0_83(house, route):
    told = fix_by(route, house, a_wider_box(house))

    assert (told["kind"], told["region"], told["sentence"]) == ("moved", "box0", "moved, overlap 0.83")


@pytest.mark.parametrize("route", ["fix-and-accept", "annotation-reviews"])
def test_a_fixed_choice_shows_positive_to_neutral(house, route):
    told = fix_by(route, house, a_calmer_mood(house))

    assert (told["kind"], told["control"], told["sentence"]) == ("relabelled", "mood", "Positive → Neutral")


def test_a_correction_on_the_wire(house):
    review = fixed(house).review
    correction = Correction.objects.get()

    (body,) = client_of(house.annotator).get(FEED).json()["results"]

    assert body == {
        "id": correction.pk,
        "kind": "relabelled",
        "region": "",
        "control": "letter",
        "label_from": "A",
        "label_to": "C",
        "overlap": None,
        "before": ["A"],
        "after": ["C"],
        "sentence": "A → C",
        "review": review.pk,
        "annotation": review.annotation_id,
        "task": review.task_id,
        "project": house.project.pk,
        "annotator": house.annotator.pk,
        "created_by": house.reviewer.pk,
        "created_at": body["created_at"],
        "acknowledged_at": None,
        "undone": False,
    }


@pytest.mark.parametrize(
    ("who", "shown", "named"),
    [
        ("annotator", False, False),
        ("annotator", True, True),
        ("reviewer2", False, True),
        ("lead", False, True),
    ],
)
def test_the_reviewer_is_named_where_the_reader_may_know(house, who, shown, named):
    projects.update(house.project, {"show_reviewer_names": shown}, actor=house.lead)
    review = fixed(house).review

    (body,) = (
        client_of(getattr(house, who))
        .get(f"/api/annotations/{review.annotation_id}/corrections/")
        .json()["results"]
    )

    assert body["created_by"] == (house.reviewer.pk if named else None)


def test_the_feed_is_of_ones_own_work_newest_first(house):
    fixed(house, label="A")
    fixed(house, label="B")
    fixed(house, author=house.annotator2, label="B")

    assert sentences(client_of(house.annotator).get(FEED)) == ["B → C", "A → C"]
    assert sentences(client_of(house.annotator2).get(FEED)) == ["B → C"]
    assert sentences(client_of(house.lead).get(FEED)) == []


def test_the_feed_is_filtered_by_project_and_by_what_was_acknowledged(house):
    fixed(house, label="A")
    fixed(house, label="B")
    client = client_of(house.annotator)
    client.post(f"{FEED}{Correction.objects.earliest('id').pk}/acknowledge/")

    found = {
        query: sentences(client.get(f"{FEED}?{query}"))
        for query in ("acknowledged=true", "acknowledged=false", "project=0")
    }

    assert found == {"acknowledged=true": ["A → C"], "acknowledged=false": ["B → C"], "project=0": []}


def test_corrections_of_a_fix_taken_back_are_asked_for_by_name(house):
    decision = fixed(house)
    undone(decision, house.reviewer)
    url = f"/api/annotations/{decision.annotation.pk}/corrections/"

    client = client_of(house.annotator)

    assert sentences(client.get(FEED)) == sentences(client.get(url)) == []
    assert [row["undone"] for row in client.get(f"{url}?include_undone=true").json()["results"]] == [True]


@pytest.mark.parametrize(
    ("who", "status"),
    [("annotator", 200), ("annotator2", 404), ("stranger", 404), ("reviewer", 403), ("lead", 403)],
)
def test_acknowledging_is_for_the_one_whose_work_it_was(house, who, status):
    fixed(house)
    correction = Correction.objects.get()

    answers = [client_of(getattr(house, who)).post(f"{FEED}{correction.pk}/acknowledge/") for _ in range(2)]

    correction.refresh_from_db()
    assert [answer.status_code for answer in answers] == [status] * 2
    assert (correction.acknowledged_at is not None) == (status == 200)


def test_everything_of_a_project_is_acknowledged_at_once(house):
    for author in (house.annotator, house.annotator, house.annotator2):
        fixed(house, author=author)
    client, url = client_of(house.annotator), f"/api/projects/{house.project.pk}/corrections/acknowledge/"

    assert [client.post(url).json() for _ in range(2)] == [{"acknowledged": 2}, {"acknowledged": 0}]
    assert Correction.objects.filter(acknowledged_at=None).count() == 1
    assert client_of(house.stranger).post(url).status_code == 404


def test_a_deleted_annotation_takes_its_corrections_along(house):
    decision = fixed(house)

    client_of(house.lead).delete(f"/api/annotations/{decision.annotation.pk}/")

    assert sentences(client_of(house.annotator).get(FEED)) == []


def test_confusion_is_a_table_for_leads(house):
    for author, label in ((house.annotator, "A"), (house.annotator, "A"), (house.annotator2, "B")):
        fixed(house, author=author, label=label)
    url = f"/api/projects/{house.project.pk}/corrections/confusion/"

    body = client_of(house.lead).get(url).json()

    first = {
        "id": house.annotator.pk,
        "email": "annotator@example.org",
        "first_name": "Annotator",
        "last_name": "",
    }
    assert body["count"] == 2
    assert body["results"][0] == {
        "annotator": first,
        "control": "letter",
        "label_from": "A",
        "label_to": "C",
        "count": 2,
    }
    assert [
        client_of(getattr(house, who)).get(url).status_code for who in ("reviewer", "annotator", "stranger")
    ] == [
        403,
        403,
        404,
    ]


def test_confusion_as_a_file(house):
    fixed(house)
    url = f"/api/projects/{house.project.pk}/corrections/confusion/?export_type="

    answer = client_of(house.lead).get(url + "CSV")

    assert (
        answer.headers["Content-Disposition"]
        == f'attachment; filename="project-{house.project.pk}-confusion.csv"'
    )
    assert list(csv.reader(StringIO(answer.content.decode()))) == [
        ["annotator", "annotator_email", "control", "label_from", "label_to", "count"],
        [str(house.annotator.pk), "annotator@example.org", "letter", "A", "C", "1"],
    ]
    assert client_of(house.lead).get(url + "XLS").json()["code"] == "unknown_format"


def test_changes_of_returned_work(house):
    review = reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue").review
    url = f"/api/annotations/{house.annotation.pk}/changes/"
    client = client_of(house.reviewer)
    before = client.get(url).json()

    edited = patch(house, "B", by=house.annotator)

    first, second = review.seen_version_id, edited.current_version_id
    told = {"kind": "relabelled", "region": "", "control": "letter", "label_from": "A", "label_to": "B"}
    told |= {"overlap": None, "before": ["A"], "after": ["B"], "sentence": "A → B"}
    assert before == {"since": first, "now": first, "outdated": False, "changes": []}
    assert client.get(url).json() == {"since": first, "now": second, "outdated": True, "changes": [told]}
    assert client.get(f"{url}?since={second}").json() == {
        "since": second,
        "now": second,
        "outdated": True,
        "changes": [],
    }
    assert client.get("/api/annotation-reviews/?state=outdated").json()[0]["id"] == review.pk


@pytest.mark.parametrize(("query", "status"), [("since=x", 400), ("since=0", 400), ("since=999999999", 400)])
def test_an_unknown_version_to_compare_with_is_400(house, query, status):
    assert (
        client_of(house.reviewer).get(f"/api/annotations/{house.annotation.pk}/changes/?{query}").status_code
        == status
    )


@pytest.mark.parametrize(
    ("who", "status"), [("annotator", 200), ("annotator2", 404), ("stranger", 404), ("reviewer2", 200)]
)
@pytest.mark.parametrize("page", ["changes", "corrections"])
def test_changes_and_corrections_are_seen_by_who_sees_the_annotation(house, who, status, page):
    answer = client_of(getattr(house, who)).get(f"/api/annotations/{house.annotation.pk}/{page}/")

    assert answer.status_code == status


@pytest.mark.parametrize(
    "url",
    [
        "/api/corrections/",
        "/api/annotations/{annotation}/corrections/",
        "/api/projects/{project}/corrections/confusion/",
    ],
)
def test_corrections_ask_the_same_number_of_questions_for_one_row_as_for_three(house, url):
    who = house.lead if "confusion" in url else house.annotator
    client, url = client_of(who), url.format(annotation=house.annotation.pk, project=house.project.pk)
    counts = []
    for label, author in (("B", house.annotator), ("C", house.annotator2), ("A", house.annotator)):
        reviewed(
            house.annotation,
            house.reviewer if label != "C" else house.reviewer2,
            "fixed_and_accepted",
            result=result(label),
        )
        fixed(house, author=author, label="B", by=house.reviewer2)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).json()["count"] >= 1
        counts.append(len(queries))

    assert len(set(counts)) == 1
