"""The demo data: loaded once, the same at every start, and no list or image is empty."""

import json
import stat
import struct

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from devserver.demo import load
from devserver.demo.draw_shapes import images
from reviews.models import Comment, Review
from tasks.choices import ActionType
from tasks.models import Annotation, Prediction, Project, Task
from users.models import ApiToken, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(settings, tmp_path, monkeypatch):
    settings.DEMO, settings.DATA_DIR, settings.BASE_URL = True, tmp_path, "http://localhost:8123"
    monkeypatch.setattr(load.campaign, "load", lambda *args, **people: None)  # see test_demo_campaign
    return tmp_path


@pytest.fixture
def demo(data):
    load.load_demo()
    load.write_demo_file()
    return json.loads((data / "demo.json").read_text())


def test_demo_file_says_where_to_go_and_who_to_be(demo, data):
    projects = {
        name: Project.objects.get(title=title).pk
        for name, title in (("sentiment", "Short opinions"), ("boxes", "Shapes on a table"))
    }

    assert stat.S_IMODE((data / "demo.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "demo-secrets.json").stat().st_mode) == 0o600
    assert demo.keys() == {"base_url", "accounts", "project_id", "projects", "campaign", "audit", "register"}
    assert (demo["base_url"], demo["projects"], demo["project_id"]) == (
        "http://localhost:8123",
        projects,
        projects["sentiment"],
    )
    assert list(demo["accounts"]) == ["admin", "lead", "reviewer", "reviewer2", "annotator", "annotator2"]
    assert all(account.keys() == {"email", "password", "token"} for account in demo["accounts"].values())


def test_accounts_work(demo):
    for account in demo["accounts"].values():
        user = User.objects.get(email=account["email"])
        assert user.check_password(account["password"])
        assert ApiToken.objects.usable().get(key_hash=ApiToken.hash(account["token"])).user == user


def test_everybody_is_what_they_are_called(demo):
    people = {name: User.objects.get(email=account["email"]) for name, account in demo["accounts"].items()}

    assert people["admin"].runs_site
    assert (people["lead"].is_staff, people["lead"].may_create_projects) == (True, True)
    for project in Project.objects.all():
        roles = {
            name: people[name].memberships.filter(project=project).values_list("role", flat=True).first()
            for name in people
        }
        assert roles == {
            "admin": None,
            "lead": "MA",
            "reviewer": "RE",
            "reviewer2": "RE",
            "annotator": "AN",
            "annotator2": "AN",
        }
        assert people["annotator"].annotations.filter(project=project).exists()
        assert people["annotator2"].annotations.filter(project=project).exists()
    assert not User.objects.filter(is_placeholder=True).exists()


def test_exports_are_there_with_work_in_each_state(demo):
    assert (Task.objects.count(), Annotation.objects.count()) == (72, 136)
    opinions = Annotation.objects.filter(project=demo["projects"]["sentiment"])
    assert set(opinions.values_list("last_action", flat=True)) == {
        ActionType.IMPORTED,
        ActionType.ACCEPTED,
        ActionType.REJECTED,
        ActionType.FIXED_AND_ACCEPTED,
        ActionType.DELETED_REVIEW,
        ActionType.UPDATED,
    }
    rejected = set(Review.objects.filter(verdict="rejected").values_list("reject_action", flat=True))
    assert rejected == {"requeue", "remove"}
    assert Prediction.objects.exists() and Comment.objects.exists()
    call_command("recount", check=True, verbosity=0)


def test_second_start_changes_nothing_but_the_address(demo, settings, data):
    settings.BASE_URL = "http://localhost:9000"
    before = Review.objects.count(), Task.objects.count(), User.objects.count(), ApiToken.objects.count()

    load.load_demo()
    load.write_demo_file()

    assert json.loads((data / "demo.json").read_text()) == demo | {"base_url": "http://localhost:9000"}
    assert (
        Review.objects.count(),
        Task.objects.count(),
        User.objects.count(),
        ApiToken.objects.count(),
    ) == before


def test_database_that_outlived_its_data_folder_gets_new_secrets(demo, settings, tmp_path):
    settings.DATA_DIR = tmp_path / "another"

    load.load_demo()
    load.write_demo_file()

    account = json.loads((settings.DATA_DIR / "demo.json").read_text())["accounts"]["reviewer"]
    assert account["token"] != demo["accounts"]["reviewer"]["token"]
    assert User.objects.get(email=account["email"]).check_password(account["password"])


def test_demo_is_refused_elsewhere(data, settings):
    settings.DEMO = False

    with pytest.raises(ImproperlyConfigured, match="DEMO=1"):
        load.load_demo()

    assert not User.objects.exists()


def test_committed_images_are_the_ones_we_draw():
    for path, image in images():
        assert path.read_bytes() == image
        assert struct.unpack(">II", image[16:24]) == (640, 480)
        assert len(image) < 15_000
