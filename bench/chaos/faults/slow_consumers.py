"""Consumers that hang or are slow, and none that is (F2, F3, F16)."""

from time import time
from typing import Any

from bench.chaos.count import Count, percentile
from bench.chaos.options import Options
from bench.chaos.trial import Trial, trial

DRAIN_SECONDS = 300
NARROW = {"actions": ["ANNOTATION_ACCEPTED", "ANNOTATION_REJECTED", "ANNOTATION_FIXED_AND_ACCEPTED"]}
# Up to three events for each decision.
WIDE = {"actions": [*NARROW["actions"], "REVIEW_CREATED", "TASK_REVIEWED"], "parallel": 32}
EVENTS = "SELECT unique_id::text, extract(epoch FROM created_at)::float8 FROM webhooks_event"


def hanging(options: Options) -> list[dict[str, Any]]:
    """F2: the same site without and with the fault."""
    return [_hanging(options, endpoints=3, hang=1, rate=10), _hanging(options, endpoints=20, hang=5, rate=2)]


def _hanging(options: Options, *, endpoints: int, hang: int, rate: int) -> dict[str, Any]:
    half = rate * options.seconds
    healthy = tuple(range(hang, endpoints))
    with trial(options, annotations=2 * half, endpoints=endpoints) as run:
        began = time()
        told = _decide(run, run.annotations[:half], rate=rate)
        run.drained(seconds=DRAIN_SECONDS)
        turned = time()
        run.behave(*range(hang), kind="hang")
        told += _decide(run, run.annotations[half:], rate=rate)
        done = run.site.until(lambda: _owed(run, healthy) == 0, seconds=DRAIN_SECONDS)
        counted = Count(run, told)
        before = percentile(counted.lags(*healthy, since=began, until=turned), 95)
        after = percentile(counted.lags(*healthy, since=turned), 95)
    return {
        "endpoints": endpoints,
        "hanging": hang,
        "kills": 0,
        "decisions": 2 * half,
        "acknowledged": len(told),
        "healthy_p95_without": before,
        "healthy_p95_with": after,
        "ratio": round(after / before, 2) if before else None,
        "passed": done and after <= 2 and after <= 1.5 * before,
    }


def _decide(run: Trial, annotations: list[int], *, rate: float) -> list[Any]:
    deciders = run.deciders(annotations=annotations, rate=rate).start()
    run.site.until(lambda: deciders.finished, seconds=DRAIN_SECONDS)
    return deciders.told


def _owed(run: Trial, numbers: tuple[int, ...]) -> int | None:
    ids = ", ".join(str(run.endpoints[number]["id"]) for number in numbers)
    return run.site.number(
        f"SELECT count(*) FROM webhooks_delivery WHERE state = 'pending' AND webhook_id IN ({ids})"
    )


def no_fault(options: Options) -> list[dict[str, Any]]:
    """F3: 30 decisions a second."""
    count = options.count(30 * options.seconds)
    with trial(options, annotations=count, endpoints=1) as run:
        began = time()
        told = _decide(run, run.annotations, rate=30)
        seconds = time() - began
        drained = run.drained(seconds=DRAIN_SECONDS)
        counted = Count(run, told)
        lags = counted.lags()
    p50, p95 = percentile(lags, 50), percentile(lags, 95)
    figures = {
        "decisions_per_second": round(count / seconds, 1),
        "p50": p50,
        "p95": p95,
        "drained_seconds": drained,
    }
    passed = drained is not None and counted.is_whole and p50 <= 0.1 and p95 <= 1
    return [{"kills": 0, "decisions": count, **counted.line, **figures, "passed": passed}]


def slow_consumer(options: Options) -> list[dict[str, Any]]:
    """F16: a consumer that takes 200 ms, 60 events a second (not every decision makes three). Its endpoint has `parallel` 32:
    8 at once would be 40 a second."""
    count = options.count(23 * options.seconds)
    with trial(options, annotations=count, endpoints=[WIDE]) as run:
        run.behave(delay=0.2)
        began = time()
        told = _decide(run, run.annotations, rate=23)
        seconds = time() - began
        drained = run.drained(seconds=DRAIN_SECONDS)
        lags = _event_lags(run)
    p95 = percentile(lags, 95)
    return [
        {
            "kills": 0,
            "decisions": count,
            "acknowledged": len(told),
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
