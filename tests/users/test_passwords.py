"""Every door that takes a new password asks the same validators."""

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from tests.factories import PASSWORD, browser_of, client_of, person
from users.models import User

WEAK = ["short", "password", "12345678", "iloveyou"]


@pytest.fixture
def admin(db) -> User:
    return person("admin", site_role="OW", is_staff=True)


def by_api(admin: User, weak: str) -> bool:
    answer = client_of(admin).post("/api/users/", {"email": "new@example.org", "password": weak})
    return answer.status_code == 400 and list(answer.json()["validation_errors"]) == ["password"]


def by_admin(admin: User, weak: str) -> bool:
    sent = {"email": "new@example.org", "usable_password": "true", "password1": weak, "password2": weak}
    return bool(browser_of(admin).post(reverse("admin:users_user_add"), sent).context["errors"])


def by_admin_for_somebody(admin: User, weak: str) -> bool:
    sent = {"usable_password": "true", "password1": weak, "password2": weak}
    address = reverse("admin:auth_user_password_change", args=[admin.pk])
    return browser_of(admin).post(address, sent).status_code == 200


def by_page(admin: User, weak: str) -> bool:
    sent = {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
    return browser_of(admin).post(reverse("password_change"), sent).status_code == 200


def by_reset(admin: User, weak: str) -> bool:
    uid, token = urlsafe_base64_encode(force_bytes(admin.pk)), default_token_generator.make_token(admin)
    browser = Client()
    form = browser.get(reverse("password_reset_confirm", args=[uid, token]))["Location"]
    return browser.post(form, {"new_password1": weak, "new_password2": weak}).status_code == 200


def by_command(admin: User, weak: str) -> bool:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(CommandError):
        patch.setenv("DJANGO_SUPERUSER_PASSWORD", weak)
        call_command("createsuperuser", interactive=False, email="new@example.org")
    return True


def by_code(admin: User, weak: str) -> bool:
    with pytest.raises(ValidationError):
        User.objects.create_user("new@example.org", weak)
    return True


DOORS = [by_api, by_admin, by_admin_for_somebody, by_page, by_reset, by_command, by_code]


@pytest.mark.parametrize("weak", WEAK)
@pytest.mark.parametrize("refused_by", DOORS)
def test_a_weak_password_is_refused_at_every_door(admin, refused_by, weak):
    assert refused_by(admin, weak)

    assert User.objects.get() == admin
    assert User.objects.get().check_password(PASSWORD)
