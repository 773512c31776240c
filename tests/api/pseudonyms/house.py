"""A house whose ids, names and e-mails can be found anywhere in an answer, and a search for them."""

import json
import re

from django.db import connection

from reviews import comments
from tasks.choices import AssignmentType
from tasks.models import Annotation, Project
from tasks.services import assignments, drafts, members, projects, tabs
from tasks.services import tasks as task_service
from tests.factories import House, annotation, build_house, client_of, result, reviewed, task
from users.capabilities import Role
from users.models import User

REAL_ID = re.compile(r"(?<!\d)7700\d{4}(?!\d)")
REAL_NAME = re.compile(r"[\w.+-]+@example\.org|Quill\w+")
UNKNOWN = 77_999_999  # nobody's id


def anonymous_house() -> House:
    """Everybody has annotated, reviewed, commented or been given something.

    The reviewer may enter the admin.
    """
    with connection.cursor() as cursor:
        # Never back: a sequence outlives the test, and so do the ids of `made_house`.
        cursor.execute("SELECT setval('users_user_id_seq', greatest(77000000, nextval('users_user_id_seq')))")
    house = build_house()
    User.objects.update(last_name="Quillfeather", phone="Quillphone")
    User.objects.filter(pk=house.reviewer.pk).update(is_staff=True, last_name="Self", phone="")
    fill(house)
    projects.update(house.project, {"anonymize_annotations": True}, actor=house.lead)
    for one in vars(house).values():
        if isinstance(one, User | Project):
            one.refresh_from_db()
            vars(one).pop("_roles_by_project", None)
    return house


def fill(house) -> None:
    second = task(house.project, text="Another")
    house.of_lead = annotation(second, house.lead, "B")
    house.of_reviewer2 = annotation(second, house.reviewer2)
    house.own = annotation(second, house.reviewer)
    house.waiting = annotation(task(house.project, text="Waits"), house.annotator2)
    assignments.assign([house.task, second], [house.annotator2, house.reviewer2], AssignmentType.ANNOTATOR)
    assignments.assign([house.task], [house.reviewer2, house.reviewer], AssignmentType.REVIEWER)
    house.fix = reviewed(house.annotation, house.reviewer2, "fixed_and_accepted", comment="Too wide").review
    house.own_verdict = reviewed(house.of_lead, house.reviewer, "rejected", comment="No").review
    for actor in (house.annotator, house.lead, house.reviewer):
        house.comment = comments.create(house.annotation, "Look again", actor=actor)
    house.draft = drafts.save(house.task, actor=house.reviewer, result=result())
    house.prediction = task_service.save_prediction(house.task, actor=house.lead, result=result(), score=0.5)
    house.tab = tabs.create(house.project, actor=house.lead, data=by_people(house.annotator.pk))


def by_people(*people: int) -> dict:
    items = [
        {"filter": f"filter:tasks:{name}", "operator": "contains", "type": "List", "value": value}
        for name in ("annotators", "reviewers", "updated_by")
        for value in (people[0], list(people))
    ]
    return {"filters": {"conjunction": "or", "items": items}, "ordering": ["-tasks:annotators"]}


def people_named(answer, reader: User) -> set[str]:
    """Everybody but the reader whom the answer names, by id, e-mail or name."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = body.decode()
    return {*REAL_ID.findall(text), *REAL_NAME.findall(text)} - {str(reader.pk), reader.email}


def second_project(house, **settings) -> Annotation:
    """The same two in another project of the lead; the annotation made there."""
    made = projects.create(actor=house.lead, title="Second", **({"anonymize_annotations": True} | settings))
    members.set_role(made, house.reviewer, Role.REVIEWER)
    members.set_role(made, house.annotator, Role.ANNOTATOR)
    return annotation(task(made), house.annotator)


def pseudonym_told(house, user: User) -> int:
    """As the reviewer is told it: by the assignments, the annotators or the members of the house."""
    client = client_of(house.reviewer)
    rows = client.get(f"/api/projects/{house.project.pk}/roles/").json()
    membership = house.membership(user).pk
    return next(row["user"] for row in rows if row["id"] == membership)


def rows_of(client, house, query) -> list[int]:
    answer = client.get("/api/tasks/", {"project": house.project.pk, "query": json.dumps(query)})
    return [row["id"] for row in answer.json()["tasks"]]
