"""The catalogue of the pages. It is written by `make messages`."""

import re

from django.test import Client
from django.utils import translation

from devserver import messages

PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w*\}|</?\w+>")


def test_every_marked_string_has_its_chinese():
    catalog = messages.updated()

    assert messages.untranslated(catalog) == [], "Translate them after `make messages`."
    assert messages.as_po(catalog) == messages.PO.read_bytes(), "Run `make messages`."
    assert not [message.id for message in catalog if message.id and message.fuzzy]


def test_the_compiled_catalogue_is_that_of_the_text():
    assert messages.as_mo(messages.stored()) == messages.MO.read_bytes(), "Run `make messages`."


def test_the_chinese_has_the_same_placeholders_and_tags():
    wrong = {}
    for message in messages.updated():
        english = message.id[-1] if message.pluralizable else message.id
        for chinese in messages.strings(message) if english else ():
            if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(chinese)):
                wrong[english] = chinese

    assert wrong == {}


def test_pages_speak_chinese_and_the_api_does_not(dataset, ada):
    browser = Client(headers={"Accept-Language": "zh-CN"})
    browser.force_login(ada)

    page = browser.get("/audits/")

    assert "您可以审计的数据集" in page.content.decode()
    assert browser.get("/api/audits/datasets/999999999/").json()["detail"] == "Not found."
    assert translation.get_language() == "en-us"
