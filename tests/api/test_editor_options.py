"""What a front end learns before it starts the editor: the same question, another answer for each role."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.models import Membership
from tests.factories import annotation, client_of, member, reviewed, task
from users.capabilities import Role


def asked(house, user, **query):
    return client_of(user).get(f"/api/projects/{house.project.pk}/editor-options/", query)


@pytest.fixture
def settings_of(house):
    def change(**fields):
        for name, value in fields.items():
            setattr(house.project, name, value)
        house.project.save()

    return change


def test_reviewer_gets_the_review_screen(house):
    body = asked(house, house.reviewer).json()

    assert body["screen"] == "review"
    assert {"review", "topbar", "annotations:comments", "annotations:history"} <= set(body["interfaces"])
    assert not {"submit", "update", "skip", "comments:reject"} & set(body["interfaces"])
    assert body["label_config"] == house.project.label_config
    assert (body["require_comment_on_reject"], body["default_reject_action"]) == (False, "requeue")
    assert [button["name"] for button in body["reject_buttons"]] == ["requeue", "remove"]
    assert body["user"]["email"] == "reviewer@example.org"


def test_annotator_gets_the_labelling_screen_without_verdicts(house):
    body = asked(house, house.annotator).json()

    assert body["screen"] == "annotate"
    assert {"submit", "update", "skip"} <= set(body["interfaces"])
    assert "review" not in body["interfaces"]
    assert (body["reject_buttons"], body["reject_reasons"]) == ([], [])


def test_reviewer_may_ask_for_the_labelling_screen(house):
    assert "submit" in asked(house, house.reviewer, screen="annotate").json()["interfaces"]


def test_a_mandatory_comment_is_an_interface_and_a_flag(house, settings_of):
    settings_of(require_review_comment_on_reject=True)
    body = asked(house, house.reviewer).json()
    assert body["require_comment_on_reject"] is True
    assert "comments:reject" in body["interfaces"]


@pytest.mark.parametrize(
    ("distribution", "names"),
    [("auto_distribution", ["redistribute", "remove"]), ("assigned_only", ["remove"])],
)
def test_reject_buttons_are_the_outcomes_one_may_choose_default_first(
    house, settings_of, distribution, names
):
    settings_of(
        allowed_reject_actions=["remove", "redistribute"],
        default_reject_action="redistribute",
        label_stream_task_distribution=distribution,
    )
    buttons = asked(house, house.reviewer).json()["reject_buttons"]
    assert [button["name"] for button in buttons] == names
    assert buttons[-1] == {
        "name": "remove",
        "title": "Reject: remove",
        "tooltip": "Rejected, and not sent back",
        "variant": "negative",
        "look": "outlined",
    }


def test_users_are_the_people_of_the_project_and_whoever_left_work_in_it(house):
    reviewed(house.annotation, house.reviewer2)
    Membership.objects.filter(user__in=[house.annotator, house.reviewer2]).delete()

    emails = {user["email"] for user in asked(house, house.reviewer).json()["users"]}

    everybody = (house.lead, house.reviewer, house.reviewer2, house.annotator, house.annotator2)
    assert emails == {someone.email for someone in everybody}


@pytest.mark.parametrize(
    ("who", "query", "status", "code"),
    [
        ("stranger", {}, 404, "not_found"),
        ("annotator", {"screen": "review"}, 403, "permission_denied"),
        ("reviewer", {"screen": "paint"}, 400, "unknown_screen"),
    ],
)
def test_options_are_refused_with_a_reason(house, who, query, status, code):
    answer = asked(house, getattr(house, who), **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_project_without_reviews_has_no_review_screen(house, settings_of):
    settings_of(enable_review_workflow=False)
    assert asked(house, house.reviewer).json()["screen"] == "annotate"
    assert asked(house, house.reviewer, screen="review").json()["code"] == "workflow_disabled"


def test_options_take_as_many_queries_for_three_people_as_for_one(house):
    client = client_of(house.reviewer)
    path = f"/api/projects/{house.project.pk}/editor-options/"
    client.get(path)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    before = queries()
    for name in ("ada", "ben", "cyd"):
        annotation(task(house.project), member(house.project, Role.ANNOTATOR, name))
    assert queries() == before
