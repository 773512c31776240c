"""The catalogues. They are written by `make messages`."""

import re

import pytest
from django.test import Client
from django.utils import translation

from devserver import messages

PLACEHOLDER = re.compile(r"%\(\w+\)[sr]|\{\w*\}|</?\w+>")

of_each_catalogue = pytest.mark.parametrize("po", messages.SOURCES)


@of_each_catalogue
def test_every_marked_string_has_its_chinese(po):
    catalog = messages.updated(po)

    assert messages.untranslated(catalog) == [], "Translate them after `make messages`."
    assert messages.as_po(catalog) == po.read_bytes(), "Run `make messages`."
    assert not [message.id for message in catalog if message.id and message.fuzzy]


@of_each_catalogue
def test_the_compiled_catalogue_is_that_of_the_text(po):
    compiled = po.with_suffix(".mo").read_bytes()
    assert messages.as_mo(messages.stored(po)) == compiled, "Run `make messages`."


@of_each_catalogue
def test_the_chinese_has_the_same_placeholders_and_tags(po):
    wrong = {}
    for message in messages.updated(po):
        english = message.id[-1] if message.pluralizable else message.id
        for chinese in messages.strings(message) if english else ():
            if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(chinese)):
                wrong[english] = chinese

    assert wrong == {}


def test_pages_speak_chinese_and_so_do_refusals_of_the_api(dataset, ada):
    browser = Client(headers={"Accept-Language": "zh-CN"})
    browser.force_login(ada)

    page = browser.get("/audits/")

    assert "您可以审计的数据集" in page.content.decode()
    assert browser.get("/api/audits/datasets/999999999/").json()["detail"] == "未找到。"
    assert translation.get_language() == "en-us"
