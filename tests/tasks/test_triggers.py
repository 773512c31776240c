"""The triggers that models declare are the ones the database has."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from reviews.models import Review
from tasks import triggers
from tasks.models import Annotation, History
from tasks.triggers import append_only

pytestmark = pytest.mark.django_db


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_has_what_the_models_declare():
    assert triggers.differences() == []


def test_every_append_only_model_declares_its_trigger():
    guarded = {model.__name__ for model, trigger in triggers.declared() if trigger.name == "append_only"}

    assert guarded == {"History", "LabelConfigVersion", "Review", "Dispute", "Correction", "FinalPick"}


def test_a_trigger_may_guard_the_table_of_a_lower_app():
    tables = {trigger.name: model for model, trigger in triggers.declared("reviews")}

    assert tables["verdict_matches_review_changed"] is Annotation


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DROP TRIGGER append_only ON reviews_review", "trigger append_only of reviews_review is missing"),
        (
            "ALTER TABLE tasks_history DISABLE TRIGGER append_only",
            "trigger append_only of tasks_history is disabled",
        ),
        (
            "COMMENT ON TRIGGER append_only ON tasks_history IS 'of an earlier release'",
            "trigger append_only of tasks_history is not as declared",
        ),
        (
            "CREATE TRIGGER extra BEFORE DELETE ON tasks_task "
            "FOR EACH ROW EXECUTE FUNCTION countersign_append_only()",
            "trigger extra of tasks_task is not declared",
        ),
    ],
)
def test_a_difference_is_named(statement, sentence):
    execute(statement)

    assert triggers.differences() == [sentence]
    with pytest.raises(CommandError, match=sentence):
        call_command("recount", check=True, verbosity=0)


def test_recount_installs_them_again(capsys):
    execute(
        "DROP TRIGGER append_only ON reviews_review; ALTER TABLE tasks_history DISABLE TRIGGER append_only"
    )

    call_command("recount", verbosity=0)

    assert "trigger append_only of tasks_history is disabled" in capsys.readouterr().out
    assert triggers.differences() == []


def test_columns_come_from_the_model():
    declared = append_only("undone_by", "superseded_by")

    assert "countersign_append_only('{undone_by_id,superseded_by_id}')" in declared.create(Review)


def test_a_changed_declaration_has_another_fingerprint():
    assert append_only("comment").fingerprint(History) != append_only().fingerprint(History)
