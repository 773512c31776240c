"""Who is asking: tokens, sign-in, and who knows of whom."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import PASSWORD, client_of, person, reviewed
from users.models import ApiToken


def test_whoami_answers_in_label_studios_shape(house):
    body = client_of(house.reviewer).get("/api/current-user/whoami").json()

    assert body["email"] == "reviewer@example.org"
    assert body["username"] == "reviewer"
    assert body["initials"] == "R"
    assert body["active_organization"] == 1


@pytest.mark.parametrize(
    "header", [None, "Token", "Token ", "Token nonsense", "Bearer x", "token é", "Basic abc"]
)
def test_missing_or_bad_credentials_are_401(db, header):
    answer = APIClient().get("/api/tasks/", headers={"Authorization": header} if header else {})

    assert answer.status_code == 401
    assert answer.json()["status_code"] == 401
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("verb", ["accept", "reject", "fix-and-accept", "reopen"])
def test_nobody_knocks_at_the_review_doors_without_credentials(house, verb):
    answer = APIClient().post(f"/api/annotations/{house.annotation.pk}/{verb}/", {})

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_revoked_and_expired_tokens_are_401(house):
    yesterday = timezone.now() - timedelta(days=1)
    _, expired = ApiToken.issue(house.reviewer, name="old", expires_at=yesterday)
    token, revoked = ApiToken.issue(house.reviewer, name="lost")
    token.revoke()

    answers = [
        APIClient().get("/api/tasks/", headers={"Authorization": f"Token {key}"})
        for key in (expired, revoked)
    ]

    assert [a.status_code for a in answers] == [401, 401]


def test_login_gives_a_token_that_works(house):
    answer = APIClient().post("/api/auth/login", {"email": "reviewer@example.org", "password": PASSWORD})

    assert answer.status_code == 200
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get("/api/current-user/whoami/").json()["id"] == house.reviewer.pk


def test_wrong_login_is_401_with_the_same_words_for_known_and_unknown(house):
    known = APIClient().post("/api/auth/login", {"email": "reviewer@example.org", "password": "wrong"})
    unknown = APIClient().post("/api/auth/login", {"email": "nobody@example.org", "password": "wrong"})

    assert (known.status_code, unknown.status_code) == (401, 401)
    assert known.json()["detail"] == unknown.json()["detail"]


def test_login_is_locked_after_too_many_tries(house, settings):
    settings.LOGIN_TRIES = 2
    client, wrong = APIClient(), {"email": "reviewer@example.org", "password": "wrong"}
    for _ in range(2):
        client.post("/api/auth/login", wrong)

    answer = client.post("/api/auth/login", wrong | {"password": PASSWORD})

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")
    assert int(answer["Retry-After"]) > 0


def test_admin_creates_people_and_tokens(house):
    client = client_of(house.admin)

    made = client.post("/api/users/", {"email": "New@Example.org", "first_name": "New"})
    token = client.post(f"/api/users/{made.json()['id']}/tokens/", {"name": "laptop"})

    assert (made.status_code, token.status_code) == (201, 201)
    assert made.json()["email"] == "new@example.org"
    listed = client.get(f"/api/users/{made.json()['id']}/tokens/").json()
    assert listed[0]["prefix"] == token.json()["token"][:8]
    assert "token" not in listed[0]


@pytest.mark.parametrize("role", ["lead", "reviewer", "annotator", "stranger"])
def test_only_admins_create_people_and_tokens(house, role):
    client = client_of(getattr(house, role))

    assert client.post("/api/users/", {"email": "new@example.org"}).status_code == 403
    assert client.post(f"/api/users/{house.reviewer.pk}/tokens/", {"name": "x"}).status_code == 403


def test_taken_email_is_400_naming_the_field(house):
    answer = client_of(house.admin).post("/api/users/", {"email": "LEAD@example.org"})

    assert answer.status_code == 400
    assert list(answer.json()["validation_errors"]) == ["email"]


def test_people_are_those_i_share_a_project_with(house):
    person("outsider")

    seen = {user["email"] for user in client_of(house.reviewer).get("/api/users/").json()}

    assert seen == {
        f"{name}@example.org" for name in ("lead", "reviewer", "reviewer2", "annotator", "annotator2")
    }
    assert [u["email"] for u in client_of(house.stranger).get("/api/users/").json()] == [
        "stranger@example.org"
    ]


def test_session_write_without_csrf_token_is_403_in_json(house):
    client = APIClient(enforce_csrf_checks=True)
    client.login(username="reviewer@example.org", password=PASSWORD)

    answer = client.post(f"/api/annotations/{house.annotation.pk}/accept/")

    assert answer.status_code == 403
    assert answer.json()["status_code"] == 403


def test_reviewer_names_are_hidden_from_annotators_where_the_project_says_so(house):
    house.project.show_reviewer_names = False
    house.project.save()
    reviewed(house.annotation, house.reviewer, "rejected", comment="Too wide")

    def names(user):
        client, about = client_of(user), f"annotation={house.annotation.pk}"
        rows = [
            client.get(f"/api/{path}/?{about}").json()[0]
            for path in ("annotation-reviews", "annotation-history", "comments")
        ]
        body = client.get(f"/api/annotations/{house.annotation.pk}/").json()
        task_body = client.get(f"/api/tasks/{house.task.pk}/").json()
        return [row["created_by"] for row in rows] + [
            body["last_created_by"],
            body["updated_by"],
            task_body["updated_by"],
        ]

    # A task is changed by nobody but themselves, as far as they are told.
    assert names(house.annotator) == [None] * 5 + [[{"user_id": house.annotator.pk}]]
    assert names(house.lead) == [house.reviewer.pk] * 5 + [[{"user_id": house.reviewer.pk}]]
    client = client_of(house.annotator)
    assert client.get(f"/api/annotations/?reviewer={house.reviewer.pk}").json()["results"] == []
    assert client.get(f"/api/annotation-reviews/?created_by={house.reviewer.pk}").json() == []


def test_administrator_cannot_become_an_owner(house):
    owner = person("owner", site_role="OW")
    client = client_of(house.admin)

    token = client.post(f"/api/users/{owner.pk}/tokens/", {"name": "x"})
    made = client.post("/api/users/", {"email": "second@example.org", "site_role": "OW"})

    assert (token.status_code, made.status_code) == (403, 400)
    assert list(made.json()["validation_errors"]) == ["site_role"]
    assert (
        client_of(owner).post("/api/users/", {"email": "second@example.org", "site_role": "OW"}).status_code
        == 201
    )


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "x" * 64])
def test_unknown_time_zone_is_400(house, zone):
    answer = client_of(house.lead).patch(f"/api/projects/{house.project.pk}/", {"timezone": zone})

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["timezone"])
