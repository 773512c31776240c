"""A second annotation by the same person fills no slot, whichever way it came."""

import io
import json

import pytest
from django.core.management import call_command

from exchange.importing.importer import import_file
from tasks.models import Annotation, Task
from tasks.services import annotations, projects, stream
from tests.factories import annotation, client_of, result, reviewed, task
from users import merging
from users.models import User


@pytest.fixture
def wide(house) -> Task:
    """A task that three people should annotate."""
    settings = {"maximum_annotations": 3, "allowed_reject_actions": ["requeue", "redistribute"]}
    house.project = projects.update(house.project, settings, actor=house.lead)
    return task(house.project)


def is_labeled(of: Task) -> bool:
    call_command("recount", check=True, verbosity=0)  # raises if it counts otherwise
    return Task.objects.get(pk=of.pk).is_labeled


def drawn(house, who: User) -> int | None:
    open_tasks = Task.objects.visible_to(who).filter(project=house.project).order_by("-id")
    found = stream.draw(house.project, open_tasks, who)
    return found and found.task_id


def test_three_annotations_by_one_person_do_not_finish_a_task_for_three(house, wide):
    for _ in range(3):
        answer = client_of(house.annotator).post(
            f"/api/tasks/{wide.pk}/annotations/", {"result": result()}, format="json"
        )
        assert answer.status_code == 201

    body = client_of(house.lead).get(f"/api/tasks/{wide.pk}/").json()
    assert (body["is_labeled"], body["total_annotations"], body["annotators_count"]) == (False, 3, 1)
    assert not is_labeled(wide)
    assert drawn(house, house.annotator2) == wide.pk
    assert drawn(house, house.reviewer) == wide.pk

    annotation(wide, house.annotator2)
    annotation(wide, house.reviewer)
    assert is_labeled(wide)


def test_the_last_one_of_a_person_frees_the_slot(house, wide):
    for who in (house.annotator, house.annotator2, house.reviewer):
        annotation(wide, who)
    second = annotation(wide, house.annotator)

    annotations.delete(second.pk, actor=house.lead)
    assert is_labeled(wide)
    first = Annotation.objects.get(task=wide, completed_by=house.annotator, deleted_at=None)
    annotations.delete(first.pk, actor=house.lead)
    assert not is_labeled(wide)


def test_redistributing_one_of_two_keeps_the_slot(house, wide):
    """A decision counts in another statement than an edit does."""
    for who in (house.annotator, house.annotator2, house.reviewer):
        annotation(wide, who)
    second = annotation(wide, house.annotator)

    reviewed(second, house.lead, "rejected", reject_action="redistribute")

    assert is_labeled(wide)


def test_imported_annotations_of_one_author_fill_one_slot(house, wide):
    work = {"result": result(), "completed_by": "somebody@example.org"}
    file = json.dumps([{"data": {"text": "T"}, "annotations": [work, work, work]}])

    import_file(house.project, io.BytesIO(file.encode()), actor=house.lead)

    assert not is_labeled(Task.objects.latest("pk"))


def test_merging_two_authors_of_a_task_unfinishes_it(house, wide):
    works = [{"result": result(), "completed_by": f"{name}@example.org"} for name in ("x", "y")]
    file = json.dumps([{"data": {"text": "T"}, "annotations": works}])
    import_file(house.project, io.BytesIO(file.encode()), actor=house.lead)
    both = Task.objects.latest("pk")
    annotation(both, house.annotator)
    assert is_labeled(both)

    merging.merge(User.objects.filter(is_placeholder=True).first(), house.annotator, actor=house.admin)

    assert not is_labeled(both)


def test_giving_an_annotation_to_somebody_who_has_one_unfinishes_the_task(house, wide):
    for who in (house.annotator, house.annotator2, house.reviewer):
        annotation(wide, who)
    theirs = Annotation.objects.get(task=wide, completed_by=house.annotator2)

    annotations.edit(theirs.pk, {"completed_by": house.annotator}, actor=house.lead)

    assert not is_labeled(wide)
