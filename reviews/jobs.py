"""The kinds of jobs of this app: thin, each a call."""

from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob

from . import recalculation
from .sampling import RECALCULATION


# Not atomic: its chunks commit, so that nobody waits for their tasks longer than a moment.
@job_kind(
    RECALCULATION,
    label="Recalculation",
    atomic=False,
    is_cancellable=False,
    if_stopped="Counters of the tasks after this may not follow the settings: run `manage.py recount`.",
    on_end=recalculation.settle_sample,
)
def recalculate(running: RunningJob) -> Done | Continue:
    return recalculation.run(running)
