"""Redis is frozen or down (F5); beat or the workers are not there, or beat is there twice (F6)."""

from collections.abc import Callable
from time import monotonic, time
from typing import Any

from bench.chaos.count import Count, percentile
from bench.chaos.options import Options
from bench.chaos.reviewers import Acknowledged
from bench.chaos.trial import Trial, trial

DECIDE_SECONDS = 600
FIRST_SECONDS = 5  # until the sender's breaker has noticed
RATE = 5
EXTRA_ATTEMPTS = "SELECT (SELECT count(*) FROM webhooks_attempt) - (SELECT count(*) FROM webhooks_delivery)"
WORKERS = ("worker-deliver", "worker-deliver-slow", "worker-work")
BEAT = ("celery", "-A", "reviewsite", "beat", "-S", "celery.beat:Scheduler", "-l", "WARNING", "--pidfile=")


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


def _no_broker(
    options: Options, how: str, take: Callable[[Trial], None], give: Callable[[Trial], None]
) -> dict[str, Any]:
    count = options.count(RATE * options.seconds)
    with trial(options, annotations=count, endpoints=3) as run:
        take(run)
        began = time()
        deciders = run.deciders(rate=RATE).start()
        run.site.until(lambda: deciders.finished, seconds=DECIDE_SECONDS)
        give(run)
        drained = run.drained(seconds=60)
        counted = Count(run, deciders.told)
    times = sorted(told.seconds for told in deciders.told)
    later = sorted(told.seconds for told in deciders.told if told.at - began > FIRST_SECONDS)
    repeated = sum(told.tries > 1 for told in deciders.told) + len(deciders.refused)
    passed = (
        drained is not None
        and counted.is_whole
        and not repeated
        and times[-1] <= 1.5
        and percentile(later, 95) <= 0.3
    )
    return {
        "redis": how,
        "kills": int(how == "down"),
        "decisions": count,
        **counted.line,
        "not_200_at_once": repeated,
        "decision_max_seconds": round(times[-1], 3),
        "then_p95_seconds": percentile(later, 95),
        "drained_seconds": drained and round(drained, 1),
        "passed": passed,
    }


def no_beat_no_worker(options: Options) -> list[dict[str, Any]]:
    """F6. Without workers for SECONDS, and until readiness has noticed; the full form is SECONDS=300."""
    count = options.count(60)
    with trial(options, annotations=3 * count, endpoints=3) as run:
        one, two, three = (run.annotations[n * count : (n + 1) * count] for n in range(3))
        run.site.keep_down("beat")
        lines = [_line(run, "beat killed", _decided(run, one), kills=1)]
        run.site.bring_back()
        run.site.add("beat-2", *BEAT)
        lines.append(_line(run, "two beats", _decided(run, two), kills=0))
        run.site.keep_down(*WORKERS)
        told = _decided(run, three)
        began = monotonic()
        red = run.site.until(lambda: not run.ready(), seconds=60)
        run.site.until(lambda: monotonic() - began > options.seconds, seconds=options.seconds + 1)
        run.site.bring_back()
        lines.append(
            _line(run, "no worker", told, kills=len(WORKERS))
            | {"readiness_was_red": red, "seconds_without": round(monotonic() - began)}
        )
        lines[-1]["passed"] &= red and run.site.until(run.ready, seconds=60)
    return lines


def _decided(run: Trial, annotations: list[int]) -> list[Acknowledged]:
    deciders = run.deciders(annotations=annotations, rate=10).start()
    run.site.until(lambda: deciders.finished, seconds=DECIDE_SECONDS)
    return deciders.told


def _line(run: Trial, what: str, told: list[Acknowledged], *, kills: int) -> dict[str, Any]:
    drained = run.drained(seconds=120)
    counted, extra = Count(run, told), run.site.number(EXTRA_ATTEMPTS)
    figures = {"what": what, "kills": kills, "decisions": len(told), **counted.line, "extra_attempts": extra}
    passed = drained is not None and counted.is_whole and extra == 0
    return figures | {"drained_seconds": drained and round(drained, 1), "passed": passed}
