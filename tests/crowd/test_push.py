"""Reviews on their way to a dataset repository, by the real client library against a fake hub."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from crowd import campaigns, hub, jobs, push
from crowd.models import Item, Submission
from crowd.restoring import restore
from crowd.review_source import Folder
from jobs import runner
from jobs.models import Job, State
from tasks.errors import Refused

from .factories import review_next, reviewer
from .fake_hub import TOKEN, FakeHub, fake_hub

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings) -> FakeHub:
    with fake_hub() as server:
        settings.HF_TOKEN, settings.HF_ENDPOINT = TOKEN, server.address
        yield server


@pytest.fixture
def pushed(campaign, house, server, monkeypatch):
    """A campaign with a repository and two reviews. Workers are asked by hand."""
    monkeypatch.setattr(runner, "send", lambda job_id, after=0: None)
    monkeypatch.setattr(push, "WAIT_SECONDS", 0.001)
    campaigns.update(campaign, {"hub_repo": "lab/kettles"}, actor=house.lead)
    campaign.refresh_from_db()
    for _ in range(2):
        review_next(campaign, reviewer(), sg=2)
    return campaign


def run(job: Job) -> Job:
    for _ in range(20):
        Job.objects.filter(pk=job.pk, lease_token=None).update(lease_until=None)  # its wait is over
        runner.run_step(job.pk)
    job.refresh_from_db()
    return job


def push_all(campaign) -> Job:
    return run(jobs.start_push(campaign, campaign.created_by))


def waiting(campaign) -> int:
    return push.waiting(campaign).count()


def test_reviews_are_pushed_as_the_contract_has_them(pushed, server):
    job = push_all(pushed)

    assert (job.state, job.report["pushed"], job.report["commits"]) == (State.SUCCEEDED, 2, 2)
    review = Submission.objects.select_related("item", "reviewer").first()
    path = f"reviews/{review.reviewer.public_id}/{review.item.anno_id}__{review.ms}.json"
    assert server.files[path].decode() == (
        "{\n"
        f'  "reviewer_id": "{review.reviewer.public_id}",\n'
        f'  "anno_id": "{review.item.anno_id}",\n'
        f'  "ts": {review.ms // 1000},\n'
        '  "tg": {\n    "score": 3,\n    "ref_type": "image"\n  },\n'
        '  "sg": {\n    "score": 2,\n    "ref_type": "text"\n  },\n'
        '  "qa": {\n    "score": 3,\n    "ref_type": "audio",\n    "qa_type": "counting"\n  },\n'
        '  "comment": "off by one frame"\n'
        "}"
    )
    assert sorted(map(len, server.commits)) == [2, 3]
    assert [json.loads(line)["status"] for line in server.files["reviews.jsonl"].splitlines()] == [
        "counted"
    ] * 2
    assert waiting(pushed) == 0


def test_pushing_again_sends_nothing(pushed, server):
    push_all(pushed)
    before = dict(server.files), len(server.commits)

    job = push_all(pushed)
    assert (job.report["pushed"], job.report["commits"]) == (0, 0)
    Submission.objects.update(pushed_at=None)  # as if the marks were lost
    push_all(pushed)
    assert (server.files, len(server.commits)) == before


def test_a_commit_has_so_many_files(pushed, server, monkeypatch):
    monkeypatch.setattr(push, "FILES_A_COMMIT", 1)
    push_all(pushed)
    assert list(map(len, server.commits)) == [1, 1, 3]


@pytest.mark.parametrize(
    "answer", [(500, {}), (503, {}), (429, {"Retry-After": "7"}), (502, {"Retry-After": "soon"})]
)
def test_a_hub_that_fails_for_a_while_is_asked_again(pushed, server, answer):
    server.answers = [answer] * 6
    job = push_all(pushed)
    assert (job.state, job.report["pushed"], waiting(pushed)) == (State.SUCCEEDED, 2, 0)
    assert len(server.commits) == 2


def test_retry_after_is_kept(pushed, server):
    server.answers = [(429, {"Retry-After": "120"})]
    job = jobs.start_push(pushed, pushed.created_by)
    runner.run_step(job.pk)
    job.refresh_from_db()
    assert job.sentence == "the hub answered 429; trying again in 120 seconds"
    assert job.lease_until - timezone.now() > timedelta(seconds=110)
    runner.run_step(job.pk)  # too early
    assert server.commits == []


def test_a_hub_that_stays_away_ends_the_job_and_the_reviews_wait(pushed, server):
    server.answers = [(500, {})] * 100
    job = push_all(pushed)
    assert job.error == {
        "code": "hub_unavailable",
        "detail": "The reviews wait: the hub answered 500, 8 times in a row. They will be pushed later.",
        "field": None,
    }
    assert push.problem(pushed) == job.error["detail"]
    assert (waiting(pushed), push.is_due(pushed)) == (2, False)
    Job.objects.update(finished_at=timezone.now() - push.AFTER_OUTAGE)
    server.answers = []
    assert push.is_due(pushed)
    jobs.sweep_pushes()
    run(Job.objects.first())
    assert (waiting(pushed), push.problem(pushed)) == (0, "")


def test_no_connection_is_tried_again(pushed, settings):
    settings.HF_ENDPOINT = "http://127.0.0.1:9"
    job = push_all(pushed)
    assert "no connection to the hub (ConnectError), 8 times in a row" in job.error["detail"]
    assert waiting(pushed) == 2


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "The hub does not accept the token (401)"),
        (403, "The token may not write to lab/kettles (403)"),
        (404, "There is no dataset lab/kettles on the hub"),
        (400, "The hub refused the request for lab/kettles (400)"),
    ],
)
def test_what_cannot_be_repaired_by_waiting_stops_the_push(pushed, server, status, sentence):
    server.answers = [(status, {})]
    job = push_all(pushed)
    assert (job.state, job.error["code"], waiting(pushed)) == (State.FAILED, "hub_refused", 2)
    assert sentence in push.problem(pushed)
    assert not push.is_due(pushed)


def test_the_token_is_in_no_row_and_no_log(pushed, server, caplog, settings):
    caplog.set_level(logging.DEBUG)
    settings.HF_TOKEN = "hf_wrong_but_secret"
    job = push_all(pushed)
    assert "401" in job.error["detail"]
    rows = repr(list(Job.objects.values()))
    assert ("hf_wrong" in rows, "hf_wrong" in caplog.text) == (False, False)


def test_without_a_token_reviews_wait(pushed, settings):
    settings.HF_TOKEN = ""
    with pytest.raises(Refused, match="set HF_TOKEN"):
        jobs.start_push(pushed, pushed.created_by)
    jobs.push_reviews()
    assert (Job.objects.count(), waiting(pushed)) == (0, 2)
    assert (
        push.problem(pushed)
        == "There is no token for the hub: set HF_TOKEN for the web server and the workers."
    )


def test_without_the_library_reviews_wait(pushed, server, monkeypatch):
    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    with pytest.raises(Refused, match="pip install -r requirements-hub.txt"):
        jobs.start_push(pushed, pushed.created_by)
    assert (Job.objects.count(), waiting(pushed)) == (0, 2)


def test_one_push_at_a_time(pushed, server):
    assert jobs.start_push(pushed, pushed.created_by) == jobs.start_push(pushed, pushed.created_by)
    jobs.sweep_pushes()
    assert Job.objects.count() == 1


def test_the_sweep_pushes_what_is_new_and_only_that(pushed, server):
    jobs.push_reviews()
    run(Job.objects.get())
    jobs.push_reviews()
    assert Job.objects.count() == 1
    review_next(pushed, reviewer())
    jobs.push_reviews()
    assert run(Job.objects.first()).report["pushed"] == 1


def test_the_list_says_what_became_of_a_review_and_its_file_stays(pushed, server):
    push_all(pushed)
    files = {path for path in server.files if path.startswith("reviews/")}
    campaigns.block(pushed, Submission.objects.first().reviewer, actor=pushed.created_by)
    assert push.is_due(pushed)
    push_all(pushed)
    listed = [json.loads(line)["status"] for line in server.files["reviews.jsonl"].splitlines()]
    assert listed == ["withdrawn", "counted"]
    assert {path for path in server.files if path.startswith("reviews/")} == files


def test_a_long_list_is_not_written_with_every_push(pushed, server, monkeypatch):
    push_all(pushed)
    monkeypatch.setattr(push, "SHORT_LIST", 1)
    review_next(pushed, reviewer())
    push_all(pushed)
    assert len(server.files["reviews.jsonl"].splitlines()) == 2
    assert not push.is_due(pushed)
    monkeypatch.setattr(push, "LIST_EVERY", timedelta(0))
    push_all(pushed)
    assert len(server.files["reviews.jsonl"].splitlines()) == 3


def test_another_repository_gets_all_reviews(pushed, server, house):
    push_all(pushed)
    server.repositories["lab/other"] = {}
    campaigns.update(pushed, {"hub_repo": "lab/other"}, actor=house.lead)
    pushed.refresh_from_db()
    push_all(pushed)
    assert server.repositories["lab/other"] == server.files


@pytest.mark.parametrize(
    "name",
    ["kettles", "lab/ket tles", "lab/../kettles", "lab/kettles.git", "a/b/c", "lab/-x", "lab/a--b", "å/b"],
)
def test_names_that_are_no_repository_are_refused(campaign, house, name):
    with pytest.raises(Exception, match="owner/name"):
        campaigns.update(campaign, {"hub_repo": name}, actor=house.lead)


def test_a_snapshot_is_restored_and_not_pushed_again(pushed, server, tmp_path):
    push_all(pushed)
    server.files["reviews/huge.json"] = b" " * 70_000
    before = sorted(Submission.objects.values_list("reviewer__public_id", "ms", "answers"))
    Item.objects.update(counted=0, open_slots=3)
    pushed.slots.update(reviewer=None, submission=None, leased_until=None, claimed_at=None)
    Submission.objects.all().delete()

    left_out = hub.Hub().download("lab/kettles", tmp_path)
    report = restore(pushed, Folder(tmp_path), is_pushed=True)

    assert left_out == ["README.md", "reviews/huge.json", "summary.csv"]
    assert (report.created, report.invalid) == (2, 0)
    assert sorted(Submission.objects.values_list("reviewer__public_id", "ms", "answers")) == before
    assert waiting(pushed) == 0


DYING = """
import django; django.setup()
import crowd.jobs
from jobs import runner
runner.send = lambda *args, **more: None
runner.run_step({job})
"""


@pytest.mark.xdist_group("alone")
def test_a_worker_killed_between_the_commit_and_its_mark_loses_nothing_and_sends_nothing_twice(
    pushed, server
):
    job = jobs.start_push(pushed, pushed.created_by)
    database = re.sub(r"/\w+(\?|$)", rf"/{connection.settings_dict['NAME']}\1", os.environ["DATABASE_URL"])
    env = os.environ | {
        "DATABASE_URL": database,
        "HF_TOKEN": TOKEN,
        "HF_ENDPOINT": server.address,
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "reviewsite.settings",
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", DYING.format(job=job.pk)], env=env, cwd=django_settings.BASE_DIR
    )
    server.after_commit = lambda: worker.send_signal(signal.SIGKILL)
    assert worker.wait(60) == -signal.SIGKILL
    server.after_commit = lambda: None
    assert (len(server.commits), waiting(pushed)) == (1, 2)

    Job.objects.update(lease_until=timezone.now())  # it has run out
    run(job)
    job.refresh_from_db()
    assert (job.state, waiting(pushed)) == (State.SUCCEEDED, 0)
    reviews = [path for paths in server.commits for path in paths if path.startswith("reviews/")]
    assert len(reviews) == len(set(reviews)) == 2
