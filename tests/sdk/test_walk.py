"""The unmodified label-studio-sdk against a live server, and what the documentation says of it.

The SDK lives in an environment of its own (`make sdk` makes one), named by LABEL_STUDIO_SDK_PYTHON.
"""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.factories import build_house
from users.models import ApiToken

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PAGE = ROOT / "docs/reference/label-studio-compatibility.md"
QUICK_START = ROOT / "docs/start/python.md"
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
@pytest.mark.timeout(120)
@pytest.mark.django_db(transaction=True)
def test_the_quick_start_prints_what_its_page_says(live_server):
    program, printed = re.findall(r"```(?:python)?\n(.*?)```", QUICK_START.read_text(), re.DOTALL)
    program = program.replace("http://127.0.0.1:8000", live_server.url).replace("TOKEN", key_of_a_lead())

    run = ran("-c", program)

    assert (run.stdout, run.returncode) == (printed, 0), run.stderr


@needs_sdk
def test_the_documentation_names_every_method_of_the_sdk():
    assert set(ran("methods.py").stdout.split()) == documented("works", "differs", "absent")


def test_what_differs_or_is_absent_has_its_reason():
    assert [
        name for name, state, why in ROW.findall(PAGE.read_text()) if state != "works" and not why.strip()
    ] == []


COUNTED = re.compile(
    r"send (\d+) parameters and keys of bodies; (\d+) of them have their effect, (\d+) have none here"
)
METHODS = re.compile(r"^(\d+) work, (\d+) differ, (\d+) are absent\.", re.MULTILINE)
WITHOUT_EFFECT = re.compile(r"^\| `([\w.]+)` \| (`[\w`, ]+`) \| .+ \|$", re.MULTILINE)
# Described by their own serializers, not by name in that of a project.
NESTED = {"review_settings", "assignment_settings"}


def test_the_counts_are_those_of_the_table():
    page = PAGE.read_text()

    assert METHODS.findall(page) == [tuple(str(len(documented(s))) for s in ("works", "differs", "absent"))]


@needs_sdk
def test_the_documentation_names_every_parameter_without_effect():
    document = SchemaGenerator().get_schema(request=None, public=True)
    asked = [json.loads(line) for line in ran("requests_of.py").stdout.splitlines()]
    answered = [(one, known) for one in asked if (known := names_known(document, one)) is not None]
    sent = {(one["name"], name) for one, _ in answered for name in one["query"] + one["body"]}
    without = {
        (one["name"], name)
        for one, known in answered
        for name in one["query"] + one["body"]
        if name not in known | NESTED
    }
    page = PAGE.read_text()
    section = page[page.index("## Parameters and body keys without effect") :].split("\n## ")[0]
    named = {
        (method, name)
        for method, names in WITHOUT_EFFECT.findall(section)
        for name in re.findall(r"\w+", names)
    }

    assert without == named
    assert COUNTED.findall(section.replace("\n", " ")) == [
        (str(len(sent)), str(len(sent - without)), str(len(without)))
    ]


def names_known(document: dict[str, Any], request: dict[str, Any]) -> set[str] | None:
    """The parameters and keys of the body in our description of this request; None if it is not answered."""
    for path, operations in document["paths"].items():
        operation = operations.get(request["method"].lower())
        if operation and re.sub(r"\{\w*\}", "{}", path).strip("/") == request["path"].strip("/"):
            names = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
            bodies = operation.get("requestBody", {}).get("content", {}).values()
            return names.union(*(keys_in(document, one.get("schema", {})) for one in bodies))
    return None


def keys_in(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return keys_in(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    inner = [
        *schema.get("anyOf", []),
        *schema.get("oneOf", []),
        *schema.get("allOf", []),
        schema.get("items", {}),
    ]
    found = set(schema.get("properties", {}))
    return found.union(*(keys_in(document, one) for one in inner if isinstance(one, dict) and one))
