"""manage.py import_labelstudio"""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tasks.models import Project, Task
from tests import factories
from users.models import User

pytestmark = pytest.mark.django_db

DATA = Path("devserver/demo/data")
SENTIMENT = str(DATA / "label-studio-export-sentiment.json")
DESCRIBED = str(DATA / "label-studio-project-sentiment.json")
USERS = str(DATA / "label-studio-users.json")


@pytest.fixture
def lead() -> User:
    return factories.person("lead", may_create_projects=True)


def run(*arguments: Any, **options: Any) -> str:
    out = io.StringIO()
    call_command("import_labelstudio", *map(str, arguments), stdout=out, verbosity=0, **options)
    return out.getvalue()


def test_project_file_makes_the_project_once(lead):
    mira = factories.person("mira", email="mira.holt@example.com")

    first, second = (
        run(SENTIMENT, "--project", DESCRIBED, "--users", USERS, "--as", lead.email) for _ in range(2)
    )

    project = Project.objects.get()
    assert (project.title, project.maximum_annotations, project.created_by) == ("Short opinions", 2, lead)
    assert "48 tasks, 106 annotations, 0 predictions, 0 reviews" in first
    assert "48 tasks existed already and were skipped" in second
    assert mira.annotations.count() == 31


@pytest.mark.parametrize("named", ["pk", "title"])
def test_project_is_named_by_id_or_title(lead, named):
    project = factories.project(lead=lead)

    run(SENTIMENT, "--project", getattr(project, named), "--as", "LEAD@example.org")

    assert Task.objects.filter(project=project).count() == 48


def test_administrator_imports_by_default(lead):
    factories.person("owner", is_superuser=True)

    run(SENTIMENT, "--project", factories.project(lead=lead).pk)

    assert Task.objects.count() == 48


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.json", "--project", "{0}", "--as", "lead@example.org"], "nowhere.json: No such file"),
        (
            [SENTIMENT, "--project", "Numbers", "--as", "lead@example.org"],
            "manages no projects called 'Numbers'",
        ),
        (
            [SENTIMENT, "--project", "{0}", "--as", "nobody@example.org"],
            "There is no active nobody@example.org",
        ),
        ([SENTIMENT, "--project", "{0}"], "There is no active owner or administrator"),
        ([SENTIMENT, "--project", SENTIMENT, "--as", "lead@example.org"], "must be an object"),
        (["Makefile", "--project", "{0}", "--as", "lead@example.org"], "Makefile: its format is unknown"),
    ],
)
def test_errors_are_sentences(lead, arguments, words):
    project = factories.project(lead=lead)

    with pytest.raises(CommandError, match=words):
        run(*(argument.format(project.pk) for argument in arguments))

    assert not Task.objects.exists()


def test_bad_task_is_named(lead, tmp_path):
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps([{"text": "a"}, {"data": 1, "annotations": []}]))

    with pytest.raises(CommandError, match="task 2: data: must be an object, not 1."):
        run(file, "--project", factories.project(lead=lead).pk, "--as", lead.email)
