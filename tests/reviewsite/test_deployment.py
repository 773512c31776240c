"""Production as documented starts, works, says what is missing, and stops."""

import os
import re
import signal
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from .deployment import SERVICES, Containers, Image, of_the_image

pytestmark = [pytest.mark.xdist_group("serial"), pytest.mark.timeout(300)]
POOLS = {"worker-deliver": "deliver", "worker-deliver-slow": "deliver-slow", "worker-work": "work"}


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Image:
    return Image(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def empty_database(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The URL of a new database on the same server as the test database."""
    test = settings.DATABASES["default"]
    name = f"{test['NAME']}_production"
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield urlsplit(os.environ.get("DATABASE_URL", "postgres:///"))._replace(path=f"/{name}").geturl()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def containers(image, empty_database) -> Iterator[Containers]:
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] + "production-"
    site = Containers(image, database=empty_database, redis=settings.REDIS_URL, prefix=prefix)
    site.start("migrate")
    assert site.processes.pop("migrate").wait(120) == 0, site.logs()
    for name in of_the_image():
        if name != "migrate":
            site.start(name)
    site.until(lambda status: status["status"] == "UP", seconds=120)
    yield site
    site.close()


def test_the_image_has_a_user_of_its_own_and_nothing_of_development(image):
    assert image.noted.read_text().splitlines() == [
        "useradd --system countersign",
        f"chown countersign {image.folder}/data",
    ]
    assert {path.name for path in image.app.iterdir()} & {"tests", "bench", "devserver", ".git"} == set()


def test_pages_answer_without_the_development_server(containers):
    paths = ("/", "/start/", "/accounts/login/", "/admin/login/", "/api/version/", "/api/schema/")

    assert {path: containers.get(path)[0] for path in paths} == dict.fromkeys(paths, 200)
    assert containers.get("/demo/sink/")[0] == 404


def test_every_service_says_that_it_is_healthy(containers):
    checked = [name for name in of_the_image() if "healthcheck" in SERVICES[name]]

    assert set(checked) == {*of_the_image()} - {"migrate", "beat"}
    assert [name for name in checked if not containers.is_healthy(name)] == []


def test_static_files_are_compressed_and_kept(containers):
    page = containers.get("/accounts/login/")[2].decode()
    (path,) = re.findall(r"/static/countersign/site\.[0-9a-f]+\.css", page)
    status, headers, _ = containers.get(path, **{"Accept-Encoding": "gzip"})

    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert "immutable" in headers["Cache-Control"]


def test_every_process_ends_when_it_is_asked_to_and_comes_back(containers):
    for name in ("worker-jobs", "beat", "web"):
        assert containers.stop(name) in (0, -signal.SIGTERM), name
        containers.start(name)
    containers.until(lambda status: status["status"] == "UP")


@pytest.mark.slow
def test_status_names_the_part_that_is_gone(containers):
    for name, pool in POOLS.items():
        containers.stop(name)
        containers.until(lambda status, pool=pool: status["pools"][pool]["status"] == "DOWN", seconds=120)
        assert containers.get("/readyz")[0] == 200
        containers.start(name)
        containers.until(lambda status: status["status"] == "UP")
