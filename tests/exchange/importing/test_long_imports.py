"""Imports by a job: all of the file or nothing, whatever happens to the worker."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from exchange.importing import importer, long_imports, publishing
from jobs import runner, running
from jobs.models import Job
from tasks.models import Annotation, History, Import, Task
from tasks.services.tasks import next_inner_ids
from tests.factories import annotation, build_house, client_of, result
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
FIVE = [
    {"data": {"text": str(n)}, "annotations": [{"result": result(), "completed_by": 4}]} for n in range(5)
]


@pytest.fixture
def house():
    return build_house()


@pytest.fixture(autouse=True)
def sent(monkeypatch, settings, tmp_path) -> list[int]:
    """The jobs that a worker was asked for. Three tasks are many here, and are written two by two."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(long_imports, "REQUEST_LIMIT", 2)
    monkeypatch.setattr(importer, "BATCH", 2)
    monkeypatch.setattr(running, "REPORT_SECONDS", 0)
    messages: list[int] = []
    monkeypatch.setattr(runner, "send", messages.append)
    return messages


def job() -> Job:
    return Job.objects.get(kind=long_imports.KIND)


def run_step() -> None:
    runner.run_step(job().pk)


def run_job() -> None:
    """All its steps, and those of the job that removes what a stopped import has written."""
    for kind in (long_imports.KIND, long_imports.REMOVAL):
        for one in Job.objects.filter(kind=kind):
            for _ in range(10):
                runner.run_step(one.pk)


def post(house, tasks: Any = FIVE, query: str = "") -> dict:
    answer = client_of(house.lead).post(f"/api/projects/{house.project.pk}/import{query}", tasks)
    assert answer.status_code == 201, answer.json()
    return answer.json()


@pytest.fixture
def begun(house) -> int:
    return post(house)["import"]


def state(house, pk: int) -> dict:
    return client_of(house.lead).get(f"/api/imports/{pk}/").json()


def imported() -> int:
    return Task.objects.exclude(imported_by=None).filter(deleted_at=None).count()


def nothing_is_left() -> bool:
    traces = (
        Task.objects.exclude(imported_by=None),
        Annotation.objects.exclude(imported_by=None),
        History.objects.filter(action="imported"),
        User.objects.filter(email__contains="placeholder"),
        Import.objects.exclude(reserved_until=None),
    )
    return not any(rows.exists() for rows in traces) and not long_imports.folder_of(job()).exists()


def elsewhere(act: Callable[[], Any]) -> None:
    """On a connection of its own, as another process would."""

    def closing() -> None:
        act()
        connection.close()

    thread = threading.Thread(target=closing)
    thread.start()
    thread.join()


def meanwhile(monkeypatch, act: Callable[[], Any], *, at: int = 2) -> None:
    """Do something once so many tasks are written, before the next batch."""
    report = running.LeasedJob.report_progress

    def reporting(self: running.LeasedJob, done: int, total: int | None = None, sentence: str = "") -> None:
        report(self, done, total, sentence)
        if done == at:
            act()

    monkeypatch.setattr(running.LeasedJob, "report_progress", reporting)


def test_long_file_is_answered_with_a_job(house, sent):
    body = post(house, query="?return_task_ids=true")

    pk = Import.objects.get().pk
    unknown = ("task_count", "annotation_count", "prediction_count", "duration", "report", "task_ids")
    assert body == dict.fromkeys(unknown) | {
        "file_upload_ids": [],
        "could_be_tasks_list": False,
        "found_formats": [],
        "data_columns": [],
        "import": pk,
        "job": {"id": job().pk, "status": "created", "url": f"/api/imports/{pk}/"},
    }
    assert (sent, imported(), state(house, pk)["status"]) == ([job().pk], 0, "created")


def test_short_file_is_imported_within_the_request(house, sent):
    body = post(house, FIVE[:2])

    assert (body["task_count"], body["job"], sent) == (2, None, [])
    assert state(house, body["import"]) | {"report": 0, "created_at": 0, "finished_at": 0} == {
        "id": body["import"],
        "project": house.project.pk,
        "name": "",
        "created_by": house.lead.pk,
        "taken_back_at": None,
        "status": "completed",
        "error": None,
        "error_code": None,
        "errors": [],
        "created_at": 0,
        "finished_at": 0,
        "done": 2,
        "total": 2,
        "task_count": 2,
        "annotation_count": 2,
        "prediction_count": 0,
        "report": 0,
    }


def test_worker_imports_the_file(house, begun):
    run_job()

    body = state(house, begun)
    assert (body["status"], body["done"], body["total"], body["task_count"]) == ("completed", 5, 5, 5)
    assert (body["annotation_count"], imported(), Annotation.objects.count()) == (5, 5, 6)
    assert not long_imports.folder_of(job()).exists()
    listed = client_of(house.lead).get(f"/api/projects/{house.project.pk}/imports/{begun}/").json()
    assert (listed["status"], len(listed["task_ids"])) == ("completed", 5)


def test_users_sent_beside_the_file_are_used(house):
    post(house, {"tasks": FIVE, "users": {"4": house.annotator.email}})

    run_job()

    assert set(Annotation.objects.values_list("completed_by", flat=True)) == {house.annotator.pk}


def test_message_delivered_twice_imports_once(house, begun):
    run_job()
    run_job()

    assert imported() == 5


def test_progress_is_visible_and_tasks_are_not(house, begun, monkeypatch):
    seen: list[tuple] = []

    def look() -> None:
        seen.append((job().state, job().done, job().total, job().sentence, imported()))

    meanwhile(monkeypatch, lambda: elsewhere(look))
    run_job()

    assert seen == [("running", 2, 5, "2 of 5 tasks written", 0)]


def test_error_in_the_file_fails_the_import(house):
    pk = post(house, [*FIVE, {"data": {}, "annotations": [{"completed_by": True}]}])["import"]

    run_job()

    body = state(house, pk)
    assert (body["status"], body["error_code"], body["task_count"]) == ("failed", "invalid_import", 0)
    assert body["error"].startswith("task 6: annotations[0].completed_by:")
    assert nothing_is_left()


def test_former_manager_imports_nothing(house, begun):
    User.objects.filter(pk=house.lead.pk).update(is_active=False)

    run_job()

    assert (job().error["code"], nothing_is_left()) == ("permission_denied", True)


def test_lost_connection_costs_one_step(house, begun, monkeypatch, sent):
    monkeypatch.setattr(running, "STEP_SECONDS", 0)  # a batch for each step
    run_step()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        mine = cursor.fetchone()[0]
    lost: list[int] = []

    def die() -> None:
        if not lost:
            lost.append(mine)
            elsewhere(lambda: connection.cursor().execute("SELECT pg_terminate_backend(%s, 5000)", [mine]))

    meanwhile(monkeypatch, die, at=4)
    run_step()
    run_step()
    connection.close()
    assert (job().state, job().attempts, job().cursor["written"], imported()) == ("running", 1, 2, 0)

    long_ago = timezone.now() - timedelta(minutes=2)
    Job.objects.update(lease_until=long_ago, queued_at=long_ago)
    runner.sweep()
    run_job()

    assert (imported(), job().state, Task.objects.count()) == (5, "succeeded", 6)
    assert sorted(Task.objects.values_list("inner_id", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_import_that_kills_its_workers_fails(house, begun):
    Job.objects.update(attempts=runner.MAX_ATTEMPTS, state="running")

    run_job()

    assert (state(house, begun)["error_code"], nothing_is_left()) == ("worker_lost", True)


def test_second_worker_leaves_it_to_the_first(house, begun, monkeypatch):
    run_step()
    meanwhile(monkeypatch, lambda: elsewhere(run_step))

    run_job()

    assert (imported(), Task.objects.count()) == (5, 6)


def test_running_import_is_not_sent_again(house, begun, sent):
    runner.sweep()

    assert sent == [job().pk]


def test_missing_file_fails_the_import(house, begun):
    (long_imports.folder_of(job()) / "0").unlink()

    run_job()

    assert state(house, begun)["error_code"] == "file_lost"


# --- stopping it --------------------------------------------------------------------------------------


def stop(house, pk: int) -> int:
    return client_of(house.lead).delete(f"/api/imports/{pk}/").status_code


def test_queued_import_can_be_cancelled(house, begun):
    assert stop(house, begun) == 204
    run_job()

    body = state(house, begun)
    assert (body["status"], body["error_code"], nothing_is_left()) == ("failed", "cancelled", True)


def test_running_import_can_be_cancelled(house, begun, monkeypatch):
    meanwhile(monkeypatch, lambda: elsewhere(lambda: stop(house, begun)))

    run_job()

    assert (state(house, begun)["error_code"], nothing_is_left()) == ("cancelled", True)


def test_import_stopped_between_two_steps_leaves_nothing(house, begun, monkeypatch):
    monkeypatch.setattr(running, "STEP_SECONDS", 0)
    run_step()
    run_step()
    assert Task.objects.filter(is_staged=True).count() == 2

    assert stop(house, begun) == 204
    run_job()

    assert (state(house, begun)["error_code"], nothing_is_left()) == ("cancelled", True)
    assert next_inner_ids_of(house) == 2


def next_inner_ids_of(house) -> int:
    with transaction.atomic():
        return next_inner_ids(house.project, 1)[0]


def test_complete_import_is_removed(house, begun):
    run_job()
    annotation(Task.objects.latest("pk"), house.annotator)

    assert stop(house, begun) == 400
    assert client_of(house.lead).delete(f"/api/imports/{begun}/?force=true").status_code == 204
    assert Task.objects.filter(deleted_at=None).get() == house.task


@pytest.mark.parametrize(
    ("who", "status"), [("admin", 200), ("reviewer", 403), ("annotator", 403), ("stranger", 404)]
)
def test_only_managers_see_the_progress(house, begun, who, status):
    client = client_of(getattr(house, who))

    assert client.get(f"/api/imports/{begun}/").status_code == status
    if status != 200:
        assert client.delete(f"/api/imports/{begun}/").status_code == status
        assert job().cancel_requested_at is None


def test_statements_are_planned_for_the_rows_of_a_large_import(house, monkeypatch):
    monkeypatch.setattr(publishing, "ANALYZE_FROM", 5)
    post(house)
    run_job()
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'tasks_annotation'")
        assert cursor.fetchone() == (Annotation.objects.count(),)
