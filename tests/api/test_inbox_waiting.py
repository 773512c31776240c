"""What waits on whom in the projects of a lead."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.service import AnnotationReviewService
from tasks.models import Task
from tasks.services import assignments, members, stream
from tests.factories import annotation, client_of, project, reviewed, task


def asked(user, path: str) -> tuple[dict, int]:
    """The answer, and how many queries it took."""
    client = client_of(user)
    with CaptureQueriesContext(connection) as queries:
        body = client.get(path).json()
    return body, len(queries)


def waiting(user, query: str = "") -> list[tuple]:
    rows = asked(user, f"/api/inbox/waiting/{query}")[0]["results"]
    return [(row["user"] and row["user"]["id"], row["kind"], row["count"]) for row in rows]


def test_a_lead_sees_what_waits_on_whom_longest_first(house):
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue")
    given, drawn = task(house.project, text="Given"), task(house.project, text="Drawn")
    assignments.assign([given], [house.annotator], "AN")
    stream.draw(house.project, Task.objects.filter(pk=drawn.pk), house.annotator2)
    contested = annotation(task(house.project, text="Contested"), house.annotator)
    reviewed(contested, house.reviewer, "rejected", reject_action="remove")
    AnnotationReviewService(house.annotator).contest(contested, reason="No")
    annotation(task(house.project, text="Fresh"), house.annotator)

    assert sorted(waiting(house.lead), key=str) == sorted(
        [
            (house.annotator.pk, "returned", 1),
            (house.annotator.pk, "assigned", 1),
            (house.annotator2.pk, "labelling", 1),
            (None, "disputes", 1),
            (None, "to_review", 1),
        ],
        key=str,
    )
    since = [row["since"] for row in asked(house.lead, "/api/inbox/waiting/")[0]["results"]]
    assert since == sorted(since)


def test_an_item_under_review_waits_on_who_holds_it(house):
    client_of(house.reviewer).get(f"/api/projects/{house.project.pk}/review-queue/next/")
    assert (house.reviewer.pk, "reviewing", 1) in waiting(house.lead)


def test_others_than_leads_see_nothing_of_it(house):
    assert waiting(house.reviewer) == waiting(house.stranger) == []
    path = f"/api/inbox/waiting/?project={house.project.pk}"
    assert [client_of(who).get(path).status_code for who in (house.reviewer, house.stranger, house.lead)] == [
        403,
        404,
        200,
    ]


def test_waiting_costs_the_same_for_one_row_and_for_three(house):
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue")
    _, once = asked(house.lead, "/api/inbox/waiting/")
    for number in (2, 3):
        more = project(lead=house.lead, title=f"Project {number}")
        for person, role in ((house.annotator, "AN"), (house.reviewer, "RE")):
            members.set_role(more, person, role)
        reviewed(annotation(task(more), house.annotator), house.reviewer, "rejected", reject_action="requeue")

    body, three_times = asked(house.lead, "/api/inbox/waiting/")

    assert (body["count"], three_times) == (3, once)
