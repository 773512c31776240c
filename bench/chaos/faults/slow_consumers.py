"""Consumers that hang or are slow, and none that is (F2, F3, F16)."""

from time import time
from typing import Any

from bench.chaos.count import Count, percentile
from bench.chaos.dataset import VERDICTS
from bench.chaos.options import Options
from bench.chaos.reviewers import Acknowledged
from bench.chaos.trial import Trial, trial

DRAIN_SECONDS = 300
# Up to three events for each decision.
WIDE = {"actions": [*VERDICTS, "REVIEW_CREATED", "TASK_REVIEWED"], "parallel": 32}
EVENTS = "SELECT unique_id::text, extract(epoch FROM created_at)::float8 FROM webhooks_event"


def hanging(options: Options) -> list[dict[str, Any]]:
    """F2: the same site without and with the fault."""
    return [_hanging(options, endpoints=3, hang=1, rate=10), _hanging(options, endpoints=20, hang=5, rate=2)]


def _hanging(options: Options, *, endpoints: int, hang: int, rate: int) -> dict[str, Any]:
    half = rate * options.seconds
    healthy = tuple(range(hang, endpoints))
    with trial(options, annotations=2 * half, endpoints=endpoints) as run:
        began = time()
        acknowledged = _decide(run, run.annotations[:half], rate=rate)
        run.drain(seconds=DRAIN_SECONDS)
        fault_at = time()
        run.set_mode(*range(hang), kind="hang")
        acknowledged += _decide(run, run.annotations[half:], rate=rate)
        done = run.site.until(lambda: _pending(run, healthy) == 0, seconds=DRAIN_SECONDS)
        counted = Count(run, acknowledged)
    before = percentile(counted.lags(*healthy, since=began, until=fault_at), 95)
    after = percentile(counted.lags(*healthy, since=fault_at), 95)
    return {
        "endpoints": endpoints,
        "hanging": hang,
        "kills": 0,
        "decisions": 2 * half,
        "acknowledged": len(acknowledged),
        "healthy_p95_without": before,
        "healthy_p95_with": after,
        "ratio": round(after / before, 2) if before else None,
        "passed": done and after <= 2 and after <= 1.5 * before,
    }


def _decide(run: Trial, annotations: list[int], *, rate: float) -> list[Acknowledged]:
    reviewers = run.start_reviewers(annotations, rate=rate)
    run.wait_for(reviewers, seconds=DRAIN_SECONDS)
    return reviewers.acknowledged


def _pending(run: Trial, numbers: tuple[int, ...]) -> int | None:
    ids = ", ".join(str(run.endpoints[number]["id"]) for number in numbers)
    return run.site.number(
        f"SELECT count(*) FROM webhooks_delivery WHERE state = 'pending' AND webhook_id IN ({ids})"
    )


def no_fault(options: Options) -> list[dict[str, Any]]:
    """F3: 30 decisions a second."""
    count = options.count(30 * options.seconds)
    with trial(options, annotations=count, endpoints=1) as run:
        began = time()
        acknowledged = _decide(run, run.annotations, rate=30)
        seconds = time() - began
        drained = run.drain(seconds=DRAIN_SECONDS)
        counted = Count(run, acknowledged)
    lags = counted.lags()
    p50, p95 = percentile(lags, 50), percentile(lags, 95)
    figures = {
        "decisions_per_second": round(count / seconds, 1),
        "p50": p50,
        "p95": p95,
        "drained_seconds": drained,
    }
    passed = drained is not None and counted.is_complete and p50 <= 0.1 and p95 <= 1
    return [{"kills": 0, "decisions": count, **counted.line, **figures, "passed": passed}]


def slow_consumer(options: Options) -> list[dict[str, Any]]:
    """F16: a consumer that takes 200 ms, 60 events a second (not every decision makes three). Its endpoint
    has `parallel` 32: with 8 at once it would receive 40 a second."""
    count = options.count(23 * options.seconds)
    with trial(options, annotations=count, endpoints=[WIDE]) as run:
        run.set_mode(delay=0.2)
        began = time()
        acknowledged = _decide(run, run.annotations, rate=23)
        seconds = time() - began
        drained = run.drain(seconds=DRAIN_SECONDS)
        lags = _event_lags(run)
    p95 = percentile(lags, 95)
    return [
        {
            "kills": 0,
            "decisions": count,
            "acknowledged": len(acknowledged),
            "events": len(lags),
            "events_per_second": round(len(lags) / seconds, 1),
            "lag_p50": percentile(lags, 50),
            "lag_p95": p95,
            "drained_seconds": drained,
            "passed": drained is not None and p95 <= 5,
        }
    ]


def _event_lags(run: Trial) -> list[float]:
    """Seconds from the beginning of each event's transaction to its first arrival."""
    created = dict(run.site.rows(EVENTS))
    first: dict[str, float] = {}
    for arrival in run.arrivals():
        first[arrival["id"]] = min(first.get(arrival["id"], arrival["at"]), arrival["at"])
    return sorted(at - created[event] for event, at in first.items())
