"""Accounts of before are spelled canonically, or the migration says which ones nobody can spell."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from tests.factories import person
from users.models import User

respell = import_module("users.migrations.0002_canonical_emails").respell


@pytest.fixture
def spelled(db):
    """spelled(user, email): as it may have been stored before the database insisted."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE users_user DROP CONSTRAINT user_email_canonical")

        def spell(user: User, email: str) -> None:
            cursor.execute("UPDATE users_user SET email = %s WHERE id = %s", [email, user.pk])

        yield spell


def test_stored_addresses_are_spelled_anew(spelled):
    ann, placeholder = person("ann"), person("bob", is_placeholder=True)
    spelled(ann, "Ann@Example.org")
    spelled(placeholder, "imported-jörg@placeholder.invalid")

    respell(apps, None)

    assert list(User.objects.values_list("email", flat=True)) == [
        "ann@example.org",
        f"imported-user-{placeholder.pk}@placeholder.invalid",
    ]


@pytest.mark.parametrize(
    ("email", "sentence"), [("ſite@example.org", "have the same e-mail"), ("sıte@example.org", "is none")]
)
def test_twins_are_named_and_left_to_their_administrator(spelled, email, sentence):
    person("site")
    twin = person("twin")
    spelled(twin, email)

    with pytest.raises(ValueError, match=sentence) as error:
        respell(apps, None)

    assert str(twin.pk) in str(error.value)
