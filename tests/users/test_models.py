"""Users: one e-mail each, a name to show, placeholders, the role on the site."""

import pytest
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.db import IntegrityError

from tests.factories import person
from users.capabilities import Role
from users.models import User


@pytest.mark.parametrize(
    "email", ["ann@example.org", "ANN@example.org", "Ann@Example.ORG", " ann@example.org "]
)
def test_an_e_mail_belongs_to_one_person_whatever_its_case(db, email):
    person("ann")

    with pytest.raises(IntegrityError):
        person("other", email=email)


def test_an_e_mail_written_past_the_manager_is_unique_too(db):
    person("ann")

    with pytest.raises(IntegrityError):
        User(email="Ann@Example.org").save()


def test_a_person_is_found_by_e_mail_in_any_case(db):
    ann = person("ann")

    assert User.objects.get_by_natural_key("ANN@EXAMPLE.ORG") == ann


@pytest.mark.parametrize(
    ("fields", "full", "short", "initials"),
    [
        ({"first_name": "Ann", "last_name": "Lee"}, "Ann Lee", "Ann", "AL"),
        ({"first_name": "Ann"}, "Ann", "Ann", "A"),
        ({"first_name": "", "last_name": "Lee"}, "Lee", "ann@example.org", "L"),
        ({"first_name": ""}, "ann@example.org", "ann@example.org", "AN"),
    ],
)
def test_everybody_has_a_name_to_show(fields, full, short, initials):
    ann = User(email="ann@example.org", **fields)

    assert (ann.get_full_name(), ann.get_short_name(), ann.initials, ann.username) == (
        full,
        short,
        initials,
        "ann",
    )


def test_a_placeholder_is_made_once_and_may_do_nothing(db):
    first, again = User.objects.placeholder("imported-4"), User.objects.placeholder("imported-4")

    assert (first, first.email) == (again, "imported-4@placeholder.invalid")
    assert (first.is_active, first.is_placeholder, first.has_usable_password()) == (False, True, False)
    assert not User.objects.people().exists()


def test_site_roles_are_a_closed_list(db):
    with pytest.raises(IntegrityError):
        person("ann", site_role="RE")


@pytest.mark.parametrize(
    ("fields", "role"),
    [
        ({}, None),
        ({"site_role": "OW"}, Role.OWNER),
        ({"site_role": "AD"}, Role.ADMIN),
        ({"is_superuser": True}, Role.OWNER),
    ],
)
def test_the_role_on_the_site(fields, role):
    user = User(email="ann@example.org", **fields)

    assert (user.role_on_site, user.runs_site) == (role, role is not None)
    user.is_active = False
    assert not user.runs_site


def test_a_form_that_saves_the_whole_person_leaves_what_changed_meanwhile(db):
    admin = person("admin", site_role=Role.ADMIN, is_staff=True)
    shown = User.objects.get(pk=admin.pk)
    User.objects.filter(pk=admin.pk).update(site_role="", is_staff=False)

    form = AdminPasswordChangeForm(shown, {"password1": "another long one", "password2": "another long one"})
    assert form.is_valid(), form.errors
    form.save()

    now = User.objects.get(pk=admin.pk)
    assert (now.site_role, now.is_staff, now.check_password("another long one")) == ("", False, True)


def test_a_change_that_is_taken_back_is_saved_too(db):
    ann = User.objects.get(pk=person("ann").pk)

    for active in (False, True):
        ann.is_active = active
        ann.save()

    assert User.objects.get(pk=ann.pk).is_active
