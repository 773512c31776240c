""" "This placeholder is …": POST /api/users/{id}/merge/."""

import io
import json

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exchange.importing.importer import import_file
from reviews import comments
from reviews.models import QueueEntry
from tasks.choices import AssignmentType
from tasks.models import Annotation, Assignment, Task, TaskAnnotator
from tasks.services import annotations
from tests.factories import client_of, person, project, result, reviewed
from users import merging
from users.models import User

TASKS = [
    {"data": {"text": str(n)}, "annotations": [{"result": result(), "completed_by": 4}]} for n in range(2)
]


def bring(into) -> None:
    import_file(into, io.BytesIO(json.dumps(TASKS).encode()), actor=into.created_by)


@pytest.fixture
def placeholder(house) -> User:
    """Who made two annotations before they were brought here."""
    bring(house.project)
    return User.objects.get(is_placeholder=True)


def merge(house, placeholder: User, into: User, by: User | None = None):
    return client_of(by or house.lead).post(f"/api/users/{placeholder.pk}/merge/", {"into": into.pk})


def test_work_of_the_placeholder_becomes_the_persons(house, placeholder):
    Assignment.objects.create(task=Task.objects.latest("pk"), user=placeholder, type=AssignmentType.ANNOTATOR)
    before = Annotation.objects.latest("pk").annotation_seq

    answer = merge(house, placeholder, house.annotator2)

    assert answer.status_code == 200
    assert answer.json() == {"annotations": 2, "comments": 0, "self_review_count": 0, "self_reviews": []}
    moved = Annotation.objects.filter(completed_by=house.annotator2)
    assert moved.count() == 2
    assert not Annotation.objects.filter(completed_by=placeholder).exists()
    assert {a.annotation_seq for a in moved} == {before + 1}
    assert TaskAnnotator.objects.filter(user=house.annotator2).count() == 2
    assert Assignment.objects.get().user == house.annotator2


def test_verdicts_that_became_self_reviews_are_named_and_stand(house, placeholder):
    first, second = Annotation.objects.filter(completed_by=placeholder).order_by("pk")
    own = reviewed(first, house.reviewer).review
    reviewed(second, house.reviewer2)

    body = merge(house, placeholder, house.reviewer).json()

    named = {"id": own.pk, "annotation": first.pk, "task": first.task_id, "project": house.project.pk}
    assert (body["self_review_count"], body["self_reviews"]) == (1, [named])
    first.refresh_from_db()
    assert first.last_action == "accepted"


def test_person_may_not_review_what_turned_out_to_be_theirs(house, placeholder):
    mine = Annotation.objects.filter(completed_by=placeholder).latest("pk")
    merge(house, placeholder, house.reviewer)

    answer = client_of(house.reviewer).post(f"/api/annotations/{mine.pk}/accept/", {})

    assert (answer.status_code, answer.json()["code"]) == (403, "own_annotation")


def test_accepting_own_rewrite_of_merged_work_is_a_fix_of_what_the_placeholder_wrote(house, placeholder):
    """The history goes on naming the placeholder, who is the author of nothing any more."""
    work = Annotation.objects.filter(completed_by=placeholder).latest("pk")
    merge(house, placeholder, house.annotator2)
    annotations.edit(work.pk, {"result": result("B")}, actor=house.reviewer)

    review = reviewed(work, house.reviewer).review

    assert (review.verdict, review.seen_version.author) == ("fixed_and_accepted", placeholder)


@pytest.mark.parametrize(
    ("who", "status"),
    [("lead", 200), ("admin", 200), ("reviewer", 403), ("annotator", 404), ("stranger", 404)],
)
def test_managers_say_who_it_is(house, placeholder, who, status):
    answer = merge(
        house, placeholder, house.annotator2 if status != 404 else house.annotator, by=getattr(house, who)
    )

    assert answer.status_code == status
    assert Annotation.objects.filter(completed_by=placeholder).count() == (0 if status == 200 else 2)


def test_manager_of_one_of_its_projects_is_not_enough(house, placeholder):
    elsewhere = project(lead=person("other-lead", may_create_projects=True))
    bring(elsewhere)
    Annotation.objects.filter(project=elsewhere).update(completed_by=placeholder)

    assert merge(house, placeholder, house.annotator2).status_code == 403
    assert merge(house, placeholder, house.annotator2, by=house.admin).status_code == 200


def test_people_are_not_merged(house, placeholder):
    answer = merge(house, house.annotator, house.annotator2)

    assert (answer.status_code, answer.json()["code"]) == (400, "not_a_placeholder")
    assert Annotation.objects.get(pk=house.annotation.pk).completed_by == house.annotator


def test_placeholder_is_merged_into_somebody_real(house, placeholder):
    answer = merge(house, placeholder, placeholder)

    assert (answer.status_code, answer.json()["code"]) == (400, "not_a_person")


def test_comments_come_along(house, placeholder):
    comment = comments.create(house.annotation, "From before", actor=house.reviewer)
    type(comment).objects.update(created_by=placeholder)

    assert merge(house, placeholder, house.annotator2).json()["comments"] == 1


def test_the_review_queue_knows_whose_work_it_is_now(house, placeholder):
    merge(house, placeholder, house.reviewer)

    entries = QueueEntry.objects.exclude(annotation=house.annotation)
    assert {(entry.completed_by_id, entry.written_by_id) for entry in entries} == {
        (house.reviewer.pk, house.reviewer.pk)
    }
    call_command("recount", check=True, verbosity=0)


def test_merging_costs_the_same_queries_however_many_annotations(house):
    asked = []
    for number in (1, 3):
        into = project(lead=house.lead)
        many = [TASKS[0] | {"data": {"text": str(n)}} for n in range(number)]
        import_file(into, io.BytesIO(json.dumps(many).encode()), actor=house.lead)
        found = User.objects.get(
            is_placeholder=True, pk__in=Annotation.objects.filter(project=into).values("completed_by")
        )
        with CaptureQueriesContext(connection) as queries:
            assert merging.merge(found, house.annotator2, actor=house.lead)["annotations"] == number
        asked.append(len(queries))

    assert asked[0] == asked[1]
