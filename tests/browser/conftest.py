"""Chromium and a live server, mostly with Label Studio's own files. Skipped with a reason if one is
missing."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect, sync_playwright

from labelstudio import frontend
from tests import factories
from users.models import User

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
HERE = Path(__file__).parent
WITHOUT_EDITOR = {"test_audit_charts.py", "test_audit_reports.py", "test_audits.py", "test_crowd_page.py"}
# Errors in the console that do not matter.
HARMLESS = ("Failed to load resource", "A bad HTTP response code (404) was received when fetching the script")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker of xdist runs all browser tests; they are skipped where they cannot run."""
    for item in items:
        if HERE in Path(item.path).parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.timeout(120))
            if reason := _absent(needs_editor=Path(item.path).name not in WITHOUT_EDITOR):
                item.add_marker(pytest.mark.skip(reason=reason))


def _absent(*, needs_editor: bool) -> str | None:
    if not Path(CHROMIUM).exists():
        return "there is no chromium on this machine (apt-get install chromium)"
    if needs_editor and not frontend.is_present():
        return "the files of Label Studio are not here (make frontend)"
    return None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright runs its event loop in this thread, in which the tests also use the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        expect.set_options(timeout=15_000)
        found = playwright.chromium.launch(executable_path=CHROMIUM)
        yield found
        found.close()


@pytest.fixture
def house(made_house, transactional_db) -> factories.House:
    return made_house.anew()


@pytest.fixture
def errors() -> list[str]:
    """The console errors of the page's scripts."""
    return []


@pytest.fixture
def new_page(browser: Browser, live_server, errors: list[str]) -> Iterator[Callable[..., Page]]:
    """new_page(**options of the browser's context): a page of somebody who is not signed in."""
    contexts = []
    open_requests: set = set()

    def open_page(**options: Any) -> Page:
        context = browser.new_context(base_url=live_server.url, **options)
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("request", lambda request: open_requests.add(request))
        page.on("requestfinished", lambda request: open_requests.discard(request))
        page.on("requestfailed", lambda request: open_requests.discard(request))
        page.on("pageerror", lambda error: errors.append(error.stack or str(error)))
        page.on(
            "console",
            lambda said: (
                said.type == "error" and not said.text.startswith(HARMLESS) and errors.append(said.text)
            ),
        )
        return page

    yield open_page
    # The tables are emptied next, so no request may still be running.
    for _ in range(50):
        if not open_requests or not contexts:
            break
        contexts[-1].pages[0].wait_for_timeout(100)
    for context in contexts:
        context.close()


@pytest.fixture
def page_of(new_page: Callable[..., Page], live_server) -> Callable[[User], Page]:
    """page_of(user): a browser page with a session of `user`."""

    def open_page(user: User) -> Page:
        page = new_page(viewport={"width": 1400, "height": 820})
        client = Client()
        client.force_login(user)
        client.get("/accounts/profile/")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
        )
        return page

    return open_page


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[Page, str], Path]:
    """Saves a screenshot in the folder SCREENSHOTS, if that is set."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)

    def keep(page: Page, name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        return path

    return keep
