import json
import re
from pathlib import Path

from django.conf import settings

from tests.factories import reviewed
from webhooks.catalogue import as_table
from webhooks.sender import drain
from webhooks.signing import secret_of

from ..steps import hook_of

PAGE = Path(settings.BASE_DIR, "docs/reference/webhooks.md")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


def test_page_has_the_catalogue_as_it_is():
    assert as_table() in PAGE.read_text()


def test_code_of_the_page_verifies_a_delivery(house, receiver):
    hook = hook_of(house, receiver.url)
    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)
    code: dict = {}
    exec(block("python"), code)

    (got,) = receiver.got
    assert code["on_request"](got.raw, got.headers, secret_of(hook)) == got.body


def test_body_on_the_page_has_the_keys_of_a_real_one(house, receiver):
    hook = hook_of(house, receiver.url)
    reviewed(house.annotation, house.reviewer, "rejected", comment="The box is not tight.")
    drain(hook.pk)

    assert list(json.loads(block("json"))) == list(receiver.bodies[0])
