"""Long work on a campaign: what a worker that dies leaves behind, and what becomes of the files."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.db import connection

from crowd import jobs
from crowd.counts import stats
from crowd.importing import importer
from crowd.models import Item, Participation, Slot, Submission
from jobs import runner, running
from jobs.models import Job, State
from tasks.errors import Refused
from tests.exchange.importing.test_long_imports import elsewhere

from .factories import lines, review_next, reviewer

pytestmark = pytest.mark.django_db(transaction=True)
SIX = lines("d", "e", "f", "g", "h", "i")


@pytest.fixture(autouse=True)
def sent(monkeypatch, settings, tmp_path) -> list[int]:
    """The jobs that a worker was asked for. Everything is much here, and each step has time for one batch."""
    settings.MEDIA_ROOT = tmp_path
    for limit in ("IMPORT_BYTES", "RESTORE_BYTES", "EXPORT_REVIEWS", "APPLY_ITEMS", "TARGET_ITEMS"):
        monkeypatch.setattr(jobs, limit, 0)
    monkeypatch.setattr(importer, "BATCH", 2)
    monkeypatch.setattr(running, "STEP_SECONDS", 0)
    monkeypatch.setattr(running, "REPORT_SECONDS", 0)
    messages: list[int] = []
    monkeypatch.setattr(runner, "send", messages.append)
    return messages


def run(job: Job, *, steps: int = 20) -> Job:
    for _ in range(steps):
        runner.run_step(job.pk)
    job.refresh_from_db()
    return job


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_an_import_goes_on_from_step_to_step(campaign, house, sent, tmp_path):
    job = jobs.start_import(campaign, house.lead, BytesIO(SIX + lines("d") + b"\n" + lines("a")))
    assert (job.state, sent, files(tmp_path)) == (State.QUEUED, [job.pk], [str(job.pk)])
    run(job, steps=1)
    assert (job.state, job.sentence) == (State.RUNNING, "2 lines imported, 0 of them bad")
    run(job)
    assert job.report == {
        "created": 6,
        "unchanged": 1,
        "changed": 0,
        "kept": 0,
        "bad_lines": 2,
        "kept_items": [],
        "errors": [{"line": 7, "reason": "d was already on line 1"}, {"line": 8, "reason": "blank"}],
    }
    assert list(Item.objects.values_list("anno_id", "position"))[3:] == [
        (name, place) for place, name in enumerate("defghi", start=4)
    ]
    assert (files(tmp_path), Slot.objects.count()) == ([], 27)


def test_a_worker_that_dies_after_writing_repeats_its_step_and_nothing_twice(
    campaign, house, monkeypatch, sent
):
    job = jobs.start_import(campaign, house.lead, BytesIO(SIX + lines("e")))
    run(job, steps=1)
    with monkeypatch.context() as dying:
        dying.setattr(runner, "_commit", lambda *args: connection.close())
        run(job, steps=1)
    Job.objects.filter(pk=job.pk).update(lease_until=None)
    run(job)
    assert (job.report["created"], job.report["bad_lines"], stats(campaign)["annos_total"]) == (6, 1, 9)


def test_a_strict_import_with_a_bad_line_writes_nothing(campaign, house, tmp_path):
    job = run(jobs.start_import(campaign, house.lead, BytesIO(SIX + b"{\n"), strict=True))
    reason = "not JSON: Expecting property name enclosed in double quotes at column 1"
    assert job.error == {
        "code": "bad_lines",
        "detail": f"1 bad lines, so nothing was imported. line 7: {reason}",
        "field": "file",
        "errors": [{"line": 7, "reason": reason}],
    }
    assert (Item.objects.count(), files(tmp_path)) == (3, [])


def test_a_strict_import_is_checked_and_then_written(campaign, house):
    job = run(jobs.start_import(campaign, house.lead, BytesIO(SIX), strict=True))
    assert (job.report["created"], job.report["bad_lines"]) == (6, 0)


def test_a_cancelled_import_keeps_the_items_before(campaign, house, tmp_path):
    job = jobs.start_import(campaign, house.lead, BytesIO(SIX))
    run(job, steps=1)
    elsewhere(lambda: runner.cancel(job))
    run(job)
    assert job.error["detail"] == (
        "Import of campaign items cancelled. The items before stay; import the file again to go on."
    )
    assert (Item.objects.count(), files(tmp_path)) == (5, [])


def test_small_work_is_done_at_once(campaign, house, monkeypatch, sent):
    monkeypatch.setattr(jobs, "IMPORT_BYTES", 1000)
    monkeypatch.setattr(running, "STEP_SECONDS", 20)
    job = jobs.start_import(campaign, house.lead, BytesIO(SIX))
    assert (job.state, job.report["created"], sent) == (State.SUCCEEDED, 6, [])


def test_an_export_is_restored_into_another_campaign(campaign, house, tmp_path):
    for _ in range(3):
        review_next(campaign, reviewer(), tg=2)
    exported = run(jobs.start_export(campaign, house.lead))
    path = jobs.export_file(exported)
    assert path and exported.report == {"reviews": 3, "bytes": path.stat().st_size}
    before = stats(campaign)
    Slot.objects.update(submission=None, reviewer=None, leased_until=None, claimed_at=None)
    Submission.objects.all().delete()
    campaign.counts.all().delete()
    Participation.objects.all().delete()
    Item.objects.all().delete()
    importer.import_items(campaign, BytesIO(lines("a", "b", "c")))
    with path.open("rb") as file:
        job = run(jobs.start_restore(campaign, house.lead, file))
    assert (job.report["created"], stats(campaign)) == (3, before)
    with path.open("rb") as file:
        job = run(jobs.start_restore(campaign, house.lead, file))
    assert (job.report["created"], job.report["duplicate"], stats(campaign)) == (0, 3, before)
    assert files(tmp_path) == [path.name]


def test_something_else_than_a_zip_is_refused_before_there_is_a_job(campaign, house):
    with pytest.raises(Refused, match="not a zip file"):
        jobs.start_restore(campaign, house.lead, BytesIO(b"PK nothing"))
    assert not Job.objects.exists()


def test_the_last_exports_are_kept(campaign, house, monkeypatch, tmp_path):
    monkeypatch.setattr(jobs, "KEPT_EXPORTS", 2)
    done = [run(jobs.start_export(campaign, house.lead)) for _ in range(3)]
    assert [jobs.export_file(job) is not None for job in done] == [False, True, True]
    assert ZipFile(jobs.export_file(done[2])).namelist() == [
        "README.md",
        "annotations.jsonl",
        "summary.csv",
        "reviews.jsonl",
    ]


def test_the_target_changes_at_once_and_the_items_follow(campaign, house):
    job = jobs.start_target(campaign, house.lead, 5)
    assert (stats(campaign)["target_per_anno"], Slot.objects.count()) == (3, 9)
    campaign.refresh_from_db()
    assert campaign.target == 5
    assert (run(job).report, Slot.objects.count()) == ({"items": 3}, 15)


def test_outcomes_are_applied_once(campaign, house, sent):
    first, again = jobs.start_apply(campaign, house.lead), jobs.start_apply(campaign, house.lead)
    assert first == again
    assert run(first).report["refused"] == {"not_finished": 3}
    assert jobs.start_apply(campaign, house.lead) != first


@pytest.mark.parametrize("role", ["reviewer", "annotator", "stranger"])
def test_only_managers_start_jobs(campaign, house, role, tmp_path):
    person = getattr(house, role)
    for start in (
        lambda: jobs.start_import(campaign, person, BytesIO(SIX)),
        lambda: jobs.start_restore(campaign, person, BytesIO()),
        lambda: jobs.start_export(campaign, person),
        lambda: jobs.start_apply(campaign, person),
        lambda: jobs.start_target(campaign, person, 5),
    ):
        with pytest.raises(Refused):
            start()
    assert (Job.objects.count(), files(tmp_path)) == (0, [])
