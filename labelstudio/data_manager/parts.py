"""Long actions that are no decisions: done by a job, CHUNK tasks at a time, each part committed by itself."""

from collections import Counter
from typing import Any

from jobs import runner
from jobs.registry import Continue, Done
from jobs.running import RunningJob
from tasks.errors import Refused
from tasks.models import Project
from tasks.roles import may
from users.sentences import sentence as _

from . import action_base
from .action_base import Action, Answer, Call
from .actions import ACTIONS

KIND = "data_manager_action"
SENT = ("users", "annotator", "model_version")  # of the body, what these actions read


def start(name: str, action: Action, call: Call) -> Answer:
    body = {key: call.body[key] for key in SENT if key in call.body}
    # On no tasks: refused now, while the caller waits, rather than by the job.
    action.perform(Call(call.project, [], call.actor, body))
    job = runner.create(
        KIND,
        created_by=call.actor,
        project_id=call.project.pk,
        parameters={"action": name, "tasks": call.task_ids, "body": body},
    )
    runner.enqueue(job)
    return {
        "processed_items": 0,
        "detail": _("This takes a moment. Job %(job)s reports when it is done.", job=job.pk),
        "async": True,
        "job": {"id": job.pk, "url": f"/api/jobs/{job.pk}/"},
    }


def run_part(running: RunningJob) -> Done | Continue:
    """The next CHUNK tasks. The job commits them together with its cursor."""
    job = running.job
    action, tasks = ACTIONS[job.parameters["action"]], job.parameters["tasks"]
    cursor: dict[str, Any] = job.cursor or {"at": 0, "done": 0, "refused": {}}
    end = min(cursor["at"] + action_base.CHUNK, len(tasks))
    project = Project.objects.get(pk=job.project_id)
    if project.deleted_at or not may(job.created_by, action.capability, project):
        raise Refused("permission_denied", _("Whoever asked for this may no longer do it."), status=403)
    part = Call(project, tasks[cursor["at"] : end], job.created_by, job.parameters["body"])
    answer = action.perform(part)
    done = cursor["done"] + answer["processed_items"]
    refused = dict(Counter(cursor["refused"]) + Counter(answer.get("refused", {})))
    running.report_progress(end, len(tasks), f"{action.title}: {end:,} of {len(tasks):,} tasks")
    if end < len(tasks):
        return Continue({"at": end, "done": done, "refused": refused})
    detail = f"{action.title}: {done:,}."
    return Done({"processed_items": done, "detail": detail, "refused": refused})
