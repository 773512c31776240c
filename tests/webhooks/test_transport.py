"""One POST against consumers that misbehave, and addresses nobody may reach."""

import socket
import time

import certifi
import pytest

from tasks import transport
from tasks.addresses import BlockedAddress, allowed_addresses
from tasks.transport import KEPT_BYTES, post
from webhooks import outbox
from webhooks.sender import BUDGET_SECONDS

from .forbidden import FORMS, REFUSALS, WAYS, blocked_of, by_form, connections, resolving
from .misbehaving import FAULTS, Raw, answers, behind_tls, consumer, peak_of_memory, says, self_signed

OPEN = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("form", FORMS)
def test_blocked_address_opens_no_socket(form):
    with connections() as found:
        answer = by_form(form)

    assert answer.status is None
    assert answer.error in REFUSALS
    assert found == []


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_way_around_opens_no_socket_to_a_blocked_address(way):
    with connections() as found:
        answer = way()

    assert (answer.status, answer.error) == WAYS[way]
    assert found
    assert blocked_of(found) == []


def test_hook_sees_a_socket_to_a_blocked_address(receiver):
    """Or the tests above would prove nothing."""
    with connections() as found:
        post(receiver.url, b"{}", {})

    assert blocked_of(found) == ["127.0.0.1"]


@pytest.mark.parametrize("host", OPEN)
def test_public_address_is_open(host, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    assert allowed_addresses(host, 443)


def test_setting_opens_a_network_and_nothing_else(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["10.1.0.0/16", "::1/128"]

    assert (
        allowed_addresses("10.1.2.3", 80)
        and allowed_addresses("::1", 80)
        and allowed_addresses("::ffff:10.1.2.3", 80)
    )
    with pytest.raises(
        BlockedAddress,
        match="10.2.0.1, which is not a public address.*add its network to WEBHOOK_ALLOWED_NETWORKS",
    ):
        allowed_addresses("10.2.0.1", 80)


def test_name_is_looked_up_once(receiver):
    """Rebinding: the address that was checked is the one connected to."""
    with resolving("rebinding.test", ("127.0.0.1",)) as asked:
        answer = post(receiver.url.replace("127.0.0.1", "rebinding.test"), b"{}", {})

    assert (answer.status, len(asked)) == (200, 1)
    assert receiver.got[0].headers["host"].startswith("rebinding.test:")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("hook.test", (200, "")), ("other.test", (None, "tls"))],
    ids=["its own", "another"],
)
def test_certificate_must_be_of_the_host_of_the_url(tmp_path, monkeypatch, host, expected):
    certificate = self_signed(tmp_path, "hook.test")
    monkeypatch.setattr(certifi, "where", lambda: str(certificate))
    with (
        Raw(behind_tls(certificate, answers(200)), scheme="https") as server,
        resolving(host, ("127.0.0.1",)),
    ):
        answer = post(server.url.replace("127.0.0.1", host), b"{}", {}, seconds=5)

    assert (answer.status, answer.error) == expected


def test_answer_is_read_and_kept_in_part_only(receiver):
    receiver.answer = b"x" * 20_000_000

    answer = post(receiver.url, b"{}", {})

    assert answer.is_success
    assert len(answer.text) == KEPT_BYTES


@pytest.mark.parametrize("fault", FAULTS)
def test_consumer_that_misbehaves_is_cut_in_time_and_logged_for_what_it_did(fault):
    began = time.monotonic()
    with consumer(fault) as server:
        answer = post(server.url, b"{}", {}, seconds=1)

    assert (answer.status, answer.error) == FAULTS[fault][1:]
    assert time.monotonic() - began < 5


def test_name_that_takes_all_the_time_leaves_none_to_the_consumer(monkeypatch):
    """Connected to after the deadline, it could drip for ever."""

    def slowly(host: str, port: int) -> list:
        time.sleep(0.4)
        return allowed_addresses(host, port)

    monkeypatch.setattr(transport, "allowed_addresses", slowly)
    monkeypatch.setattr(transport.Deadline, "remaining", lambda _: 1)
    with consumer("drips a header") as server:
        answer = post(server.url, b"{}", {}, seconds=0.3)

    assert (answer.error, answer.duration < 2) == ("timeout", True)


def test_flood_does_not_fill_the_memory():
    with consumer("200 MB") as server:
        grown = peak_of_memory(lambda: post(server.url, b"{}", {}))

    assert grown < 20


def test_wait_is_as_long_as_an_answer_asks_for():
    with consumer("429 with Retry-After") as server:
        assert post(server.url, b"{}", {}).retry_after == "120"


def test_status_counts_although_the_body_breaks_off():
    with Raw(says(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")) as server:
        answer = post(server.url, b"{}", {})

    assert (answer.status, answer.text) == (200, "short")


@pytest.mark.parametrize(
    ("fault", "is_sent"),
    [
        ("hangs", True),
        ("resets", True),
        ("500", True),
        ("drips within the TLS handshake", False),
        ("a certificate nobody vouches for", False),
    ],
)
def test_answer_says_whether_the_request_may_have_arrived(fault, is_sent):
    with consumer(fault) as server:
        assert post(server.url, b"{}", {}, seconds=0.5).is_sent == is_sent


def test_request_without_a_connection_was_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    answer = post(f"http://127.0.0.1:{port}/", b"{}", {})

    assert (answer.error, answer.is_sent) == ("connection", False)


def test_name_nobody_knows_is_said_so(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert post("http://nobody.invalid/", b"{}", {}).error == "name_resolution"


def test_no_other_module_imports_a_client(pytestconfig):
    """One module of the project sends HTTP to addresses that people type in.

    Sign-on talks to the operator's own provider.
    """
    clients = (
        "import requests",
        "from requests ",
        "from requests.",
        "import urllib3",
        "from urllib3",
        "urllib.request",
        "http.client",
        "import httpx",
        "import aiohttp",
    )
    allowed = {"tasks/transport.py"}
    root = pytestconfig.rootpath

    found = {
        str(path.relative_to(root))
        for app in (
            "users",
            "jobs",
            "tasks",
            "reviews",
            "exchange",
            "api",
            "labelstudio",
            "webhooks",
            "audits",
            "pages",
            "reviewsite",
        )
        for path in (root / app).rglob("*.py")
        if any(client in path.read_text() for client in clients) and "signon" not in path.parts
    }

    assert found == allowed


def test_last_answer_of_a_job_comes_before_its_leases_end():
    assert transport.TOTAL_SECONDS + BUDGET_SECONDS < outbox.LEASE_SECONDS
