"""No answer names anybody whom its reader may not know."""

from typing import Any

import pytest

from .walk import answers_to, in_parts, naming, part_of, reads, writes
from .world import NOBODYS, REAL_ID, REAL_NAME, WORDS

pytestmark = pytest.mark.timeout(300)


@in_parts
def test_reviewer_of_anonymous_work_reads_only_their_own_name(worlds, part):
    """In bodies, headers, file names and refusals, of every method."""
    with worlds.built(anonymize_annotations=True) as world:
        reader = named_alone(world.reviewer3)
        questions = part_of([*reads(world), *writes(world)], part)
        answers = answers_to(questions, reader, worlds.later_ids)

    assert naming(answers, REAL_ID, REAL_NAME, NOBODYS, but=(reader.pk, reader.email)) == {}
    # So that it is not the walk that looks nowhere.
    assert len(naming(answers, WORDS)) > 3


@in_parts
def test_lead_reads_nothing_of_other_projects_and_no_draft(worlds, part):
    with worlds.built() as world:
        questions = part_of([*reads(world, pages=False), *reads(world, admin=True)], part)
        answers = answers_to(questions, world.lead, worlds.later_ids)

    assert naming(answers, NOBODYS) == {}
    assert len(naming(answers, REAL_NAME)) > 20


@in_parts
def test_stranger_reads_nothing_at_all(worlds, part):
    with worlds.built() as world:
        reader = named_alone(world.stranger)
        answers = answers_to(part_of(reads(world, pages=False), part), reader, worlds.later_ids)

    assert naming(answers, REAL_ID, REAL_NAME, WORDS, NOBODYS, but=(reader.pk, reader.email)) == {}


def named_alone(reader: Any) -> Any:
    """Whose names, initials and phone number are those of nobody else."""
    reader.first_name, reader.last_name, reader.phone = "Own", "Self", ""
    reader.save(update_fields=["first_name", "last_name", "phone"])
    return reader
