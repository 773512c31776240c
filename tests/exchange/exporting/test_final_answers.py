"""Exports of answers: one annotation for each task that has one, and a count of the others."""

import json

import pytest

from tests.factories import annotation, client_of, reviewed, task


@pytest.fixture
def answers(house) -> dict[str, tuple[int, int]]:
    """Final state → (task, its answer or 0): each once, and a second task without any work."""
    other = annotation(house.task, house.annotator2)
    reviewed(other, house.reviewer)
    conflicting = task(house.project)
    for author, said in ((house.annotator, "A"), (house.annotator2, "B")):
        reviewed(annotation(conflicting, author, said), house.reviewer)
    waiting = task(house.project)
    annotation(waiting, house.annotator)
    task(house.project)
    return {
        "gold": (house.task.pk, other.pk),
        "conflict": (conflicting.pk, 0),
        "not_reviewed": (waiting.pk, 0),
    }


def exported(house, query: str, who: str = "lead"):
    answer = client_of(getattr(house, who)).get(f"/api/projects/{house.project.pk}/export?{query}")
    return answer, b"".join(answer.streaming_content)


def test_only_final_gives_one_annotation_per_answered_task_and_counts_the_rest(house, answers):
    answer, body = exported(house, "only=final")

    given = [
        (row["id"], [a["id"] for a in row["annotations"]], row["final_annotation"], row["final_state"])
        for row in json.loads(body)
    ]
    answered, final = answers["gold"]
    assert given == [(answered, [final], final, "gold")]
    assert answer["X-Tasks-Included"] == "1"
    assert answer["X-Tasks-Left-Out"] == "conflict=1, not_reviewed=2"


def test_what_was_not_asked_for_is_not_left_out(house, answers):
    answer, body = exported(house, f"only=final&ids={answers['gold'][0]}")

    assert (len(json.loads(body)), answer["X-Tasks-Left-Out"]) == (1, "0")


def test_a_table_of_answers_has_one_row_each(house, answers):
    _, body = exported(house, "only=final&exportType=CSV")

    assert len(body.decode().strip().splitlines()) == 2


def test_whole_exports_say_the_answer_and_leave_out_nothing(house, answers):
    answer, body = exported(house, "")

    assert {row["id"]: row["final_annotation"] for row in json.loads(body)} == {
        pk: final or None for pk, final in answers.values()
    }
    assert "X-Tasks-Left-Out" not in answer


def test_only_something_else_is_refused(house):
    answer = client_of(house.lead).get(f"/api/projects/{house.project.pk}/export?only=gold")

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_only")


@pytest.mark.parametrize(
    ("final", "states"), [("only", ["gold"]), ("exclude", ["conflict", "not_reviewed", "not_reviewed"])]
)
def test_saved_exports_include_answers_or_tasks_without_one(
    house, answers, final, states, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    client, at = client_of(house.lead), f"/api/projects/{house.project.pk}/exports/"

    made = client.post(at, {"task_filter_options": {"final": final}}).json()
    rows = json.loads(b"".join(client.get(f"{at}{made['id']}/download").streaming_content))

    assert [row["final_state"] for row in rows] == states
    numbers = {"task_number": len(states), "annotation_number": 1 if final == "only" else 3}
    left_out = {"left_out": {"conflict": 1, "not_reviewed": 2}} if final == "only" else {}
    assert made["counters"] == numbers | left_out
