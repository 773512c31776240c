"""The commands: what they print, and their exit codes."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from crowd.counts import stats
from crowd.models import Campaign, Submission
from devserver.demo import load
from jobs import runner

from .factories import lines, review_next, reviewer
from .fake_hub import TOKEN, fake_hub

pytestmark = pytest.mark.django_db(transaction=True)
FILE = Path(load.DATA) / "crowd-annotations.jsonl"


def run(*arguments: object) -> str:
    output = io.StringIO()
    call_command(*map(str, arguments), stdout=output, verbosity=0)
    return output.getvalue()


@pytest.fixture
def lead(house) -> str:
    return f"--as={house.lead.email}"


def test_import_creates_a_campaign_and_lists_bad_lines(house, lead):
    wanted = ("--create", "--project", house.project.pk, "--title", "Kettles, first round")
    assert run("import_crowd", FILE, lead, *wanted) == (
        '"Kettles, first round" at /c/kettles-first-round/review: '
        "30 created, 0 unchanged, 0 changed, 0 kept, 5 bad lines\n"
        "  line 14: not JSON: Expecting value at column 1\n"
        "  line 21: anno_id is missing\n"
        "  line 26: stg_000002 was already on line 3\n"
        "  line 27: blank\n"
        "  line 35: anno_id is not valid: a letter or digit, then at most 127 letters, digits, dots, hyphens "
        "and underscores\n"
    )
    again = run("import_crowd", FILE, lead, "--campaign=kettles-first-round")
    assert again.splitlines()[0].endswith("0 created, 30 unchanged, 0 changed, 0 kept, 5 bad lines")


def test_a_strict_import_with_bad_lines_creates_nothing(house, lead):
    wanted = ("--create", "--project", house.project.pk, "--title", "Kettles", "--strict")
    with pytest.raises(CommandError, match="5 bad lines, so nothing was imported"):
        run("import_crowd", FILE, lead, *wanted)
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((FILE,), "Name the campaign"),
        ((FILE, "--campaign=pots"), "no campaign 'pots'. There are: kettles"),
        ((FILE, "--create"), "--create needs --project and --title"),
        ((FILE, "--create", "--project={project}", "--title= "), "--create needs --project and --title"),
        ((FILE, "--create", "--project=none", "--title=x"), "manages no projects called 'none'"),
        ((FILE, "--create", "--project={project}", "--title=x", "--campaign=kettles"), "already exists"),
        (("absent.jsonl", "--campaign=kettles"), "absent.jsonl: No such file or directory"),
    ],
)
def test_import_says_what_is_wrong(campaign, house, lead, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run("import_crowd", *(str(one).format(project=house.project.pk) for one in arguments), lead)
    assert stats(campaign)["annos_total"] == 3


def test_an_export_is_restored_into_another_campaign_with_the_same_stats(campaign, house, lead, tmp_path):
    for _ in range(2):
        review_next(campaign, reviewer())
    exported = tmp_path / "kettles.zip"
    assert run("export_crowd", exported, "--campaign=kettles", lead).startswith('"Kettles": 2 reviews in ')
    items = tmp_path / "items.jsonl"
    items.write_bytes(lines("a", "b", "c"))
    run("import_crowd", items, lead, "--create", f"--project={house.project.pk}", "--title=Copy")

    assert run("restore_crowd", exported, "--campaign=copy", lead) == (
        '"Copy": 2 created, 0 surplus, 0 duplicate, 0 unknown, 0 invalid\n'
    )
    assert stats(Campaign.objects.get(slug="copy")) == stats(campaign)
    assert "0 created, 0 surplus, 2 duplicate" in run("restore_crowd", exported, "--campaign=copy", lead)


@pytest.mark.parametrize("path", ["", ".", "/", "{tmp}", "{tmp}/absent/kettles.zip"])
def test_an_export_needs_the_name_of_a_file(campaign, lead, tmp_path, path):
    with pytest.raises(CommandError, match="Name the zip to write"):
        run("export_crowd", path.format(tmp=tmp_path), "--campaign=kettles", lead)
    assert list(tmp_path.iterdir()) == []


def test_a_strict_restore_fails_if_a_file_is_invalid(campaign, lead, tmp_path):
    (tmp_path / "reviews/anon_ann").mkdir(parents=True)
    (tmp_path / "reviews/anon_ann/a__1000.json").write_text(json.dumps({"reviewer_id": "anon_bob"}))
    assert run("restore_crowd", tmp_path, "--campaign=kettles", lead) == (
        '"Kettles": 0 created, 0 surplus, 0 duplicate, 0 unknown, 1 invalid\n'
        "  reviews/anon_ann/a__1000.json: anno_id is not valid\n"
    )
    with pytest.raises(CommandError, match="Some files were not restored"):
        run("restore_crowd", tmp_path, "--campaign=kettles", lead, "--strict")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Say where the reviews are"),
        (("absent.zip",), "absent.zip: No such file"),
        ((str(FILE),), "not a zip file"),
        ((str(FILE.parent),), "no file is named reviews/"),
        (("--repo=kettles",), "owner/name"),
        (("--repo=lab/kettles",), "set HF_TOKEN"),
    ],
)
def test_restore_says_what_is_wrong(campaign, lead, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run("restore_crowd", *arguments, "--campaign=kettles", lead)


def test_reviews_are_pushed_and_restored_from_the_hub(campaign, lead, settings, monkeypatch, house):
    monkeypatch.setattr(runner, "send", lambda job_id: None)
    Campaign.objects.update(hub_repo="lab/new")
    review_next(campaign, reviewer())
    with fake_hub() as hub:
        settings.HF_TOKEN, settings.HF_ENDPOINT = TOKEN, hub.address
        with pytest.raises(CommandError, match="Not everything was pushed"):
            run("push_crowd", lead)
        assert run("push_crowd", "--campaign=kettles", "--create-repository", lead) == (
            '"Kettles": 1 reviews pushed in 2 commits to lab/new\n'
        )
        restored = run("restore_crowd", "--repo=lab/new", "--campaign=kettles", lead)
    assert restored.startswith('"Kettles": 0 created, 0 surplus, 1 duplicate')
    assert Submission.objects.count() == 1


def test_push_says_what_is_missing(campaign, lead):
    with pytest.raises(CommandError, match="No campaign has a dataset repository"):
        run("push_crowd", lead)
    Campaign.objects.update(hub_repo="lab/new")
    with pytest.raises(CommandError, match="set HF_TOKEN"):
        run("push_crowd", lead)
