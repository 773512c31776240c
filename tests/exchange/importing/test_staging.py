"""While an import is written nobody sees anything of it, and nobody waits for it."""

import json
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone

from exchange.importing import importer, long_imports, publishing, writer
from jobs import runner, running
from jobs.models import Job
from reviews import sampling
from reviews.models import QueueEntry
from reviews.purging import purge
from tasks.models import Annotation, Import, Task
from tasks.services import projects
from tasks.totals import totals_of
from tests.exchange.importing.files import UUIDS, answer, review, task_of
from tests.factories import House, browser_of, build_house, client_of, skipped
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

SIGNED = review(created_by={"email": "poison@example.org"})
TASKS = [
    task_of(answer(completed_by=4, reviews=[SIGNED], unique_id=UUIDS[n]), external_id=f"poison-{n}")
    for n in range(4)
]
NAMES = [task["external_id"] for task in TASKS]
TASKS[3]["predictions"] = [{"result": [], "model_version": "poison"}]


@pytest.fixture
def house() -> House:
    return build_house()


@pytest.fixture(autouse=True)
def jobs_by_hand(monkeypatch, settings, tmp_path) -> None:
    """Three tasks are many, and are written two by two, each batch in a step of its own."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(long_imports, "REQUEST_LIMIT", 3)
    monkeypatch.setattr(importer, "BATCH", 2)
    monkeypatch.setattr(running, "STEP_SECONDS", 0)
    monkeypatch.setattr(runner, "send", lambda job_id: None)


def post(house: House, tasks: list[dict[str, Any]] = TASKS, query: str = "") -> dict[str, Any]:
    sent = client_of(house.lead).post(f"/api/projects/{house.project.pk}/import{query}", tasks)
    assert sent.status_code in (200, 201), sent.json()
    return sent.json()


def step(times: int = 1) -> Job:
    for _ in range(times):
        runner.run_step(Job.objects.get(kind=long_imports.KIND).pk)
    return Job.objects.get(kind=long_imports.KIND)


WRITTEN = 3  # steps: begin, and two batches


@pytest.fixture
def staged(house: House) -> House:
    """Everything is written, and nothing visible yet."""
    post(house)
    assert step(WRITTEN).cursor["written"] == len(TASKS)
    assert Task.objects.filter(is_staged=True).count() == len(TASKS)
    return house


def in_another_process(act: Callable[[], Any]) -> list[Any]:
    """On a connection of its own, which waits for no lock longer than a moment."""
    found: list[Any] = []

    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '300ms'")
        try:
            found.append(act())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found


def look_once(monkeypatch, where: Any, name: str, act: Callable[[], Any]) -> list[Any]:
    """Before that function is called for the first time, `act` in another process. What it found."""
    found: list[Any] = []
    called: list[str] = []
    real = getattr(where, name)

    def looking(*args: Any, **kwargs: Any) -> Any:
        called.append(name)
        if len(called) == 1:
            found.extend(in_another_process(act))
        return real(*args, **kwargs)

    monkeypatch.setattr(where, name, looking)
    return found


def no_drift() -> None:
    call_command("recount", check=True, verbosity=0)


# --- nobody sees it -----------------------------------------------------------------------------


MORE = (
    "export?exportType=JSON&download_all_tasks=true",
    "export?exportType=JSON&changed_since=2020-01-01T00:00:00Z",
    "export?exportType=CSV",
    "user-stats/review_score",
    "review-queue/next",
    "next",
)
# What is about the import itself, and what is new each time.
NOT_READ = ("job", "import", "session", "apitoken", "logentry", "token", "queueentry")
INSTANTS = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?|csrf[^>]*>|nonce=\"[^\"]*\"|[0-9]+ ms|seconds\":\s*[0-9.]+"
    # The clock of the admin's lists: "9:41 a.m."
    r"|[0-9:]+ [ap]\.m\.|noon|midnight"
    r"|gAAAAA[\w=-]+"  # a cursor: encrypted anew each time
)


def paths_of(project: int) -> set[str]:
    """Every route of the API without an id, or with that of the project, and all lists of the admin."""
    names = [name for name in get_resolver().reverse_dict if isinstance(name, str)]
    found = {f"/api/projects/{project}/{more}" for more in MORE}
    for name in names:
        for ids in ({}, {"pk": project}, {"project_pk": project}):
            with suppress(NoReverseMatch):
                path = reverse(name, kwargs=ids)
                if not ids or path.startswith(f"/api/projects/{project}/"):
                    found |= {path} if ids else {path, f"{path}?project={project}"}
    models = [model._meta for model in admin.site._registry]
    lists = {reverse(f"admin:{model.app_label}_{model.model_name}_changelist") for model in models}
    paths = {path for path in found if path.startswith("/api/")} | lists
    return {path for path in paths if not any(f"/{name}" in path for name in NOT_READ)}


def read_everything(house: House) -> dict[str, str]:
    """What the owner reads at every route that has something to read."""
    client, browser = client_of(house.admin), browser_of(house.admin)
    texts = {}
    for path in sorted(paths_of(house.project.pk)):
        answer = (browser if path.startswith("/admin/") else client).get(path)
        if answer.status_code == 200:
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            texts[path] = INSTANTS.sub("", content.decode())
    return texts


def test_nothing_is_visible_before_everything_is(house):
    of = house.project.pk
    for made in (f"projects/{of}/review-queue/next", f"projects/{of}/next", f"dm/views?project={of}"):
        client_of(house.admin).get(f"/api/{made}")  # the first who looks gets a place, or a tab
    before = read_everything(house)
    post(house)
    step(WRITTEN)

    staged = read_everything(house)

    assert len(staged) > 60
    assert list(QueueEntry.objects.values_list("annotation", flat=True)) == [house.annotation.pk]
    for path, text in staged.items():
        assert (path, text) == (path, before[path])
    step()
    assert len(client_of(house.admin).get("/api/tasks/").json()["tasks"]) == 1 + len(TASKS)
    no_drift()


def test_a_staged_task_is_not_found_by_its_id(staged):
    task = Task.objects.filter(is_staged=True).latest("pk")
    work = task.annotations.get()
    client = client_of(staged.admin)

    assert client.get(f"/api/tasks/{task.pk}/").status_code == 404
    assert client.get(f"/api/annotations/{work.pk}/").status_code == 404
    assert client.post(f"/api/annotations/{work.pk}/accept/", {}).status_code == 404
    assert client.post(f"/api/tasks/{task.pk}/annotations/", {"result": []}).status_code == 404
    assert client.post(f"/api/tasks/{task.pk}/restore/").status_code == 404
    assert client.post(f"/api/annotations/{work.pk}/restore/").status_code == 404
    assert client.delete(f"/api/tasks/{task.pk}/").status_code == 404
    person = User.objects.filter(is_staged=True).first()
    assert client.get(f"/api/users/{person.pk}/").status_code == 404
    assert client.post(f"/api/users/{person.pk}/merge/", {"into": staged.annotator.pk}).status_code == 404


def test_purge_leaves_it_alone(staged):
    purge(timezone.now() + timedelta(days=1))
    step()

    assert Task.objects.filter(deleted_at=None).count() == 1 + len(TASKS)


def test_whoever_copies_the_changes_gets_it_when_it_becomes_visible(staged):
    since = timezone.now()
    step()

    path = (
        f"/api/projects/{staged.project.pk}/export?exportType=JSON&changed_since={since:%Y-%m-%dT%H:%M:%SZ}"
    )
    exported = json.loads(b"".join(client_of(staged.lead).get(path).streaming_content))

    assert [task["external_id"] for task in exported if task["external_id"]] == NAMES


# --- nobody waits for it ------------------------------------------------------------------------


def work_on_the_project(house: House) -> list[int]:
    """Add a task, import some, annotate and accept."""
    lead, of = client_of(house.lead), house.project.pk
    answers = [
        lead.post("/api/tasks/", {"project": of, "data": {"text": "b"}}),
        lead.post(f"/api/projects/{of}/import", [task_of(answer(completed_by=4), answer(completed_by=5))]),
        client_of(house.annotator2).post(f"/api/tasks/{house.task.pk}/annotations/", {"result": []}),
        client_of(house.reviewer).post(f"/api/annotations/{house.annotation.pk}/accept/", {}),
        lead.patch(f"/api/projects/{of}/", {"title": "Another title"}),
    ]
    return [one.status_code for one in answers]


DONE = [201, 201, 201, 200, 200]


def test_others_work_while_it_is_written(house, monkeypatch):
    post(house)
    step()
    seen = look_once(monkeypatch, writer.Writer, "check", lambda: work_on_the_project(house))

    step(3)

    assert seen == [DONE]
    no_drift()
    assert sorted(Task.objects.values_list("inner_id", flat=True)) == list(range(1, 8))


def test_others_work_while_it_becomes_visible(staged, monkeypatch):
    """Until its very last statements, which take the lock on adding tasks."""
    seen = look_once(monkeypatch, publishing, "_settle", lambda: work_on_the_project(staged))

    step()

    assert (seen, Task.objects.filter(deleted_at=None).count()) == ([DONE], 3 + len(TASKS))
    no_drift()


def test_others_work_while_a_short_file_is_imported_within_its_request(house, monkeypatch):
    seen = look_once(monkeypatch, publishing, "_settle", lambda: work_on_the_project(house))

    post(house, TASKS[:3])

    assert seen == [DONE]
    no_drift()


def test_two_imports_that_update_the_same_tasks_wait_for_each_other(house, monkeypatch):
    """In whatever order their files have them."""
    post(house, TASKS[:2])
    both_inside = threading.Barrier(2)
    update = writer.update_task

    def together(*of: Any, **options: Any) -> Task:
        with suppress(threading.BrokenBarrierError):
            both_inside.wait(timeout=0.5)
        return update(*of, **options)

    monkeypatch.setattr(writer, "update_task", together)
    new = [task | {"data": {"text": "New"}} for task in TASKS[:2]]
    reports = []

    def run(tasks: list[dict]) -> None:
        reports.append(post(house, tasks, query="?on_duplicate=update")["report"])
        connection.close()

    threads = [threading.Thread(target=run, args=[tasks]) for tasks in (new, new[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [report["duplicates_updated"]["count"] for report in reports] == [2, 2]
    no_drift()


# --- several at the same moment ---------------------------------------------------------------------


ROWS = [{"text": "b"}, {"text": "c"}]


def published_together(monkeypatch, number: int, ask: Callable[[], Any]) -> list[Any]:
    """What as many requests are answered that all have written their tasks before the first shows its own."""
    all_written = threading.Barrier(number, timeout=10)
    publish = importer.publish

    def together(*of: Any) -> None:
        all_written.wait()
        publish(*of)

    monkeypatch.setattr(importer, "publish", together)
    answers: list[Any] = []

    def run() -> None:
        answers.append(ask())
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_an_uploaded_file_is_imported_once(house, monkeypatch):
    kept = post(house, ROWS, query="?commit_to_project=false")["file_upload_ids"]
    path = f"/api/projects/{house.project.pk}/reimport"

    answers = published_together(
        monkeypatch, 2, lambda: client_of(house.lead).post(path, {"file_upload_ids": kept})
    )

    assert sorted(answer.status_code for answer in answers) == [201, 400]
    assert {answer.json().get("code") for answer in answers} == {None, "already_imported"}
    assert Task.objects.exclude(pk=house.task.pk).count() == 2
    no_drift()


def test_equal_data_is_imported_once(house, monkeypatch):
    query = "?match_on=data"
    post(house, ROWS, query=f"{query}&dry_run=true")  # the tests' own check of answers is made by the first

    answers = published_together(monkeypatch, 3, lambda: post(house, ROWS, query=query))

    assert sorted(answer["task_count"] for answer in answers) == [0, 0, 2]
    assert Task.objects.exclude(pk=house.task.pk).count() == 2
    no_drift()


# --- what others did meanwhile --------------------------------------------------------------------


def test_the_same_file_sent_twice_is_imported_once(staged):
    short = post(staged, TASKS[:3])

    report = step().report

    assert (short["task_count"], report["tasks"], report["annotations"]) == (3, 1, 1)
    assert report["duplicates_skipped"]["count"] == 3
    assert Task.objects.filter(deleted_at=None).count() == 1 + len(TASKS)
    no_drift()


def test_duplicates_that_came_meanwhile_are_refused_if_asked(house):
    post(house, query="?on_duplicate=error")
    step(WRITTEN)
    post(house, TASKS[:1])

    job = step()

    assert (job.state, job.error["code"]) == ("failed", "duplicate_task")
    assert Task.objects.filter(deleted_at=None).count() == 2


def test_duplicates_that_came_meanwhile_are_updated_if_asked(house):
    post(house, [task | {"data": {"text": "New"}} for task in TASKS], query="?on_duplicate=update")
    step(WRITTEN)
    post(house, TASKS[:1])

    report = step().report

    assert (report["tasks"], report["duplicates_updated"]["count"]) == (3, 1)
    assert set(
        Task.objects.filter(external_id__startswith="poison").values_list("data__text", flat=True)
    ) == {"New"}
    no_drift()


def test_unique_id_taken_at_the_same_moment_is_replaced(house, monkeypatch):
    post(house, TASKS[:1])
    looked: list[Any] = []
    look = writer.taken_unique_ids

    def too_early(*of: Any) -> dict:
        looked.append(of)
        return {} if len(looked) == 1 else look(*of)

    monkeypatch.setattr(writer, "taken_unique_ids", too_early)
    report = post(house, [TASKS[0] | {"external_id": "another"}])["report"]

    assert (report["tasks"], report["annotations"], report["given_new_unique_id"]) == (1, 1, 1)
    assert Annotation.objects.exclude(imported_by=None).count() == 2


def test_settings_that_changed_meanwhile_hold(staged):
    changes = {"maximum_annotations": 3, "review_criteria": "all"}
    projects.update(staged.project, changes, actor=staged.lead)

    step()

    shown = Task.objects.filter(external_id__startswith="poison")
    assert set(shown.values_list("overlap", "is_labeled", "reviewed")) == {(3, False, False)}
    no_drift()


def test_sample_is_exact_afterwards(staged):
    projects.update(staged.project, {"review_task_limit_percent": 50}, actor=staged.lead)
    client_of(staged.lead).post("/api/tasks/", {"project": staged.project.pk, "data": {"text": "b"}})

    step()

    staged.project.refresh_from_db()
    assert sampling.missing(staged.project, totals_of([staged.project.pk])[staged.project.pk]) == 0
    no_drift()


# --- taking it back -------------------------------------------------------------------------------


def comment(house: House, task: Task) -> None:
    body = {"annotation": task.annotations.get().pk, "text": "Why?"}
    assert client_of(house.reviewer).post("/api/comments/", body).status_code == 201


def draft(house: House, task: Task) -> None:
    body = {"result": [], "lead_time": 1}
    assert client_of(house.annotator).post(f"/api/tasks/{task.pk}/drafts/", body).status_code == 201


@pytest.mark.parametrize("work", [comment, draft, lambda house, task: skipped(task, house.annotator)])
def test_import_with_work_of_others_is_removed_only_by_force(house, work):
    record = post(house, TASKS[:2])["import"]
    work(house, Task.objects.latest("pk"))
    url = f"/api/imports/{record}/"

    refused = client_of(house.lead).delete(url)

    assert (refused.status_code, refused.json()["code"]) == (400, "work_since_import")
    assert Task.objects.filter(deleted_at=None).count() == 3
    assert client_of(house.lead).delete(f"{url}?force=true").status_code == 204
    assert Task.objects.filter(deleted_at=None).count() == 1


def test_import_without_work_is_removed(house):
    record = post(house, TASKS[:2])["import"]

    assert client_of(house.lead).delete(f"/api/imports/{record}/").status_code == 204
    assert (Task.objects.filter(deleted_at=None).count(), Import.objects.count()) == (1, 1)
    no_drift()
