"""Every refusal is a sentence in the language of its reader."""

import ast
import json
import re
from collections.abc import Iterator

import pytest
from rest_framework.exceptions import ParseError

from tasks.strict_json import parse_json
from tests.factories import client_of
from users.sentences import SentenceDecoder, SentenceEncoder, read_in
from users.sentences import sentence as _

from .test_layers import DIRECTION, sources

RAISED = {"Refused", "Refusal", "ValidationError", "NotFound", "ParseError", "AuthenticationFailed"}
PLACEHOLDER = re.compile(r"%\((\w+)\)")
# A sentence with both languages is read as it is.
BOTH = range(0x4E00, 0x9FFF)


def unmarked(tree: ast.AST) -> Iterator[int]:
    """Lines that refuse with a sentence which is written there and not marked."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in RAISED:
            given = [*node.args, *(word.value for word in node.keywords if word.arg in ("detail", "message"))]
            yield from (text.lineno for one in given for text in _texts(one))
        if isinstance(node, ast.Assign) and [_name(one) for one in node.targets] == ["detail"]:
            yield from (text.lineno for text in _texts(node.value))


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _texts(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if " " in node.value and not any(ord(letter) in BOTH for letter in node.value):
            yield node
    elif isinstance(node, ast.JoinedStr):
        if any(isinstance(part, ast.Constant) and " " in part.value.strip() for part in node.values):
            yield node
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.Dict | ast.List):
        parts = node.values if isinstance(node, ast.Dict) else node.elts
        yield from (text for part in parts for text in _texts(part))


@pytest.mark.parametrize("app", DIRECTION)
def test_every_refusal_is_marked_for_translation(app):
    assert [f"{path}:{line}" for path, tree in sources(app) for line in unmarked(tree)] == []


def test_refusals_that_are_not_marked_are_seen():
    source = (
        "Refused('a', 'No more.')\nRefused('a', _('No more.'))\nRefusal('a', f'{n} too many')\n"
        "ValidationError({'x': ['Not here.']})\ndetail = 'No way.' if a else _('Yes.')\n"
        "Refused('code', found)\n"
        "Refused('a', 'Two. 两种')"
    )
    assert sorted(unmarked(ast.parse(source))) == [1, 3, 4, 5]


def misnamed(tree: ast.AST) -> Iterator[int]:
    """Lines with a marked sentence that does not get exactly the values it names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "_" and node.keywords:
            named = set(PLACEHOLDER.findall(node.args[0].value))
            if named != {word.arg for word in node.keywords}:
                yield node.lineno


@pytest.mark.parametrize("app", DIRECTION)
def test_every_sentence_gets_the_values_it_names(app):
    assert [f"{path}:{line}" for path, tree in sources(app) for line in misnamed(tree)] == []


def test_values_that_are_not_named_are_seen():
    source = "_('%(a)s', a=1)\n_('%(a)s', b=1)\n_('%(a)s %(b)r', a=1)"
    assert list(misnamed(ast.parse(source))) == [2, 3]


# --- sentences ----------------------------------------------------------------------------------------

MANY = _("At most %(many)s tasks at once. Name them in parts.", many=3)


def test_a_sentence_has_the_language_of_whoever_reads_it():
    assert MANY == "At most 3 tasks at once. Name them in parts."
    with read_in("zh-hans"):
        assert MANY == "一次最多 3 个任务。请分批指定。"
        assert str(_("%(task)s: %(problem)s.", task=_("task %(number)s", number=1), problem="x"))[0] == "任"


def test_a_stored_sentence_has_the_language_of_its_reader():
    stored = json.dumps({"detail": MANY, "other": [1]}, cls=SentenceEncoder)
    report = json.loads(stored, cls=SentenceDecoder)

    assert report == {"detail": "At most 3 tasks at once. Name them in parts.", "other": [1]}
    with read_in("zh-hans"):
        assert report["detail"] == "一次最多 3 个任务。请分批指定。"


def test_a_sentence_does_not_hold_the_error_it_names():
    problem = _("not JSON: %(error)s", error=ValueError("half a number"))

    assert json.loads(json.dumps([problem], cls=SentenceEncoder))[0]["values"] == {"error": "half a number"}


# --- over real requests -------------------------------------------------------------------------------

LANGUAGES = {
    "zh-CN": "zh",
    "zh-Hans": "zh",
    "zh": "zh",
    "zh-TW;q=0.9": "zh",
    "en": "en",
    "fr": "en",
    None: "en",
}
REFUSALS = [
    ("get", "/api/tasks/999999/", None),
    ("get", "/api/nothing/", None),
    ("get", "/api/tasks/?page=0", None),
    ("get", "/api/tasks/?project=x", None),
    ("post", "/api/projects/", {"title": ["x"]}),
    ("post", "/api/projects/", {"label_config": "<View"}),
    ("patch", "/api/projects/{project}/", {"review_settings": {"allowed_reject_actions": []}}),
    ("post", "/api/projects/{project}/import/", "{"),
    ("post", "/api/projects/{project}/import/", [{"data": 1}, {"data": {"text": "a"}, "annotations": 3}]),
    ("post", "/api/projects/{project}/import/?match_on=x", [{"data": {"text": "a"}}]),
    ("get", "/api/projects/{project}/export?exportType=ABC", None),
    ("post", "/api/annotations/{annotation}/reject/", {"reject_action": "redistribute"}),
    ("post", "/api/annotations/0/accept/", {}),
    ("post", "/api/annotations/{annotation}/fix-and-accept/", {}),
    ("patch", "/api/annotations/{annotation}/", {"result": [{"from_name": 1}]}),
    ("get", "/api/annotation-reviews/?limit=x", None),
    ("post", "/api/annotation-reviews/", {"annotation": 0, "verdict": 1}),
    ("post", "/api/webhooks/", {"url": "ftp://example.org"}),
    ("post", "/api/comments/", {"text": "x"}),
    ("post", "/api/dm/actions/?id=nothing", {"project": 1}),
    ("post", "/api/dm/actions/", {}),
    ("post", "/api/users/", {"email": "not an address"}),
    ("post", "/api/auth/login/", {"email": "a@example.org", "password": "x"}),
    ("delete", "/api/version/", None),
]


def _answer(client, method, path, sent, language):
    headers = {"Accept-Language": language} if language else {}
    content = sent if isinstance(sent, str) else json.dumps(sent)
    options = {} if method == "get" else {"data": content, "content_type": "application/json"}
    return getattr(client, method)(path, headers=headers, **options)


def _sentences(body) -> Iterator[str]:
    """The values that are for people."""
    for key, value in body.items():
        if key in ("detail", "error"):
            yield value
        elif key == "validation_errors":
            yield from _leaves(value)
        elif key == "errors":
            yield from (one["detail"] for one in value)


def _leaves(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _leaves(inner)


def _without_sentences(body):
    left = {key: value for key, value in body.items() if key not in ("detail", "error", "id")}
    return json.loads(json.dumps(left), parse_float=str) | {
        "validation_errors": sorted(body.get("validation_errors", {})),
        "errors": [one | {"detail": ""} for one in body.get("errors", [])],
    }


@pytest.mark.parametrize(("method", "path", "sent"), REFUSALS)
def test_a_refusal_is_in_the_language_of_its_reader(house, method, path, sent):
    address = path.format(project=house.project.pk, annotation=house.annotation.pk)
    client = client_of(house.lead)
    answers = {asked: _answer(client, method, address, sent, asked) for asked in LANGUAGES}

    english = answers["en"].json()
    for asked, answer in answers.items():
        wanted, body = LANGUAGES[asked], answer.json()
        assert answer.status_code == answers["en"].status_code >= 400
        assert answer["Content-Language"] == {"zh": "zh-hans", "en": "en"}[wanted]
        assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))
        assert body["code"] == english["code"]
        assert _without_sentences(body) == _without_sentences(english)
        for text in _sentences(body):
            assert any(ord(letter) in BOTH for letter in text) == (wanted == "zh"), text
        if wanted == "en":
            assert list(_sentences(body)) == list(_sentences(english))


@pytest.mark.parametrize(
    "body", ["", "{", '{"a" 1}', '{"a": 1 "b": 2}', '{"a": "\n"}', '{"a', "[1] 2", '{"a": "\\x"}']
)
def test_what_is_wrong_with_json_is_said_in_the_readers_language(body):
    with read_in("zh-hans"), pytest.raises(ParseError) as error:
        parse_json(body.encode())

    with read_in("zh-hans"):
        detail = str(error.value.detail)
    assert not re.search(r"[a-z]{3}", detail), detail
