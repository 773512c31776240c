"""Pushes reviews to the dataset repository of their campaign: those without `pushed_at` wait for it.

A file never changes once it is there. What becomes of a review later (replaced, withdrawn) is in the list
beside the files, which is written anew. See docs/decisions/037-a-pushed-review-stays.md.
"""

import tempfile
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from jobs.models import Job, State
from jobs.registry import Continue, Done
from jobs.running import RunningJob
from tasks.errors import Refused
from users.sentences import sentence as _

from . import export
from .hub import Hub, Unavailable, refuse_unprepared
from .models import Campaign, Submission
from .review_file import LIST, as_text, file_of, with_names

KIND = "crowd_push"  # its subject is the campaign
FILES_A_COMMIT = 90
TRIES = 8  # in a row, with waits of 1, 2, 4 … seconds: about two minutes
WAIT_SECONDS, WAIT_MAX = 1.0, 60  # unless the hub asks for more
# The list has all reviews: a long one is written anew once an hour only.
SHORT_LIST, LIST_EVERY = 5000, timedelta(hours=1)
# After a push that failed the sweep waits so long.
AFTER_REFUSAL, AFTER_OUTAGE = timedelta(hours=6), timedelta(minutes=15)


@dataclass
class PushState:
    """What its job keeps between two steps. `tries` that failed in a row; `listed`: how many reviews of each
    status the list in the repository has."""

    pushed: int = 0
    commits: int = 0
    tries: int = 0
    listed: dict[str, int] = field(default_factory=dict)
    listed_at: str | None = None

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        return cls(**state)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def waiting(campaign: Campaign) -> QuerySet[Submission]:
    """Reviews that are not in the dataset repository yet, oldest first."""
    return Submission.objects.filter(campaign=campaign, pushed_at=None).order_by("id")


def problem(campaign: Campaign) -> str:
    """Why reviews of this campaign are not pushed, as a sentence; "" if nothing is wrong."""
    if not campaign.hub_repo:
        return ""
    try:
        refuse_unprepared()
    except Refused as refused:
        return refused.detail
    last = Job.objects.about(KIND, campaign.pk).first()
    return last.error["detail"] if last and last.state == State.FAILED and last.error else ""


def is_due(campaign: Campaign) -> bool:
    """Whether the sweep should start a push now."""
    last = Job.objects.about(KIND, campaign.pk).first()
    if last and not last.is_finished:
        return False
    if last and last.state == State.FAILED and last.finished_at:
        refused = (last.error or {}).get("code") == "hub_refused"
        pause = AFTER_REFUSAL if refused else AFTER_OUTAGE
        if last.finished_at > timezone.now() - pause:
            return False
    return waiting(campaign).exists() or _needs_list(campaign, _last_state(campaign))


def step(running: RunningJob, campaign: Campaign) -> Done | Continue:
    """Raises Refused if repeating would not help; all that is not pushed keeps waiting."""
    repo = campaign.hub_repo
    if not repo:
        raise Refused("no_repository", _("The campaign has no dataset repository."))
    state = PushState.from_json(running.job.cursor) if running.job.cursor else _first_state(campaign)
    hub = Hub()
    total = state.pushed + waiting(campaign).count()
    try:
        while rows := list(with_names(waiting(campaign))[:FILES_A_COMMIT]):
            files = dict(file_of(row, campaign.rubric) for row in rows)
            bodies = {path: as_text(body).encode() for path, body in files.items()}
            hub.commit(repo, bodies, f"Add {len(rows)} reviews")
            # A worker that dies here leaves them waiting: they are sent again, and the hub has them already.
            Submission.objects.filter(pk__in=[row.pk for row in rows]).update(pushed_at=timezone.now())
            state.pushed, state.commits, state.tries = state.pushed + len(rows), state.commits + 1, 0
            running.report_progress(
                state.pushed, max(total, state.pushed), f"{state.pushed:,} reviews pushed"
            )
            if running.is_out_of_time:
                return Continue(state.as_json())
        if _needs_list(campaign, state):
            _push_list(hub, campaign, state)
    except Unavailable as error:
        return _try_again(running, state, error)
    return Done(state.as_json() | {"repository": repo})


def _try_again(running: RunningJob, state: PushState, error: Unavailable) -> Continue:
    state.tries += 1
    if state.tries >= TRIES:
        raise Refused(
            "hub_unavailable",
            _(
                "The reviews wait: %(error)s, %(tries)s times in a row. They will be pushed later.",
                error=error,
                tries=TRIES,
            ),
        )
    wait = error.after or min(WAIT_SECONDS * 2 ** (state.tries - 1), WAIT_MAX)
    running.report_progress(state.pushed, None, f"{error}; trying again in {wait:g} seconds")
    return Continue(state.as_json(), after=wait)


def _first_state(campaign: Campaign) -> PushState:
    """With what is known of the list in the repository."""
    last = _last_state(campaign)
    return PushState(listed=last.listed, listed_at=last.listed_at)


def _last_state(campaign: Campaign) -> PushState:
    succeeded = Job.objects.about(KIND, campaign.pk).filter(state=State.SUCCEEDED)
    report = succeeded.values_list("report", flat=True).first()
    if not report or report.get("repository") != campaign.hub_repo:
        return PushState()
    return PushState(listed=report["listed"], listed_at=report["listed_at"])


def _by_status(campaign: Campaign) -> dict[str, int]:
    rows = Submission.objects.filter(campaign=campaign).order_by("status").values_list("status")
    return dict(rows.annotate(Count("pk")))


def _needs_list(campaign: Campaign, state: PushState) -> bool:
    now = _by_status(campaign)
    if now == state.listed:
        return False
    listed_at = parse_datetime(state.listed_at) if state.listed_at else None
    is_short = sum(now.values()) <= SHORT_LIST
    return is_short or listed_at is None or listed_at < timezone.now() - LIST_EVERY


def _push_list(hub: Hub, campaign: Campaign, state: PushState) -> None:
    listed = _by_status(campaign)
    with tempfile.TemporaryDirectory() as folder:
        files: dict[str, bytes | Path] = {"README.md": export.readme(campaign, has_items=False).encode()}
        lists = {LIST: export.review_lines(campaign), "summary.csv": export.summary_lines(campaign)}
        for name, lines in lists.items():
            files[name] = path = Path(folder) / name
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
        hub.commit(campaign.hub_repo, files, "Update the list of reviews")
    state.commits += 1
    state.listed, state.listed_at = listed, timezone.now().isoformat()
