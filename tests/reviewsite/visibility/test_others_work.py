"""Two worlds that differ only in what the reader must not know answer every question alike."""

import pytest

from .walk import Answer, Question, all_questions, answers_to

pytestmark = pytest.mark.timeout(300)


def differing(
    questions: list[Question], one: dict[Question, Answer], other: dict[Question, Answer]
) -> list[str]:
    return [str(asked) for asked in questions if one[asked].predictable != other[asked].predictable]


def test_annotator_gets_the_same_answers_whatever_others_did(worlds):
    """Counts, times, names, filters, orders and pages; also what a refused or accepted write answers."""
    with worlds.built(show_reviewer_names=False) as world:
        questions = all_questions(world)
        crowded = answers_to(questions, world.annotator, worlds.later_ids)
    with worlds.built(show_reviewer_names=False, others_work=False) as world:
        alone = answers_to(questions, world.annotator, worlds.later_ids)

    assert differing(questions, crowded, alone) == []
    assert [str(asked) for asked in questions if crowded[asked].status == 500] == []
