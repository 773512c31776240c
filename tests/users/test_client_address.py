"""The address of a request: X-Forwarded-For is believed only as far as our own proxies have written it."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured

from api.views.throttles import WriteThrottle
from tests.docs.pages import ROOT
from users.client_address import address_group, client_address

PROXY, OUTER_PROXY, CLIENT = "10.0.0.2", "192.0.2.80", "203.0.113.7"


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "address"),
    [
        ([], PROXY, CLIENT, PROXY),  # nobody is trusted
        (["10.0.0.0/8"], CLIENT, "198.51.100.1", CLIENT),  # a client that claims to be a proxy
        (["10.0.0.0/8"], PROXY, "", PROXY),
        (["10.0.0.0/8"], PROXY, CLIENT, CLIENT),
        (["10.0.0.2"], PROXY, f"1.1.1.1, {CLIENT}", CLIENT),  # the first was sent by the client
        (["10.0.0.0/8", OUTER_PROXY], PROXY, f"1.1.1.1, {CLIENT}, {OUTER_PROXY}", CLIENT),
        (["10.0.0.0/8"], PROXY, f"1.1.1.1, {CLIENT}, {OUTER_PROXY}", OUTER_PROXY),
        (["10.0.0.0/8"], PROXY, "1.1.1.1, <script>", PROXY),
        (["10.0.0.0/8"], "", CLIENT, CLIENT),  # over a unix socket
        ([], "", CLIENT, ""),
        (["10.0.0.0/8"], f"::ffff:{PROXY}", CLIENT, CLIENT),
        (["fd00::/8"], "fd00::1", "2001:db8::5", "2001:db8::5"),
    ],
)
def test_the_address_of_a_request(trusted, peer, forwarded, address, rf, settings):
    settings.TRUSTED_PROXIES = trusted

    assert client_address(rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)) == address


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::5", "2001:db8::/64"),
        ("", ""),
    ],
)
def test_a_household_counts_as_one(address, group):
    assert address_group(address) == group


def test_nothing_else_reads_the_address_of_a_request():
    apps = [path.parent for path in ROOT.glob("*/__init__.py") if path.parent.name not in ("tests", "bench")]
    found = {
        str(path.relative_to(ROOT))
        for app in apps
        for path in app.rglob("*.py")
        if re.search(
            r"META\b.*(REMOTE_ADDR|X_FORWARDED_FOR)|headers.*x-forwarded-for", path.read_text(), re.IGNORECASE
        )
    }

    assert found == {"users/client_address.py"}


def test_writes_of_strangers_are_limited_by_that_address(rf, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    asked = rf.post("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=f"1.1.1.1, {CLIENT}")
    asked.user = AnonymousUser()

    assert WriteThrottle().get_cache_key(asked, None) == f"throttle_write_{CLIENT}"


def test_a_mistyped_proxy_is_a_clear_error(rf, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/99"]

    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES must list addresses"):
        client_address(rf.get("/"))
