"""Two worlds that differ only in what the reader must not know answer every question alike."""

from os.path import commonprefix

import pytest

from .walk import Answer, Question, all_questions, answers_to, filtered, in_parts, naming, part_of, reads
from .world import NOBODYS, REAL_ID, WORDS

pytestmark = pytest.mark.timeout(300)


def differing(
    questions: list[Question], one: dict[Question, Answer], other: dict[Question, Answer]
) -> dict[str, tuple[str, str]]:
    """Question → the two answers, from where they part."""
    return {
        str(asked): parted(str(one[asked].predictable), str(other[asked].predictable))
        for asked in questions
        if one[asked].predictable != other[asked].predictable
    }


def parted(one: str, other: str) -> tuple[str, str]:
    start = max(0, len(commonprefix([one, other])) - 100)
    return one[start : start + 200], other[start : start + 200]


@in_parts
def test_annotator_gets_the_same_answers_whatever_others_did(worlds, part):
    """Counts, times, names, filters, orders and pages; also what a refused or accepted write answers."""
    with worlds.built(show_reviewer_names=False) as world:
        questions = part_of(all_questions(world), part)
        crowded = answers_to(questions, world.annotator, worlds.later_ids)
    with worlds.built(show_reviewer_names=False, others_work=False) as world:
        alone = answers_to(questions, world.annotator, worlds.later_ids)

    assert differing(questions, crowded, alone) == {}
    assert naming(crowded, WORDS, NOBODYS) == {}
    assert [str(asked) for asked in questions if crowded[asked].status == 500] == []


@pytest.mark.slow  # its places one by one: tests/api/test_hidden_reviewer.py
@in_parts
def test_annotator_does_not_learn_who_reviewed_them(worlds, part):
    """Where the project does not show the names of reviewers."""
    assert told_apart(worlds, part, "annotator", "signer", show_reviewer_names=False) == {}


@in_parts
def test_another_reviewer_does_not_learn_whose_rejection_is_contested(worlds, part):
    assert told_apart(worlds, part, "reviewer3", "rejecter") == {}


def told_apart(worlds, part: int, reader: str, role: str, **settings) -> dict[str, tuple[str, str]]:
    """The questions whose answers differ with the person in this role."""
    with worlds.built(**settings) as world:
        about_people = [asked for asked in filtered(world) if REAL_ID.search(asked.address)]
        questions = part_of([*reads(world, pages=False), *about_people], part)
        one = answers_to(questions, getattr(world, reader), worlds.later_ids)
    with worlds.built(**{role: "reviewer2"}, **settings) as world:
        other = answers_to(questions, getattr(world, reader), worlds.later_ids)
    return differing(questions, one, other)
