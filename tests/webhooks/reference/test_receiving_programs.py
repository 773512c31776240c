"""The programs of docs/how-to/receive-webhooks.md, run on real deliveries by the interpreters found here."""

import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from standardwebhooks import Webhook as Signer

from tests.factories import reviewed
from webhooks import endpoints
from webhooks.sender import drain
from webhooks.signing import secret_of

from ..receiver import Got
from ..steps import hook_of

PAGE = Path(settings.BASE_DIR, "docs/how-to/receive-webhooks.md").read_text()
PROGRAMS = {
    "verify.py": sys.executable,
    "verify.mjs": shutil.which("node"),
    "verify.sh": shutil.which("bash"),
}
NEEDED = {"verify.sh": "openssl"}


def program(name: str) -> str:
    found = re.search(rf"```\w+ {re.escape(name)}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture(params=PROGRAMS)
def verify(request, tmp_path):
    """verify(body, headers, secret) → (exit code, what was printed)."""
    name, interpreter = request.param, PROGRAMS[request.param]
    if interpreter is None or not shutil.which(NEEDED.get(name, "true")):
        pytest.skip(f"no interpreter for {name} on this machine")
    path = tmp_path / name
    path.write_text(program(name))

    def run(body: bytes, headers: dict[str, str], secret: str) -> tuple[int, bytes]:
        sent = {key.replace("-", "_").upper(): headers[key] for key in headers if key.startswith("webhook-")}
        env = os.environ | sent | {"WEBHOOK_SECRET": secret}
        done = subprocess.run([interpreter, path], input=body, env=env, capture_output=True, timeout=30)
        return done.returncode, done.stdout

    return run


@pytest.fixture
def hook(house, receiver):
    return hook_of(house, receiver.url)


@pytest.fixture
def got(house, hook, receiver) -> Got:
    reviewed(house.annotation, house.reviewer, "rejected", comment="Пусто – “nothing” here.")
    drain(hook.pk)
    return receiver.got[0]


def test_program_takes_what_was_signed_and_nothing_else(verify, hook, got):
    secret = secret_of(hook)
    late = timezone.now() - timedelta(minutes=6)
    old = got.headers | {
        "webhook-timestamp": str(int(late.timestamp())),
        "webhook-signature": Signer(secret).sign(got.headers["webhook-id"], late, got.raw.decode()),
    }

    assert verify(got.raw, got.headers, secret) == (0, got.raw)
    assert verify(got.raw + b" ", got.headers, secret) == (1, b"")
    assert verify(got.raw, got.headers | {"webhook-id": "another"}, secret) == (1, b"")
    assert verify(got.raw, got.headers, f"{secret[:10]}{'A' if secret[10] != 'A' else 'B'}{secret[11:]}") == (
        1,
        b"",
    )
    assert verify(got.raw, old, secret) == (1, b"")


def test_program_runs_nothing_that_a_header_says(verify, hook, got, tmp_path):
    touched = tmp_path / "touched"
    sent = dict.fromkeys(
        ("webhook-id", "webhook-timestamp", "webhook-signature"), f"BASHPID[$(touch {touched})]"
    )

    assert verify(got.raw, sent, secret_of(hook)) == (1, b"")
    assert not touched.exists()


def test_program_takes_either_secret_after_a_rotation(verify, house, hook, receiver):
    earlier = secret_of(hook)
    current = secret_of(endpoints.rotate(hook))
    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)
    (got,) = receiver.got

    assert [verify(got.raw, got.headers, secret)[0] for secret in (earlier, current)] == [0, 0]


def test_each_event_is_taken_once_and_never_an_older_state():
    code: dict = {}
    exec(program("take.py"), code)
    tables: dict = {"seen": set(), "newest": {}}

    def taken(number: int, seq: int) -> bool:
        return code["take"]({"annotation": {"id": 1}, "annotation_seq": seq}, f"id-{number}", **tables)

    assert [taken(1, 2), taken(1, 2), taken(2, 2), taken(3, 5), taken(4, 4)] == [
        True,
        False,
        True,
        True,
        False,
    ]
    assert code["take"]({"action": "TASKS_DELETED", "tasks": [{"id": 1}]}, "id-5", **tables) is True
