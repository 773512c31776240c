"""/api/jobs/: for the managers of a project and for whoever started the job."""

import pytest

from jobs import runner
from jobs.models import Job, State
from tasks.services import members
from tests.factories import client_of


@pytest.fixture
def job(house) -> Job:
    """Started by the reviewer."""
    return runner.create("write_export", created_by=house.reviewer, project_id=house.project.pk, subject_id=1)


def test_a_job_on_the_wire(house, job):
    Job.objects.update(done=3, total=4, sentence="3 tasks written", state=State.RUNNING)

    body = client_of(house.lead).get(f"/api/jobs/{job.pk}/").json()

    created_at = body.pop("created_at")
    assert created_at.endswith("Z")
    assert body == {
        "id": job.pk,
        "kind": "write_export",
        "state": "running",
        "done": 3,
        "total": 4,
        "sentence": "3 tasks written",
        "project": house.project.pk,
        "created_by": {
            "id": house.reviewer.pk,
            "email": "reviewer@example.org",
            "first_name": "Reviewer",
            "last_name": "",
        },
        "started_at": None,
        "finished_at": None,
        "report": None,
        "error": None,
    }


@pytest.mark.parametrize(
    ("who", "status"),
    [("lead", 200), ("admin", 200), ("reviewer", 200), ("annotator", 404), ("stranger", 404)],
)
def test_who_sees_and_cancels_a_job(house, job, who, status):
    client = client_of(getattr(house, who))

    listed = client.get(f"/api/jobs/?project={house.project.pk}").json()
    read = client.get(f"/api/jobs/{job.pk}/").status_code
    cancelled = client.post(f"/api/jobs/{job.pk}/cancel/")

    assert (listed["count"], read, cancelled.status_code) == (int(status == 200), status, status)
    job.refresh_from_db()
    assert job.state == ("cancelled" if status == 200 else "queued")


def test_whoever_left_the_project_sees_no_job_of_it(house, job):
    members.remove(house.reviewer.memberships.get(), actor=house.lead)

    assert client_of(house.reviewer).get(f"/api/jobs/{job.pk}/").status_code == 404


def test_a_job_without_project_is_its_creators_and_the_sites(house):
    job = runner.create("write_export", created_by=house.reviewer)

    seen = {
        who: client_of(getattr(house, who)).get(f"/api/jobs/{job.pk}/").status_code
        for who in ("reviewer", "admin", "lead")
    }

    assert seen == {"reviewer": 200, "admin": 200, "lead": 404}


def test_cancelling_answers_with_the_job(house, job):
    body = client_of(house.lead).post(f"/api/jobs/{job.pk}/cancel/").json()

    assert (body["state"], body["error"]) == (
        "cancelled",
        {"code": "cancelled", "detail": "Export cancelled.", "field": None},
    )
    assert body["finished_at"]


def test_a_finished_job_cannot_be_cancelled(house, job):
    runner.cancel(job)

    answer = client_of(house.lead).post(f"/api/jobs/{job.pk}/cancel/")

    assert (answer.status_code, answer.json()["code"]) == (400, "job_finished")


def test_jobs_are_listed_newest_first_and_filtered(house, job):
    other = runner.create("import_tasks", created_by=house.lead, project_id=house.project.pk)
    runner.cancel(other)

    def ids(query: str) -> list[int]:
        return [row["id"] for row in client_of(house.lead).get(f"/api/jobs/{query}").json()["results"]]

    assert ids("") == [other.pk, job.pk]
    assert (ids("?state=queued"), ids("?kind=import_tasks")) == ([job.pk], [other.pk])
    assert ids(f"?project={house.project.pk + 1}") == []


@pytest.mark.parametrize("number", [1, 3])
def test_jobs_are_listed_in_a_constant_number_of_queries(house, django_assert_num_queries, number):
    client = client_of(house.lead)
    client.get("/api/jobs/")
    for _ in range(number):
        runner.create("import_tasks", created_by=house.lead, project_id=house.project.pk)

    with django_assert_num_queries(6):
        assert client.get("/api/jobs/").json()["count"] == number
