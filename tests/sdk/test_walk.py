"""The unmodified label-studio-sdk against a live server, and what the documentation says of it.

The SDK lives in an environment of its own (`make sdk` makes one), named by LABEL_STUDIO_SDK_PYTHON.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.factories import build_house
from users.models import ApiToken

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs/reference/label-studio-compatibility.md"
PYTHON = os.environ.get("LABEL_STUDIO_SDK_PYTHON", "")
ROW = re.compile(r"^\| `([\w.]+)` \| (works|differs|absent) \| (.*) \|$", re.MULTILINE)

needs_sdk = pytest.mark.skipif(
    not PYTHON, reason="LABEL_STUDIO_SDK_PYTHON names no interpreter with label-studio-sdk"
)


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PYTHON, *command], capture_output=True, text=True, cwd=HERE, timeout=200)


def documented(*states: str) -> set[str]:
    return {name for name, state, _ in ROW.findall(PAGE.read_text()) if state in states}


def key_of_a_lead() -> str:
    """Of somebody with a project and people around them, and every site role left to others."""
    return ApiToken.issue(build_house().lead, name="walk")[1]


@needs_sdk
@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("more", [[], ["--pat"]], ids=["token", "personal access token"])
def test_the_sdk_walks_through_without_a_failure(live_server, settings, tmp_path, more):
    settings.MEDIA_ROOT = tmp_path
    walk = ran("walk.py", live_server.url, key_of_a_lead(), *more)
    lines = walk.stdout.splitlines()

    assert [line for line in lines if not line.startswith("ok ")] == [lines[-1]], walk.stderr
    assert walk.returncode == 0
    walked = {line.removeprefix("ok ").strip().partition(":")[0].partition(" ")[0] for line in lines}
    assert documented("works") - walked == set()


@needs_sdk
def test_the_documentation_names_every_method_of_the_sdk():
    assert set(ran("methods.py").stdout.split()) == documented("works", "differs", "absent")


def test_what_differs_or_is_absent_has_its_reason():
    assert [
        name for name, state, why in ROW.findall(PAGE.read_text()) if state != "works" and not why.strip()
    ] == []
