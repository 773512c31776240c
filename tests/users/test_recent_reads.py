"""Tokens and roles are kept for a few seconds: what another process changes counts soon, what this one
changes at once.
"""

from collections.abc import Callable

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tasks.models import Membership
from tasks.services import members
from tests.factories import client_of
from users import recent_reads
from users.authentication import TokenAuthentication
from users.models import ApiToken, User
from users.recent_reads import RecentReads

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """clock(seconds): that much time passes."""
    time = [1000.0]
    monkeypatch.setattr(recent_reads, "monotonic", lambda: time[0])

    def pass_by(seconds: float) -> None:
        time[0] += seconds

    return pass_by


def elsewhere(statement: str, *values: object) -> None:
    """What another process commits: this one is not told."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute(statement, values)


def status_of(house, client) -> tuple[int, int]:
    """Reading an annotation, and reviewing it."""
    url = f"/api/annotations/{house.annotation.pk}/"
    return client.get(url).status_code, client.post(f"{url}accept/", {}).status_code


def test_a_request_after_another_asks_for_no_token_and_no_roles(house, clock):
    client = client_of(house.reviewer)
    client.get("/api/projects/")

    with CaptureQueriesContext(connection) as asked:
        client.get(f"/api/annotations/{house.annotation.pk}/")

    tables = [query["sql"].partition(" FROM ")[2].split()[0] for query in asked.captured_queries]
    assert '"tasks_annotation"' in tables
    assert not {'"users_apitoken"', '"tasks_membership"'} & {*tables}


def test_a_token_revoked_here_is_refused_at_once(house, clock):
    client = client_of(house.reviewer)
    assert client.get("/api/projects/").status_code == 200

    ApiToken.objects.get(user=house.reviewer).revoke()

    assert client.get("/api/projects/").status_code == 401


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users_apitoken SET revoked_at = now() WHERE user_id = %s",
        "UPDATE users_apitoken SET expires_at = now() WHERE user_id = %s",
        "UPDATE users_user SET is_active = false WHERE id = %s",
    ],
)
def test_a_token_ended_in_another_process_is_refused_within_three_seconds(house, clock, statement):
    client = client_of(house.reviewer)
    assert client.get("/api/projects/").status_code == 200

    elsewhere(statement, house.reviewer.pk)
    clock(3)

    assert client.get("/api/projects/").status_code == 401


def test_a_person_deactivated_here_is_refused_at_once(house, clock):
    client = client_of(house.reviewer)
    assert client.get("/api/projects/").status_code == 200

    house.reviewer.is_active = False
    house.reviewer.save()

    assert client.get("/api/projects/").status_code == 401


def test_a_reviewer_demoted_here_reviews_no_more(house, clock):
    client = client_of(house.reviewer)
    assert client.get(f"/api/annotations/{house.annotation.pk}/").status_code == 200

    members.set_role(house.project, User.objects.get(pk=house.reviewer.pk), "AN")

    assert status_of(house, client) == (404, 404)


def test_a_reviewer_demoted_in_another_process_reviews_no_more_after_three_seconds(house, clock):
    client = client_of(house.reviewer)
    assert client.get(f"/api/annotations/{house.annotation.pk}/").status_code == 200

    elsewhere("UPDATE tasks_membership SET role = 'AN' WHERE user_id = %s", house.reviewer.pk)
    clock(3)

    assert status_of(house, client) == (404, 404)


def test_a_member_removed_here_sees_nothing_at_once(house, clock):
    client = client_of(house.reviewer)
    assert client.get(f"/api/annotations/{house.annotation.pk}/").status_code == 200

    members.remove(house.membership(house.reviewer))

    assert status_of(house, client) == (404, 404)


@pytest.fixture
def authenticate(house, rf) -> Callable[[], tuple[User, ApiToken]]:
    _, key = ApiToken.issue(house.reviewer, name="test")
    request = rf.get("/", headers={"Authorization": f"Token {key}"})
    return lambda: TokenAuthentication().authenticate(request)


def test_two_requests_at_once_have_users_of_their_own(authenticate, clock):
    (first, token), (second, _) = authenticate(), authenticate()

    assert first == second
    assert first is not second
    assert token.user is first
    assert first._state is not second._state


def test_the_use_of_a_token_is_written_once_a_minute(authenticate, clock, django_assert_num_queries):
    authenticate()

    with django_assert_num_queries(0):
        authenticate()
    clock(4)
    with django_assert_num_queries(1):
        authenticate()  # reads the token again, writes nothing


def test_what_is_read_before_a_change_is_committed_is_not_kept(clock):
    reads: RecentReads[int] = RecentReads()

    with transaction.atomic():
        reads.drop()
        assert reads.get("key", lambda: 1) == 1

    assert reads.get("key", lambda: 2) == 2


def test_a_transaction_uses_what_is_kept_until_it_changes_it(clock):
    reads: RecentReads[int] = RecentReads()
    reads.get("key", lambda: 1)

    with transaction.atomic():
        assert reads.get("key", lambda: 2) == 1
        reads.drop()
        assert reads.get("key", lambda: 2) == 2

    assert reads.get("key", lambda: 3) == 3


def test_what_a_transaction_reads_is_not_kept(clock):
    reads: RecentReads[int] = RecentReads()

    with transaction.atomic():
        reads.get("key", lambda: 1)

    assert reads.get("key", lambda: 2) == 2


def test_what_was_read_while_it_changed_is_not_kept(clock):
    reads: RecentReads[int] = RecentReads()

    def read_late() -> int:
        reads.drop()
        return 1

    assert reads.get("key", read_late) == 1
    assert reads.get("key", lambda: 2) == 2


def test_a_rolled_back_change_leaves_what_was_kept(clock):
    reads: RecentReads[int] = RecentReads()
    reads.get("key", lambda: 1)

    with transaction.atomic():
        reads.drop()
        transaction.set_rollback(True)

    assert reads.get("key", lambda: 2) == 1


def test_memory_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(recent_reads, "MAXIMUM", 2)
    reads: RecentReads[int] = RecentReads()

    for number in range(5):
        reads.get(number, lambda number=number: number)

    assert len(reads._values) <= 2


def test_memberships_written_without_the_services_count_too(house, clock):
    client = client_of(house.stranger)
    url = f"/api/annotations/{house.annotation.pk}/"
    assert client.get(url).status_code == 404

    Membership.objects.create(project=house.project, user=house.stranger, role="RE")

    assert client.get(url).status_code == 200


def test_whoever_was_made_a_member_elsewhere_is_let_in_at_once(house, clock):
    client, url = client_of(house.stranger), f"/api/annotations/{house.annotation.pk}/"
    assert client.get(url).status_code == 404

    elsewhere(
        "INSERT INTO tasks_membership (project_id, user_id, role, paused, created_at) "
        "VALUES (%s, %s, 'RE', false, now())",
        house.project.pk,
        house.stranger.pk,
    )

    assert client.get(url).status_code == 200
    assert client.get("/api/projects/").json()["count"] == 1


def test_whoever_was_made_a_reviewer_elsewhere_may_review_at_once(house, clock):
    client = client_of(house.annotator2)
    assert status_of(house, client) == (404, 404)

    elsewhere("UPDATE tasks_membership SET role = 'RE' WHERE user_id = %s", house.annotator2.pk)

    assert client.post(f"/api/annotations/{house.annotation.pk}/accept/", {}).status_code == 200
