"""The generated pages are up to date."""

import shutil

from django.core.management import call_command

from webhooks.management.commands.document_webhooks import FOLDER, OVERVIEW, PAGE, SCHEMA, dumped
from webhooks.reference import openapi, page


def test_pages_are_up_to_date():
    assert (FOLDER / PAGE).read_text() == page.page()
    assert (FOLDER / SCHEMA).read_text() == dumped(page.json_schema())


def test_command_writes_them(db, monkeypatch, tmp_path):
    from webhooks.management.commands import document_webhooks

    shutil.copy(FOLDER / OVERVIEW, tmp_path)
    monkeypatch.setattr(document_webhooks, "FOLDER", tmp_path)
    monkeypatch.setattr(openapi, "EXAMPLES", tmp_path / "examples.json")

    call_command("document_webhooks")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["examples.json", PAGE, SCHEMA, OVERVIEW]
    for page_name in (SCHEMA, OVERVIEW):
        assert (tmp_path / page_name).read_text() == (FOLDER / page_name).read_text()
