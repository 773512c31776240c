"""Redis is frozen or down (F5); beat or the workers are not running, or beat runs twice (F6)."""

from collections.abc import Callable
from time import monotonic, time
from typing import Any

from bench.chaos.count import Count, percentile
from bench.chaos.options import Options
from bench.chaos.reviewers import Acknowledged
from bench.chaos.trial import Trial, trial

DECIDE_SECONDS = 600
FIRST_SECONDS = 5  # until the sender's circuit breaker has noticed
RATE = 5
EXTRA_ATTEMPTS = "SELECT (SELECT count(*) FROM webhooks_attempt) - (SELECT count(*) FROM webhooks_delivery)"
WORKERS = ("worker-deliver", "worker-deliver-slow", "worker-work", "worker-jobs")
BEAT = "celery -A reviewsite beat -S reviewsite.beat:Scheduler -l WARNING --pidfile="

Change = Callable[[Trial], None]


def no_broker(options: Options) -> list[dict[str, Any]]:
    """F5."""
    return [
        _no_broker(
            options, "frozen", lambda run: run.site.freeze("redis"), lambda run: run.site.thaw("redis")
        ),
        _no_broker(
            options, "down", lambda run: run.site.keep_down("redis"), lambda run: run.site.bring_back()
        ),
    ]


def _no_broker(options: Options, state: str, break_redis: Change, repair_redis: Change) -> dict[str, Any]:
    count = options.count(RATE * options.seconds)
    with trial(options, annotations=count, endpoints=3) as run:
        break_redis(run)
        began = time()
        reviewers = run.start_reviewers(rate=RATE)
        run.wait_for(reviewers, seconds=DECIDE_SECONDS)
        repair_redis(run)
        drained = run.drain(seconds=60)
        counted = Count(run, reviewers.acknowledged)
    slowest = max(each.seconds for each in reviewers.acknowledged)
    later = sorted(each.seconds for each in reviewers.acknowledged if each.at - began > FIRST_SECONDS)
    repeated = sum(each.tries > 1 for each in reviewers.acknowledged) + len(reviewers.refused)
    fast = slowest <= 1.5 and percentile(later, 95) <= 0.3
    return {
        "redis": state,
        "kills": int(state == "down"),
        "decisions": count,
        **counted.line,
        "not_200_at_once": repeated,
        "decision_max_seconds": round(slowest, 3),
        "then_p95_seconds": percentile(later, 95),
        "drained_seconds": drained,
        "passed": drained is not None and counted.is_complete and not repeated and fast,
    }


def no_beat_no_worker(options: Options) -> list[dict[str, Any]]:
    """F6. Without workers for SECONDS, and until readiness has noticed; the long form is SECONDS=300."""
    count = options.count(60)
    with trial(options, annotations=3 * count, endpoints=3) as run:
        first, second, third = (run.annotations[n * count : (n + 1) * count] for n in range(3))
        run.site.keep_down("beat")
        lines = [_line(run, "beat killed", _decide(run, first), kills=1)]
        run.site.bring_back()
        run.site.add("beat-2", BEAT)
        lines.append(_line(run, "two beats", _decide(run, second), kills=0))
        lines.append(_without_workers(run, third, seconds=options.seconds))
    return lines


def _without_workers(run: Trial, annotations: list[int], *, seconds: int) -> dict[str, Any]:
    run.site.keep_down(*WORKERS)
    acknowledged = _decide(run, annotations)
    began = monotonic()
    was_red = run.site.until(lambda: not run.is_ready(), seconds=60)
    run.site.until(lambda: monotonic() - began > seconds, seconds=seconds + 1)
    run.site.bring_back()
    line = _line(run, "no worker", acknowledged, kills=len(WORKERS))
    line |= {"readiness_was_red": was_red, "seconds_without": round(monotonic() - began)}
    line["passed"] &= was_red and run.site.until(run.is_ready, seconds=60)
    return line


def _decide(run: Trial, annotations: list[int]) -> list[Acknowledged]:
    reviewers = run.start_reviewers(annotations, rate=10)
    run.wait_for(reviewers, seconds=DECIDE_SECONDS)
    return reviewers.acknowledged


def _line(run: Trial, what: str, acknowledged: list[Acknowledged], *, kills: int) -> dict[str, Any]:
    drained = run.drain(seconds=120)
    counted, extra = Count(run, acknowledged), run.site.number(EXTRA_ATTEMPTS)
    figures = {"what": what, "kills": kills, "decisions": len(acknowledged), **counted.line}
    passed = drained is not None and counted.is_complete and extra == 0
    return figures | {"extra_attempts": extra, "drained_seconds": drained, "passed": passed}
