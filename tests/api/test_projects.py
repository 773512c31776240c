"""Projects, their settings and members over REST."""

import pytest

from api.serializers.label_studio_defaults import LABEL_STUDIO_DEFAULTS
from tasks.models import Membership, ProjectChange
from tests.factories import CHOICES, annotation, client_of, person, reviewed, task


def test_creator_is_manager_of_the_new_project(house):
    answer = client_of(house.lead).post("/api/projects/", {"title": "Letters", "label_config": CHOICES})

    assert answer.status_code == 201
    body = answer.json()
    assert body["review_settings"]["default_reject_action"] == "requeue"
    assert body["review_settings"]["allowed_reject_actions"] == ["remove", "requeue"]
    assert body["parsed_label_config"]["letter"]["labels"] == ["A", "B", "C"]
    assert Membership.objects.get(project=body["id"]).role == "MA"


@pytest.mark.parametrize(("title", "found"), [("LETTER", ["Letters"]), ("poems", []), ("", ["Letters"])])
def test_projects_are_found_by_their_title(house, title, found):
    client = client_of(house.lead)

    answers = [
        client.get(f"/api/projects/{more}", {"title": title}).json()["results"] for more in ("", "counts/")
    ]

    assert [project["title"] for project in answers[0]] == found
    assert [len(answer) for answer in answers] == [len(found)] * 2


@pytest.mark.parametrize(
    ("ids", "status"), [("{project},7", 200), ("9" * 30, 200), ("x", 400), ("9" * 5000, 400)]
)
def test_projects_are_found_by_their_ids(house, ids, status):
    asked = ids.format(project=house.project.pk)

    answer = client_of(house.lead).get("/api/projects/", {"ids": asked})

    assert answer.status_code == status
    assert status == 400 or len(answer.json()["results"]) == asked.startswith(f"{house.project.pk},")


def test_creating_a_project_needs_the_site_flag(house):
    answer = client_of(house.reviewer).post("/api/projects/", {"title": "Letters", "label_config": CHOICES})

    assert (answer.status_code, answer.json()["code"]) == (403, "may_not_create_projects")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": "ab"}, "title"),
        ({"label_config": "<View"}, "label_config"),
        ({"label_config": '<!DOCTYPE x [<!ENTITY a "b">]><View/>'}, "label_config"),
        ({"maximum_annotations": 0}, "maximum_annotations"),
        ({"color": "red"}, "color"),
        ({"color": "#12345"}, "color"),
        ({"color": "#FFFFFF\n#"}, "color"),
        ({"review_settings": {"default_reject_action": "redistribute"}}, "default_reject_action"),
        ({"review_settings": {"allowed_reject_actions": []}}, "review_settings"),
        ({"review_settings": {"max_rounds": 0}}, "review_settings"),
        ({"review_settings": {"sampling": "by_weather"}}, "review_settings"),
        ({"review_settings": {"review_task_limit_percent": 120}}, "review_settings"),
        ({"review_settings": {"reject_reasons": [{"code": "x"}]}}, "reject_reasons"),
    ],
)
def test_wrong_setting_is_400_and_changes_nothing(house, body, field):
    answer = client_of(house.lead).patch(f"/api/projects/{house.project.pk}/", body)

    assert answer.status_code == 400
    assert list(answer.json()["validation_errors"]) == [field]
    assert not ProjectChange.objects.exists()


def test_project_says_what_label_studio_says_of_every_project_and_cannot_be_told_otherwise(house):
    url = f"/api/projects/{house.project.pk}/"

    answer = client_of(house.lead).patch(
        url, {"show_skip_button": False, "sampling": "Uniform sampling", "color": "#00ff7F"}
    )

    assert answer.status_code == 200
    body = client_of(house.lead).get(url).json()
    assert {name: body[name] for name in LABEL_STUDIO_DEFAULTS} == LABEL_STUDIO_DEFAULTS
    assert body["color"] == "#00ff7F"


def test_rounds_are_capped_and_the_cap_is_lifted(house):
    client, path = client_of(house.lead), f"/api/projects/{house.project.pk}/"
    capped = client.patch(path, {"review_settings": {"max_rounds": 3}}).json()
    lifted = client.patch(path, {"review_settings": {"max_rounds": None}}, format="json").json()

    assert (capped["review_settings"]["max_rounds"], lifted["review_settings"]["max_rounds"]) == (3, None)


def test_changed_setting_is_written_down(house):
    body = {
        "review_settings": {
            "require_comment_on_reject": True,
            "reject_reasons": [{"code": "wide", "text": "Too wide"}],
        }
    }

    answer = client_of(house.lead).patch(f"/api/projects/{house.project.pk}/", body).json()

    assert answer["require_review_comment_on_reject"] is True
    assert answer["review_settings"]["require_comment_on_reject"] is True
    changes = ProjectChange.objects.values_list("setting", "old", "changed_by")
    assert sorted(changes) == [
        ("reject_reasons", [], house.lead.pk),
        ("require_review_comment_on_reject", False, house.lead.pk),
    ]


def test_reviewer_may_not_change_settings(house):
    assert (
        client_of(house.reviewer)
        .patch(f"/api/projects/{house.project.pk}/", {"title": "Mine now"})
        .status_code
        == 403
    )


def test_changed_criteria_are_applied_to_every_task(house):
    other = annotation(house.task, house.annotator2)
    reviewed(other, house.reviewer)

    client_of(house.lead).patch(
        f"/api/projects/{house.project.pk}/", {"review_settings": {"review_criteria": "all"}}
    )

    house.task.refresh_from_db()
    assert house.task.reviewed is False


def test_totals_are_right_as_soon_as_the_change_has_answered(house):
    client = client_of(house.lead)
    client_of(house.reviewer).post(f"/api/annotations/{house.annotation.pk}/accept/")
    task(house.project)

    body = client.get(f"/api/projects/{house.project.pk}/").json()

    numbers = (
        "task_number",
        "finished_task_number",
        "total_annotations_number",
        "reviewed_number",
        "reviews_accepted_number",
    )
    assert [body[name] for name in numbers] == [2, 1, 1, 1, 1]


def test_manager_gives_roles_by_id_and_by_email(house):
    newcomer = person("newcomer")
    client = client_of(house.lead)

    unknown = client.post(
        "/api/projects/roles/", {"project": house.project.pk, "user": newcomer.pk, "role": "RE"}
    )
    by_email = client.post(
        "/api/projects/roles/", {"project": house.project.pk, "email": newcomer.email, "role": "RE"}
    )
    promoted = client.post(
        "/api/projects/roles/", {"project": house.project.pk, "user": house.annotator.pk, "role": "RE"}
    )

    assert (unknown.status_code, unknown.json()["code"]) == (400, "unknown_person")
    assert (by_email.status_code, promoted.status_code) == (201, 201)
    assert client_of(newcomer).get(f"/api/projects/{house.project.pk}/roles").status_code == 200


def test_removed_member_loses_sight_but_keeps_work(house):
    client = client_of(house.lead)
    membership = house.membership(house.annotator)

    assert client.delete(f"/api/projects/roles/{membership.pk}/").status_code == 204
    assert client_of(house.annotator).get(f"/api/projects/{house.project.pk}/").status_code == 404
    assert client.get(f"/api/annotations/{house.annotation.pk}/").json()["completed_by"] == house.annotator.pk


def test_deleted_project_is_gone_for_everybody(house):
    assert client_of(house.lead).delete(f"/api/projects/{house.project.pk}/").status_code == 204

    client = client_of(house.admin)
    for url in (
        f"/api/projects/{house.project.pk}/",
        f"/api/tasks/{house.task.pk}/",
        f"/api/annotations/{house.annotation.pk}/",
    ):
        assert client.get(url).status_code == 404
    listed = client.get(f"/api/tasks/?project={house.project.pk}").json()
    assert listed == {"tasks": [], "total": 0, "total_annotations": 0, "total_predictions": 0}


def test_all_tasks_of_a_project_are_deleted(house):
    assert client_of(house.lead).delete(f"/api/projects/{house.project.pk}/tasks/").status_code == 204
    assert client_of(house.lead).get(f"/api/tasks/?project={house.project.pk}").json()["total"] == 0


def test_last_manager_cannot_leave_or_step_down(house):
    client = client_of(house.lead)
    membership = house.membership(house.lead)

    answers = [
        client.delete(f"/api/projects/roles/{membership.pk}/"),
        client.post(
            "/api/projects/roles/", {"project": house.project.pk, "user": house.lead.pk, "role": "AN"}
        ),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(400, "last_manager")] * 2
    client.post(
        "/api/projects/roles/", {"project": house.project.pk, "user": house.reviewer.pk, "role": "MA"}
    )
    assert client.delete(f"/api/projects/roles/{membership.pk}/").status_code == 204


def at(house, path: str) -> str:
    return f"/api/projects/{house.project.pk}/{path}"


def test_counts_and_roles_of_the_projects_one_sees(house):
    assert client_of(house.annotator).get("/api/projects/counts/").json()["results"][0]["task_number"] == 1
    assert len(client_of(house.annotator).get("/api/projects/roles/").json()) == 5
    assert client_of(house.stranger).get("/api/projects/roles/").json() == []


def test_a_label_configuration_is_checked(house):
    client = client_of(house.lead)

    assert client.post(at(house, "validate"), {"label_config": CHOICES}).json()["label_config"] == CHOICES
    assert client.post(at(house, "validate"), {"label_config": "<View>"}).status_code == 400


def test_a_task_is_made_under_its_project(house):
    answer = client_of(house.lead).post(at(house, "tasks"), {"data": {"text": "new"}})

    assert answer.status_code == 201
    assert answer.json()["project"] == house.project.pk
