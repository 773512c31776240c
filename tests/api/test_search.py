"""`search=` and `ids=` of the task list."""

import pytest
from django.db import connection

from reviews import comments
from reviews.models import Comment
from tasks.models import TaskText
from tasks.search import query_for, words_of
from tasks.services import tasks
from tests.factories import annotation, client_of, project, task


def found(house, user, **asked) -> list[int]:
    answer = client_of(user).get("/api/tasks/", {"project": house.project.pk, **asked})
    assert answer.status_code == 200, answer.json()
    return [row["id"] for row in answer.json()["tasks"]]


@pytest.mark.parametrize(
    "words",
    [
        "quick fox",
        "FOX",
        "bro",  # the beginning of a word
        "nested",
        "4711",
        "a.b+c@example.org",
        "标注",  # characters in the middle of a sentence
        "标注的质量",
        "データ",
        "한국",
        "ภาษา",
        "fox 质量",
    ],
)
def test_a_task_is_found_by_its_texts(house, words):
    data = {
        "text": "The quick brown fox wrote to a.b+c@example.org",
        "zh": "我们检查标注的质量。",
        "ja": "データの品質",
        "ko": "한국어 문장",
        "th": "ทดสอบภาษาไทย",
        "more": [{"deep": "nested"}],
        "order": 4711,
        "image": "data:image/png;base64,hidden",
    }
    wanted = task(house.project, **data)

    assert found(house, house.lead, search=words) == [wanted.pk]


@pytest.mark.parametrize(
    "words", ["hidden", "zh", "质量标", "rown", "fox cat", "' & !", "fox:*|a", "\\", "!!"]
)
def test_what_is_no_part_of_its_texts_finds_nothing(house, words):
    task(house.project, text="The quick brown fox", zh="标注的质量", image="data:image/png;base64,hidden")

    assert found(house, house.lead, search=words) == []


def test_a_task_is_found_by_every_id_and_by_its_annotations(house):
    wanted = tasks.create(house.project, actor=house.lead, data={"text": "x"}, external_id="ORDER 9")
    made = annotation(wanted, house.annotator)
    names = [wanted.pk, "ORDER 9", wanted.unique_id, made.pk]

    assert all(wanted.pk in found(house, house.lead, search=name) for name in names)
    assert found(house, house.annotator2, search=made.pk + 10**6) == []


def test_changed_data_is_found_by_its_new_words_only(house):
    tasks.update(house.task.pk, {"data": {"text": "Another word"}}, actor=house.lead)

    assert found(house, house.lead, search="another") == [house.task.pk]
    assert found(house, house.lead, search="letter") == []


def test_comments_are_searched_by_those_who_may_read_them(house):
    comments.create(house.annotation, "Bitte nachmessen", actor=house.reviewer)

    by = {user.first_name: found(house, user, search="nachmessen") for user in (house.lead, house.annotator)}
    assert by == {"Lead": [house.task.pk], "Annotator": [house.task.pk]}
    assert found(house, house.annotator2, search="nachmessen") == []


def test_other_projects_are_not_searched(house):
    elsewhere = project(title="Other")
    task(elsewhere, text="A letter elsewhere")

    assert client_of(house.reviewer).get("/api/tasks/?search=elsewhere").json()["tasks"] == []


def test_a_search_that_is_too_long_is_refused(house):
    answer = client_of(house.lead).get("/api/tasks/", {"search": "x" * 201})

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["search"])


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (TaskText.objects.filter(words=query_for("letter")), "task_text_words"),
        (Comment.objects.alias(words=words_of("text")).filter(words=query_for("letter")), "comment_words"),
    ],
)
def test_searches_use_an_index(db, rows, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")

    assert index in rows.order_by().explain()


def test_ids_are_a_batch(house):
    made = [task(house.project, text=str(number)) for number in range(3)]
    asked = f"{made[2].pk},{made[0].pk},{10**9}"
    others = annotation(made[0], house.annotator)

    assert found(house, house.lead, ids=asked) == [made[0].pk, made[2].pk]
    rows = client_of(house.annotator).get(f"/api/annotations/?ids={house.annotation.pk},{others.pk}").json()
    assert [row["id"] for row in rows["results"]] == [house.annotation.pk, others.pk]
    assert client_of(house.annotator2).get(f"/api/annotations/?ids={others.pk}").json()["results"] == []
    assert client_of(house.lead).get("/api/tasks/?ids=1,x").status_code == 400
