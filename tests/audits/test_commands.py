from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audits.models import BaseModel, Dataset
from tests.factories import House

from . import factories


def test_generating_a_data_set_with_its_base_model(db, capsys):
    factories.admin()
    call_command("generate_audit_data", seed=7, verbosity=0)
    dataset = Dataset.objects.get()
    assert dataset.title == "Generated comments (demo, seed 7)"
    assert dataset.project is None
    assert dataset.comments.count() == 400
    assert BaseModel.objects.fitted().get().seed == 7
    said = capsys.readouterr().out
    assert f"checksum {factories.made().checksum()}" in said
    assert "Held out 7 raters" in said


def test_csv_files_are_imported_into_a_project(house: House, tmp_path: Path, capsys):
    call_command("generate_audit_data", csv=tmp_path, verbosity=0)
    assert not Dataset.objects.exists()
    call_command(
        "import_audit_data",
        comments=tmp_path / "comments.csv",
        ratings=tmp_path / "ratings.csv",
        raters=tmp_path / "raters.csv",
        title="Imported",
        project=house.project.pk,
        actor=house.lead.email,
        verbosity=0,
    )
    dataset = Dataset.objects.get()
    assert (dataset.project, dataset.title) == (house.project, "Imported")
    assert dataset.raters.count() == 60
    assert "9 topics, 400 comments, 60 raters" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"project": 10**6}, "There is no project 1000000"),
        ({"actor": "nobody@example.org"}, "no active nobody@example.org"),
        ({"actor": "annotator@example.org"}, "Only a manager of the project"),
        ({"comments": Path("nowhere.csv")}, "nowhere.csv: No such file or directory"),
        ({"scale_max": 11}, "The scale ends at 1 to 10"),
    ],
)
def test_imports_that_cannot_be(house: House, tmp_path: Path, options, says):
    call_command("generate_audit_data", csv=tmp_path, verbosity=0)
    files = {name: tmp_path / f"{name}.csv" for name in ("comments", "ratings", "raters")}
    with pytest.raises(CommandError, match=says):
        call_command("import_audit_data", **files | {"title": "Imported", "verbosity": 0} | options)
    assert not Dataset.objects.exists()
