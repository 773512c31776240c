"""Files that are not a list of tasks, and files longer than the window."""

import pytest

from tasks.errors import Refused
from tasks.models import Import, Task
from tests.exchange.importing.files import answer, load, task_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"   ",
        b"no json",
        b"7",
        b'"text"',
        b"null",
        b"[]",
        b"{}",
        b'{"tasks": 7}',
        b'{"tasks": []}',
        b'[{"text": "a"}',
        b'[{"text": "a"},]',
        b'[{"text": "a"}] tail',
        b'[{"text": "a}]',
        b'[{"text": "a"} {"text": "b"}]',
        b'[{"text": "\xff"}]',
        b"[1]",
        b"[[]]",
        b'[{"annotations": []}]',
        b'{"tasks": [{"text": "a"}], "users": 7}',
        b'{"tasks": [{"text": "a"}], "users": {"me": "a@b.org"}}',
        b'{"tasks": [{"text": "a"}], "users": {"4": "nobody"}}',
        b"[" * 1_000_000,
        b'{"a":' * 300_000,
    ],
    ids=lambda raw: repr(raw[:30]),
)
def test_file_without_a_list_of_tasks_is_refused(project, raw):
    with pytest.raises(Refused) as refused:
        load(raw, project)

    assert refused.value.status == 400
    assert not Task.objects.exists() and not Import.objects.exists()


def test_file_longer_than_the_window_is_read_through(project, monkeypatch):
    for module in ("json_stream", "text_stream"):
        monkeypatch.setattr(f"exchange.importing.{module}.CHUNK", 16)
    body = [
        task_of(answer(lead_time=12345.5), data={"text": 'ünïcödé 😀 \\ " ' * 20, "n": 123456})
        for _ in range(3)
    ]

    load(body, project)

    assert [task.data for task in Task.objects.order_by("id")] == [task["data"] for task in body]
