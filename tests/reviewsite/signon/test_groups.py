"""Roles by group: only as the operator's table says."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from reviewsite.signon import groups
from tasks.models import Membership
from tests import factories
from users.capabilities import Role


@pytest.fixture
def mapped(house, settings):
    """Two groups with roles in the project, and one for the administrators of the site."""
    number = house.project.pk
    settings.OIDC_GROUP_ROLES = {"leads": f"MA:{number}", "signers": [f"RE:{number}"], "site": "AD"}
    return house


def role_of(house, user):
    found = Membership.objects.filter(project=house.project, user=user).first()
    return found and found.role


@pytest.mark.parametrize(
    ("given", "role"),
    [
        (["signers"], Role.REVIEWER),
        (["signers", "leads"], Role.MANAGER),
        (["unknown", "Leads"], None),
        ([], None),
    ],
)
def test_groups_give_the_highest_role_of_the_table(mapped, given, role):
    groups.give_roles(mapped.stranger, given)
    assert role_of(mapped, mapped.stranger) == role


def test_a_lost_group_takes_the_role_and_leaves_the_work(mapped):
    groups.give_roles(mapped.annotator, ["signers"])
    groups.give_roles(mapped.annotator, [])

    assert role_of(mapped, mapped.annotator) is None
    mapped.annotation.refresh_from_db()
    assert mapped.annotation.completed_by == mapped.annotator


def test_projects_that_the_table_does_not_name_are_left_alone(mapped):
    other = factories.project()
    Membership.objects.create(project=other, user=mapped.stranger, role=Role.ANNOTATOR)

    groups.give_roles(mapped.stranger, ["signers"])

    assert Membership.objects.get(project=other, user=mapped.stranger).role == Role.ANNOTATOR


def test_the_site_role_comes_and_goes_with_its_group(mapped):
    groups.give_roles(mapped.stranger, ["site"])
    assert mapped.stranger.role_on_site == Role.ADMIN
    groups.give_roles(mapped.stranger, ["signers"])
    assert mapped.stranger.role_on_site is None


def test_a_table_without_site_groups_leaves_administrators_alone(house, settings):
    settings.OIDC_GROUP_ROLES = {"signers": f"RE:{house.project.pk}"}
    groups.give_roles(house.admin, [])
    assert house.admin.role_on_site == Role.ADMIN


def test_an_owner_is_neither_lowered_nor_made_by_a_group(mapped, settings):
    owner = factories.person("owner", site_role=Role.OWNER)
    groups.give_roles(owner, [])
    assert owner.role_on_site == Role.OWNER

    settings.OIDC_GROUP_ROLES = {"kings": "OW"}
    with pytest.raises(ImproperlyConfigured, match="'OW' is not a role"):
        groups.group_roles()


@pytest.mark.parametrize(
    "bad", [{"g": "RE"}, {"g": "AD:1"}, {"g": "XX:1"}, {"g": "RE:one"}, ["g"], {"g": None}]
)
def test_a_table_that_cannot_be_read_says_how_it_is_written(settings, bad):
    settings.OIDC_GROUP_ROLES = bad
    with pytest.raises(ImproperlyConfigured, match="RE:12"):
        groups.group_roles()


def test_roles_follow_the_groups_of_the_signed_answer(mapped, sign_on, client):
    sign_on(email="stranger@example.org", groups=["signers"])

    assert role_of(mapped, mapped.stranger) == Role.REVIEWER
    assert client.get(f"/api/projects/{mapped.project.pk}/").status_code == 200


def test_nobody_raises_themselves_by_claims_that_the_table_does_not_name(mapped, sign_on):
    sign_on(email="stranger@example.org", role="MA", roles=["site"], site_role="AD", groups="nobody")

    mapped.stranger.refresh_from_db()
    assert (mapped.stranger.role_on_site, role_of(mapped, mapped.stranger)) == (None, None)
