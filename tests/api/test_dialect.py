"""Answers that clients of Label Studio know: pinned projects, chosen fields, older lists, models, drafts."""

import csv
import io
import json

import pytest

from reviews import comments
from tasks.models import Prediction, Project, ProjectChange, Upload
from tasks.services import stream
from tests.factories import annotation, client_of, person, result, task
from tests.statements import statements_of


@pytest.fixture
def projects(house) -> str:
    return f"/api/projects/{house.project.pk}/"


# --- projects --------------------------------------------------------------------------------------


def test_project_without_a_title_is_numbered(house):
    client = client_of(house.lead)

    titles = [client.post("/api/projects/", {}).json()["title"] for _ in range(2)]

    assert titles == ["New Project #2", "New Project #3"]
    assert client.post("/api/projects/", {"title": ""}).status_code == 400


def test_pinned_projects_come_first_and_can_be_asked_for(house, projects):
    client = client_of(house.lead)
    newer = client.post("/api/projects/", {"title": "Newer"}).json()

    pinned = client.patch(projects, {"pinned_at": "2026-01-02T03:04:05Z"}).json()["pinned_at"]

    def listed(query: str = "") -> list[int]:
        return [one["id"] for one in client.get(f"/api/projects/?{query}").json()["results"]]

    old, new = house.project.pk, newer["id"]
    assert pinned == "2026-01-02T03:04:05.000000Z"
    assert listed() == listed("filter=all") == [old, new]
    assert (listed("filter=pinned_only"), listed("filter=exclude_pinned")) == ([old], [new])
    assert listed("ordering=-created_at") == [new, old]
    assert (listed("search=newer"), listed(f"ids={old},{new}&ordering=id")) == ([new], [old, new])
    assert client.get("/api/projects/?filter=pinned").status_code == 400


def test_only_the_included_fields_are_sent(house, projects):
    client = client_of(house.lead)

    assert client.get(f"{projects}?include=id").json() == {"id": house.project.pk}
    rows = client.get("/api/projects/?include=id,task_number").json()["results"]
    assert rows == [{"id": house.project.pk, "task_number": 1}]
    assert client.get(f"{projects}?include=id,state").json() == {
        "id": house.project.pk
    }  # Label Studio's page
    refused = client.get(f"{projects}?include=id,task_numbr").json()
    assert refused["validation_errors"]["include"] == [
        "There is no field 'task_numbr'. Did you mean 'task_number'?"
    ]


@pytest.mark.parametrize("more", ["", "&fields=all", "&query={}"])
def test_only_the_included_fields_of_tasks_are_sent(house, more):
    client, url = client_of(house.lead), f"/api/tasks/?project={house.project.pk}{more}"

    body = client.get(f"{url}&include=id,annotations_ids").json()

    assert body["tasks"] == [{"id": house.task.pk, "annotations_ids": str(house.annotation.pk)}]
    assert (body["total"], body["total_annotations"]) == (1, 1)
    assert client.get(f"{url}&include=idd").status_code == 400


DIRTY = """<p onclick="x()">Mark <b>all</b> cats</p><script>steal()</script><a href="javascript:x()">a</a>"""
CLEAN = "<p>Mark <b>all</b> cats</p><a>a</a>"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (DIRTY, CLEAN),
        ('<a href="#" onerror=alert(1)>', '<a href="#"></a>'),
        ('<iframe src="somepath"></iframe>', '<iframe src="somepath"></iframe>'),
        ('<iframe srcdoc="<script>x()</script>"></iframe>', "<iframe></iframe>"),
        ("<svg><script>x()</script></svg>", ""),
        ('<img src="data:text/html,x" alt="x">', '<img alt="x">'),
        ("R&D, 3 > 2", "R&D, 3 > 2"),
    ],
)
def test_instructions_lose_what_could_run(house, projects, sent, kept):
    client = client_of(house.lead)
    nested = {"expert_instruction": sent, "review_settings": {"instruction": sent}}

    bodies = [client.patch(projects, nested).json() for _ in range(2)]

    assert {body["expert_instruction"] for body in bodies} == {kept}
    assert {body["review_settings"]["instruction"] for body in bodies} == {kept}
    # Sent again it is no change.
    assert ProjectChange.objects.filter(setting="expert_instruction").count() == (1 if kept else 0)


def test_instructions_are_cleaned_whoever_writes_them(house):
    created = client_of(house.lead).post("/api/projects/", {"expert_instruction": DIRTY}).json()
    house.project.expert_instruction = DIRTY
    house.project.save()
    Project.objects.filter(pk=created["id"]).update(review_instruction=DIRTY)
    [copied] = Project.objects.bulk_create(
        [Project(created_by=house.lead, title="C", expert_instruction=DIRTY)]
    )

    house.project.refresh_from_db()
    copied.refresh_from_db()
    assert (created["expert_instruction"], house.project.expert_instruction) == (CLEAN, CLEAN)
    assert (Project.objects.get(pk=created["id"]).review_instruction, copied.expert_instruction) == (
        CLEAN,
        CLEAN,
    )


# --- tasks of a project ----------------------------------------------------------------------------


def test_tasks_of_a_project_are_plain_pages_newest_first(house, projects):
    newer = [task(house.project).pk for _ in range(2)][::-1]
    every, client = [*newer, house.task.pk], client_of(house.lead)

    def listed(query: str) -> tuple[list[int], bool]:
        answer = client.get(f"{projects}tasks?{query}")
        assert answer.status_code == 200, answer.json()
        return [row["id"] for row in answer.json()], "Link" in answer

    assert listed("") == listed("page_size=-1") == (every, False)
    assert listed("page_size=2") == listed("start=0&page_size=2") == (every[:2], True)
    assert listed("page=2&page_size=2") == listed("start=2&page_size=2") == (every[2:], False)
    answer = client.get(f"{projects}tasks?page=1&page_size=1")
    assert answer["Link"].endswith(f'{projects}tasks/?page_size=1&start=1>; rel="next"')
    assert client.get(f"{projects}tasks?start=240000&page_size=100000000").status_code == 404
    assert client.get(f"{projects}tasks?page_size=0").status_code == 400


def test_row_of_a_project_names_its_changer_by_id(house, projects):
    row = client_of(house.lead).get(f"{projects}tasks").json()[0]

    assert row["updated_by"] == house.annotator.pk
    assert [one["id"] for one in row["annotations"]] == [house.annotation.pk]
    assert (row["predictions"], row["drafts"]) == ([], [])


def test_tasks_of_a_project_take_the_same_statements_for_one_as_for_three(house, projects):
    client, url = client_of(house.reviewer), f"{projects}tasks"
    counts = [statements_of(client, url)]
    for author in (house.annotator, house.annotator2):
        annotation(task(house.project), author)

    assert counts == [statements_of(client, url)]


def test_tasks_of_a_project_are_those_one_sees(house, projects):
    others = task(house.project)
    annotation(others, house.annotator2)
    house.project.label_stream_task_distribution = "assigned_only"
    house.project.save()

    rows = client_of(house.annotator).get(f"{projects}tasks").json()

    assert [row["id"] for row in rows] == [house.task.pk]
    assert client_of(house.stranger).get(f"{projects}tasks").status_code == 404


@pytest.mark.parametrize("path", ["projects/", "projects/counts/", "tasks/", "annotations/"])
def test_page_size_of_minus_one_is_as_many_as_there_may_be(house, path):
    client = client_of(house.lead)

    assert client.get(f"/api/{path}?page_size=-1").json() == client.get(f"/api/{path}").json()
    assert client.get(f"/api/{path}?page_size=-2").status_code == 400
    assert client.get(f"/api/{path}?page_size=1_0").status_code == 400


# --- drafts and the label stream -------------------------------------------------------------------


def test_draft_names_its_author_by_email(house):
    client, url = client_of(house.annotator), f"/api/tasks/{house.task.pk}/drafts/"

    made = client.post(url, {"result": result("B"), "lead_time": 1.5}).json()

    read = [client.get(f"/api/drafts/{made['id']}/").json(), *client.get(url).json()]
    of_task = client.get(f"/api/tasks/{house.task.pk}/").json()["drafts"]
    assert [one["user"] for one in [made, *read, *of_task]] == [house.annotator.email] * 4


def test_history_of_the_stream_has_what_was_drawn_once(house, projects):
    client = client_of(house.annotator2)

    def history() -> list[dict]:
        return client.get(f"{projects}label-stream-history").json()

    fresh = task(house.project)
    before = history()
    drawn = [client.get(f"{projects}next").json()["id"] for _ in range(2)]
    held = history()
    made = client.post(f"/api/tasks/{fresh.pk}/annotations/", {"result": result("A")}).json()

    assert (before, drawn) == ([], [fresh.pk] * 2)
    assert held == [{"taskId": fresh.pk, "annotationId": None}]
    assert history() == [{"taskId": fresh.pk, "annotationId": made["id"]}]


def test_history_of_the_stream_keeps_to_its_length(house, projects, monkeypatch):
    monkeypatch.setattr(stream, "HISTORY_LENGTH", 1)
    latest = annotation(task(house.project), house.annotator)

    history = client_of(house.annotator).get(f"{projects}label-stream-history").json()

    assert history == [{"taskId": latest.task_id, "annotationId": latest.pk}]


# --- models ----------------------------------------------------------------------------------------


@pytest.fixture
def predicted(house) -> None:
    made = [(house.task, "m1"), (house.task, "m2"), (task(house.project), "m1")]
    for one, version in made:
        client_of(house.lead).post(
            "/api/predictions/",
            {"task": one.pk, "result": result("A"), "model_version": version, "score": 0.5},
        )


def test_models_are_counted(house, projects, predicted):
    client = client_of(house.lead)

    extended = client.get(f"{projects}model-versions?extended=true&include_live_models=true").json()

    assert client.get(f"{projects}model-versions").json() == {"m1": 2, "m2": 1}
    assert client.get(f"{projects}model-versions?limit=1").json() == {"m1": 2}
    assert [(one["model_version"], one["count"]) for one in extended["static"]] == [("m1", 2), ("m2", 1)]
    assert extended["live"] == []


def test_predictions_of_a_model_are_deleted(house, projects, predicted):
    client = client_of(house.lead)

    answer = client.delete(f"{projects}model-versions", {"model_version": "m1"})

    assert (answer.status_code, answer.json()) == (200, {"deleted_predictions": 2})
    assert list(Prediction.objects.values_list("model_version", flat=True)) == ["m2"]
    house.task.refresh_from_db()
    assert house.task.total_predictions == 1


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [("lead", {}, 400), ("lead", {"model_version": ""}, 400), ("reviewer", {"model_version": "m1"}, 403)],
)
def test_refused_deletion_of_a_model_changes_nothing(house, projects, predicted, who, body, status):
    answer = client_of(getattr(house, who)).delete(f"{projects}model-versions", body)

    assert (answer.status_code, Prediction.objects.count()) == (status, 3)


def test_annotators_are_not_told_of_models(house, projects):
    assert client_of(house.annotator).get(f"{projects}model-versions").status_code == 403


# --- logging out -----------------------------------------------------------------------------------


def test_logout_ends_the_token_of_the_login(client, db):
    someone = person("someone")
    someone.set_password("correct horse battery")
    someone.save()
    sent = {"email": someone.email, "password": "correct horse battery"}
    key = client.post("/api/auth/login/", sent, content_type="application/json").json()["token"]
    signed = {"headers": {"Authorization": f"Token {key}"}}

    answer = client.post("/api/auth/logout/", **signed)

    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get("/api/current-user/whoami/", **signed).status_code == 401


def test_logout_refuses_a_key_that_was_made_to_last(house):
    answer = client_of(house.lead).post("/api/auth/logout/")

    assert (answer.status_code, answer.json()["code"]) == (400, "not_a_login")
    assert client_of(house.lead).get("/api/current-user/whoami/").status_code == 200


def test_logout_ends_a_session(client, house):
    client.force_login(house.lead)

    assert client.post("/api/auth/logout/").status_code == 204
    assert client.get("/api/current-user/whoami/").status_code == 401


# --- copies, summaries, tables ---------------------------------------------------------------------


def test_a_copy_has_the_settings_and_what_was_asked_for(house, projects):
    client = client_of(house.lead)
    client.patch(projects, {"review_settings": {"review_criteria": "all"}, "maximum_annotations": 2})

    def copied(**body) -> Project:
        answer = client.post(f"{projects}duplicate/", {"title": "Copy", "workspace": 1, **body})
        assert answer.status_code == 201, answer.json()
        return Project.objects.get(pk=answer.json()["id"])

    plain = copied(mode="settings")
    full = copied(mode="settings,data", include_members=True, description="Again")

    assert (plain.review_criteria, plain.maximum_annotations, plain.label_config) == (
        "all",
        2,
        house.project.label_config,
    )
    assert (plain.tasks.count(), plain.memberships.count(), plain.description) == (
        0,
        1,
        house.project.description,
    )
    assert [one.data for one in full.tasks.all()] == [house.task.data]
    assert full.memberships.count() == house.project.memberships.count()
    assert (full.description, full.tasks.get().total_annotations) == ("Again", 0)
    assert full.review_sample_seed != house.project.review_sample_seed


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("lead", {"title": "C"}, 400),
        ("lead", {"title": "Copy", "mode": "everything"}, 400),
        ("reviewer", {"title": "Copy"}, 403),
        ("stranger", {"title": "Copy"}, 404),
    ],
)
def test_a_refused_copy_leaves_nothing(house, projects, who, body, status):
    before = Project.objects.count()

    assert client_of(getattr(house, who)).post(f"{projects}duplicate/", body).status_code == status
    assert Project.objects.count() == before


def test_uploaded_files_are_not_copied(house, projects):
    Upload.objects.create(project=house.project, name="a.png", size=1, created_by=house.lead)

    answer = client_of(house.lead).post(f"{projects}duplicate/", {"title": "Copy", "mode": "settings,data"})

    assert (answer.status_code, answer.json()["code"]) == (400, "has_uploads")


def test_summary_counts_keys_regions_and_labels(house, projects):
    annotation(task(house.project, more=1), house.annotator, "B")

    body = client_of(house.reviewer).get(f"{projects}summary/").json()

    assert body == {
        "all_data_columns": {"more": 1, "text": 1},
        "common_data_columns": [],
        "created_annotations": {"letter|text|choices": 2},
        "created_labels": {"letter": {"A": 1, "B": 1}},
    }
    assert client_of(house.annotator).get(f"{projects}summary/").status_code == 403


@pytest.mark.parametrize(("config", "status"), [("<View/>", 204), ("<View", 400)])
def test_any_configuration_is_validated(house, config, status):
    answer = client_of(house.annotator).post("/api/projects/validate/", {"label_config": config})

    assert answer.status_code == status


def test_members_are_added_and_removed_in_bulk(house, projects):
    client, url = client_of(house.admin), f"{projects}members/bulk/"
    new = [person("one").pk, person("two").pk]

    added = client.post(
        url, {"all": False, "included": [*new, house.annotator.pk], "roles": [{"role": "RE"}]}
    ).json()
    roles = dict(house.project.memberships.values_list("user_id", "role"))
    removed = client.delete(f"{url}?all=false&included={new[0]},{new[1]}").json()

    assert (added, removed) == ({"created": 2}, {"deleted": 2})
    assert {roles[pk] for pk in [*new, house.annotator.pk]} == {"RE"}
    assert not house.project.memberships.filter(user__in=new).exists()
    assert client.post(url, {"all": False}).json()["code"] == "nobody_named"
    assert client_of(house.reviewer).post(url, {"all": True}).status_code == 403


def test_removing_all_members_keeps_the_one_who_asks(house, projects):
    assert client_of(house.lead).delete(f"{projects}members/bulk/", {"all": True}).status_code == 200
    assert [one.user for one in house.project.memberships.all()] == [house.lead]


def test_members_come_as_a_table(house, projects):
    house.annotator.first_name = "=1+1"
    house.annotator.save()

    answer = client_of(house.lead).get(f"{projects}members/export/")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {row["email"]: row["role"] for row in rows}[house.annotator.email] == "AN"
    assert {row["first_name"] for row in rows if row["email"] == house.annotator.email} == {"'=1+1"}


def test_comments_come_as_a_table(house):
    comments.create(house.annotation, "-Look", actor=house.reviewer)

    answer = client_of(house.lead).get(
        "/api/comments/export/", {"projects": house.project.pk, "tz": "Europe/Vienna"}
    )

    [row] = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["text"], row["created_by"]) == ("'-Look", str(house.reviewer.pk))
    assert row["created_at"][-6:] in ("+01:00", "+02:00")
    assert client_of(house.lead).get("/api/comments/export/?tz=Vienna").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "users/?ordering={}first_name",
        "token/?ordering={}created_at",
        "projects/roles/?ordering={}id",
        "projects/{project}/exports/?ordering={}id",
        "tasks/{task}/annotations/?ordering={}id",
        "annotation-history/?ordering={}created_at",
    ],
)
def test_plain_lists_are_ordered_as_asked(house, path):
    annotation(house.task, house.annotator2)
    client = client_of(house.lead)
    for _ in range(2):
        client.post("/api/token/")
        client.post(f"/api/projects/{house.project.pk}/exports/", {"title": "E"})

    def listed(sign: str) -> list:
        url = path.replace("{}", sign).format(project=house.project.pk, task=house.task.pk)
        return client.get(f"/api/{url}").json()

    assert len(listed("")) >= 2
    assert listed("") == listed("-")[::-1]
    assert (
        client.get(
            f"/api/{path.split('?')[0].format(project=house.project.pk, task=house.task.pk)}?ordering=x"
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    ("query", "who"),
    [
        ("search=REVIEWER2", ["reviewer2"]),
        ("role=MA", ["lead"]),
        ("role=AN,RE&search=annotator", ["annotator", "annotator2"]),
        ("ids={annotator},{lead}", ["annotator", "lead"]),
        ("search=nobody", []),
    ],
)
def test_members_are_found_by_name_role_and_id(house, projects, query, who):
    query = query.format(annotator=house.annotator.pk, lead=house.lead.pk)

    body = client_of(house.reviewer).get(f"{projects}members/paginated?{query}").json()

    assert {one["id"] for one in body["results"]} == {getattr(house, name).pk for name in who}
    assert body["count"] == len(who)


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        ({"all": True, "excluded": []}, 2),
        ({"all": True, "excluded": [0]}, 1),
        ({"all": False, "included": [0]}, 1),
        ({"all": False, "included": []}, 0),
    ],
)
def test_tasks_are_listed_by_a_selection(house, selection, found):
    task(house.project)
    chosen = {key: [house.task.pk] if value == [0] else value for key, value in selection.items()}
    asked = {"project": house.project.pk, "selectedItems": json.dumps(chosen)}

    body = client_of(house.lead).get("/api/tasks/", asked).json()

    assert (len(body["tasks"]), body["total"]) == (found, found)
    assert client_of(house.lead).get("/api/tasks/?selectedItems=[").status_code == 400


def test_comments_are_found_by_whose_work_they_are_about(house):
    comments.create(house.annotation, "Look", actor=house.reviewer)
    client = client_of(house.lead)

    def found(who) -> int:
        return len(client.get("/api/comments/", {"annotators": who}).json())

    assert (found(f"{house.annotator.pk},{house.annotator2.pk}"), found(house.annotator2.pk)) == (1, 0)


# --- If-Match --------------------------------------------------------------------------------------

ADDRESSES = [("tasks", "task", {"meta": {"seen": 1}}), ("projects", "project", {"description": "Seen"})]


@pytest.mark.parametrize(("kind", "name", "change"), ADDRESSES)
def test_change_of_what_one_has_not_seen_is_412_with_the_current_state(house, kind, name, change):
    client, url = client_of(house.lead), f"/api/{kind}/{getattr(house, name).pk}/"
    read = client.get(url)

    def patch(etag: str):
        return client.patch(url, change, headers={"If-Match": etag})

    changed, again = patch(read["ETag"]), patch(read["ETag"])

    assert (changed.status_code, again.status_code, again.json()["code"]) == (200, 412, "stale")
    assert again["ETag"] == changed["ETag"] != read["ETag"]
    assert again.json()["current"] == client.get(url).json()
    assert [patch(f"W/{again['ETag']}").status_code, patch("*").status_code, patch("seen").status_code] == [
        200,
        200,
        400,
    ]


@pytest.mark.parametrize(("kind", "name", "change"), ADDRESSES)
def test_deletion_of_what_one_has_not_seen_is_412(house, kind, name, change):
    client, url = client_of(house.lead), f"/api/{kind}/{getattr(house, name).pk}/"
    old = client.get(url)["ETag"]
    new = client.patch(url, change)["ETag"]

    answers = [client.delete(url, headers={"If-Match": etag}).status_code for etag in (old, new)]

    assert answers == [412, 204]


def test_work_on_a_task_changes_its_etag_except_for_other_annotators(house):
    reviewer, author = client_of(house.reviewer), client_of(house.annotator)
    url = f"/api/tasks/{house.task.pk}/"
    before, own = reviewer.get(url)["ETag"], author.get(url)["ETag"]
    annotation(house.task, house.annotator2)

    assert reviewer.get(url)["ETag"] != before
    assert author.get(url)["ETag"] == own
