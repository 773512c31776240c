"""The stand-in for the register: its page, its script, and what it answers."""

import json
import urllib.error
import urllib.request

import pytest

from devserver.register import Register, parse_script


def ask(url: str, body: bytes | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def test_accepts_a_report_and_says_what_became_of_it():
    with Register() as register:
        status, text = ask(f"{register.url}submit", b'{"data_type": "AVID"}')
        register_id = json.loads(text)
        asked = [ask(f"{register.url}review/{register_id}/status") for _ in range(4)]

    assert status == 200
    assert register.received[0].body == {"data_type": "AVID"}
    assert [json.loads(answer) for _, answer in asked] == ["draft", "in review", "published", "published"]


def test_page_shows_what_it_received_and_sets_the_script():
    with Register() as register:
        ask(f"{register.url}submit", b'{"title": "<b>Hats"}')
        ask(f"{register.url}script", b"script=503%0D%0Anonsense%0D%0A429++60%0D%0Ahang")
        status, page = ask(register.url)

    assert list(register.script) == ["503", "429 60", "hang"]
    assert status == 200
    assert "&lt;b&gt;Hats" in page and "1 reports" not in page and "1 report" in page


def test_what_it_does_not_know_is_404():
    with Register() as register:
        paths = ("elsewhere", "review/7d8f2c1e-5b0a-4c55-9a41-0d6c3f1b2e90/status", "review/x/status")
        assert {ask(register.url + path)[0] for path in paths} == {404}


@pytest.mark.parametrize(
    ("text", "script"),
    [("503\n\n 200 ", ["503", "200"]), ("429 60", ["429 60"]), ("boom\n99\n503 x", []), ("no id", ["no id"])],
)
def test_script_is_a_line_for_each_answer(text, script):
    assert parse_script(text) == script
