"""Jobs in the admin: how far they are, and cancelling them."""

import pytest
from django.urls import reverse

from jobs import runner
from jobs.models import Job, State

LIST = reverse("admin:jobs_job_changelist")


@pytest.fixture
def job(house) -> Job:
    return runner.create("import_tasks", created_by=house.lead, project_id=house.project.pk)


@pytest.fixture
def theirs(elsewhere) -> Job:
    return runner.create("import_tasks", created_by=elsewhere.lead, project_id=elsewhere.project.pk)


def test_progress_is_shown(job, lead_client):
    Job.objects.update(done=1, total=4, sentence="1 of 4 tasks written", state=State.RUNNING)

    for page in (LIST, reverse("admin:jobs_job_change", args=[job.pk])):
        text = lead_client.get(page).content.decode()
        assert "Import" in text
        assert "Letters" in text
        assert "25 %, 1 of 4 tasks written" in text


def test_a_lead_cancels_jobs_of_their_projects_only(job, theirs, lead_client):
    wanted = {"action": "cancel", "_selected_action": [job.pk, theirs.pk]}
    answer = lead_client.post(LIST, wanted, follow=True)

    job.refresh_from_db()
    theirs.refresh_from_db()
    assert (job.state, theirs.state) == (State.CANCELLED, State.QUEUED)
    assert "1 job cancelled." in answer.content.decode()
