"""The kinds of jobs of this app: thin, each a call."""

from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob

from .data_manager import parts


@job_kind(parts.KIND, label="Action on tasks", if_stopped="What was done before stays.")
def data_manager_action(running: RunningJob) -> Done | Continue:
    return parts.run_part(running)
