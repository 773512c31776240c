"""The kinds of jobs of this app: thin, each a call."""

from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob
from users.sentences import sentence as _

from .data_manager import parts


@job_kind(parts.KIND, label=_("Action on tasks"), if_stopped=_("What was done before stays."))
def data_manager_action(running: RunningJob) -> Done | Continue:
    return parts.run_part(running)
