"""No answer names anybody whom its reader may not know."""

from typing import Any

import pytest

from .walk import answers_to, naming, reads, writes
from .world import NOBODYS, REAL_ID, REAL_NAME, WORDS

pytestmark = pytest.mark.timeout(300)


def test_reviewer_of_anonymous_work_reads_only_their_own_name(worlds):
    """In bodies, headers, file names and refusals, of every method."""
    with worlds.built(anonymize_annotations=True) as world:
        reader = named_alone(world.reviewer3)
        answers = answers_to([*reads(world), *writes(world)], reader, worlds.later_ids)

    assert naming(answers, REAL_ID, REAL_NAME, NOBODYS, but=(reader.pk, reader.email)) == {}
    # So that it is not the walk that looks nowhere.
    assert len(naming(answers, WORDS)) > 10


def test_lead_reads_nothing_of_other_projects_and_no_draft(worlds):
    with worlds.built() as world:
        questions = [*reads(world, pages=False), *reads(world, admin=True)]
        answers = answers_to(questions, world.lead, worlds.later_ids)

    assert naming(answers, NOBODYS) == {}
    assert len(naming(answers, REAL_NAME)) > 50


def test_stranger_reads_nothing_at_all(worlds):
    with worlds.built() as world:
        reader = named_alone(world.stranger)
        answers = answers_to(reads(world, pages=False), reader, worlds.later_ids)

    assert naming(answers, REAL_ID, REAL_NAME, WORDS, NOBODYS, but=(reader.pk, reader.email)) == {}


def named_alone(reader: Any) -> Any:
    """Whose names, initials and phone number are those of nobody else."""
    reader.first_name, reader.last_name, reader.phone = "Own", "Self", ""
    reader.save(update_fields=["first_name", "last_name", "phone"])
    return reader
