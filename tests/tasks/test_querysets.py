"""Who sees what: one table, for every kind of row."""

from dataclasses import dataclass

import pytest

from reviews import comments
from reviews.models import Comment, Review
from tasks.models import Annotation, Draft, History, Membership, Prediction, Project, Task
from tasks.services import annotations, assignments, drafts, members, projects
from tasks.services import tasks as task_service
from tests import factories
from users.models import User

EVERYONE = ("lead", "reviewer", "annotator", "annotator2", "stranger", "admin")


@dataclass
class Things:
    """Things with names, so that the table below reads. In `house`: tasks one (given to annotator), two,
    three.

    `mine` is annotator's work on one, reviewed and commented; `theirs` annotator2's on two; `hidden` a
    converted draft of annotator2's on three; `sketch` a draft of annotator's. `far` is a whole project of
    somebody else's.
    """

    names: dict[type, dict[int, str]]

    def seen_by(self, user: User) -> dict[str, set[str]]:
        fresh = User.objects.get(pk=user.pk)
        return {
            model.__name__: {names[pk] for pk in model.objects.visible_to(fresh).values_list("pk", flat=True)}
            for model, names in self.names.items()
        }


@pytest.fixture
def things(house) -> Things:
    two, three = factories.task(house.project), factories.task(house.project)
    theirs, hidden = (
        factories.annotation(two, house.annotator2),
        factories.annotation(three, house.annotator2),
    )
    of_hidden = reviewed_and_commented(hidden, house)
    annotations.edit(hidden.pk, {"result": factories.result("B")}, actor=house.reviewer)
    annotations.convert_to_draft(hidden.pk, actor=house.annotator2)
    of_mine, of_theirs = (
        reviewed_and_commented(house.annotation, house),
        reviewed_and_commented(theirs, house),
    )
    sketch = drafts.save(two, actor=house.annotator, result=factories.result("B"))
    said = comments.create_on_draft(two, "Not sure", actor=house.annotator, draft_id=sketch.pk)
    predicted = [
        task_service.save_prediction(task, actor=house.lead, result=[]) for task in (house.task, two)
    ]
    far = factories.project()
    far_work = factories.annotation(factories.task(far), far.created_by)
    far_said = comments.create(far_work, "Far away", actor=far.created_by)
    far_sketch = drafts.save(far_work.task, actor=far.created_by)
    work = {house.annotation.pk: "mine", theirs.pk: "theirs", hidden.pk: "hidden", far_work.pk: "far"}
    return Things(
        {
            Project: {house.project.pk: "house", far.pk: "far"},
            Membership: {
                m.pk: "house" if m.project == house.project else "far" for m in Membership.objects.all()
            },
            Task: {house.task.pk: "one", two.pk: "two", three.pk: "three", far_work.task_id: "far"},
            Annotation: work,
            History: {row.pk: work[row.annotation_id] for row in History.objects.all()},
            Draft: {sketch.pk: "sketch", far_sketch.pk: "far"},
            Prediction: {predicted[0].pk: "one", predicted[1].pk: "two"},
            Review: {of_mine[0].pk: "mine", of_theirs[0].pk: "theirs", of_hidden[0].pk: "hidden"},
            Comment: {
                of_mine[1].pk: "mine",
                of_theirs[1].pk: "theirs",
                of_hidden[1].pk: "hidden",
                said.pk: "sketch",
                far_said.pk: "far",
            },
        }
    )


def reviewed_and_commented(work: Annotation, house) -> tuple[Review, Comment]:
    review = factories.reviewed(work, house.reviewer, "rejected").review
    return review, comments.create(work, "Look again", actor=house.reviewer)


def table(
    projects: str, tasks: str, work: str, reviews: str, comments: str, drafts: str = "", predictions: str = ""
) -> dict[str, set[str]]:
    cells = {
        "Project": projects,
        "Membership": projects,
        "Task": tasks,
        "Annotation": work,
        "History": work,
        "Draft": drafts,
        "Prediction": predictions,
        "Review": reviews,
        "Comment": comments,
    }
    return {name: set(cell.split()) for name, cell in cells.items()}


NOTHING = table("", "", "", "", "")
REVIEWERS = table(
    "house", "one two three", "mine theirs", "mine theirs", "mine theirs", predictions="one two"
)
EVERY_TASK_IS_OPEN = {
    "admin": table(
        "house far",
        "one two three far",
        "mine theirs hidden far",
        "mine theirs hidden",
        "mine theirs hidden far",
        predictions="one two",
    ),
    "lead": table(
        "house",
        "one two three",
        "mine theirs hidden",
        "mine theirs hidden",
        "mine theirs hidden",
        predictions="one two",
    ),
    "reviewer": REVIEWERS,
    "annotator": table(
        "house", "one two three", "mine", "mine", "mine sketch", drafts="sketch", predictions="one two"
    ),
    "annotator2": table(
        "house", "one two three", "theirs hidden", "theirs hidden", "theirs hidden", predictions="one two"
    ),
    "stranger": NOTHING,
}
ASSIGNED_ONLY = EVERY_TASK_IS_OPEN | {
    "annotator": table("house", "one", "mine", "mine", "mine sketch", drafts="sketch", predictions="one"),
    "annotator2": table(
        "house", "two three", "theirs hidden", "theirs hidden", "theirs hidden", predictions="two"
    ),
}


@pytest.mark.parametrize("who", EVERYONE)
def test_who_sees_what_where_every_task_is_open(house, things, who):
    assert things.seen_by(getattr(house, who)) == EVERY_TASK_IS_OPEN[who]


@pytest.mark.parametrize("who", EVERYONE)
def test_who_sees_what_where_tasks_are_assigned(house, things, who):
    projects.update(house.project, {"label_stream_task_distribution": "assigned_only"}, actor=house.lead)

    assert things.seen_by(getattr(house, who)) == ASSIGNED_ONLY[who]


def test_an_assigned_task_is_seen(house, things):
    projects.update(house.project, {"label_stream_task_distribution": "assigned_only"}, actor=house.lead)
    two = Task.objects.get(inner_id=2, project=house.project)
    assignments.assign([two], [house.annotator], "AN")

    assert things.seen_by(house.annotator)["Task"] == {"one", "two"}


@pytest.mark.parametrize("who", ["lead", "reviewer", "annotator", "annotator2"])
def test_who_left_sees_nothing(house, things, who):
    user = getattr(house, who)
    members.set_role(house.project, house.reviewer2, "MA")
    members.remove(house.membership(user))

    assert things.seen_by(user) == NOTHING


@pytest.mark.parametrize("who", EVERYONE)
def test_who_is_inactive_sees_nothing(house, things, who):
    User.objects.update(is_active=False)

    assert things.seen_by(getattr(house, who)) == NOTHING


@pytest.mark.parametrize("who", EVERYONE)
def test_nothing_of_a_deleted_project_is_seen(house, things, who):
    projects.delete(house.project, actor=house.lead)

    seen = set().union(*things.seen_by(getattr(house, who)).values())

    assert seen == ({"far"} if who == "admin" else set())


@pytest.mark.parametrize("who", EVERYONE)
def test_nothing_of_deleted_tasks_is_seen(house, things, who):
    ids = list(Task.objects.filter(project=house.project).values_list("pk", flat=True))
    task_service.delete_many(house.project, ids, actor=house.lead)

    seen = things.seen_by(getattr(house, who))
    del seen["Project"], seen["Membership"]

    assert set().union(*seen.values()) == ({"far"} if who == "admin" else set())


@pytest.mark.parametrize("who", EVERYONE)
def test_nothing_of_a_deleted_annotation_is_seen_but_its_history_by_managers(house, things, who):
    before = set(History.objects.filter(annotation=house.annotation))
    annotations.delete(house.annotation.pk, actor=house.lead)
    reader = getattr(house, who)

    for model in (Review, Comment):
        assert not model.objects.visible_to(reader).filter(annotation=house.annotation).exists()
    assert not Annotation.objects.visible_to(reader).filter(pk=house.annotation.pk).exists()
    assert before <= set(History.objects.visible_to(reader)) or who not in ("lead", "admin")
