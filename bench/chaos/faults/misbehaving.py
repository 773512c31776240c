"""Consumers that misbehave (F4), rotate their secret (F11), or are off for days (F12)."""

from pathlib import Path
from typing import Any

from bench.chaos.count import Count
from bench.chaos.faults.slow_consumers import NARROW
from bench.chaos.options import Options
from bench.chaos.site import descendants
from bench.chaos.trial import Trial, trial
from webhooks.retries import JITTER, WAITS
from webhooks.transport import TOTAL_SECONDS

SECONDS = 600
DAY = 24 * 3600
KINDS = ["500", "404", "410", "429", "302", "reset", "empty", "huge", "drip_body", "drip_header", "tls"]
HOUR_IN_A_SECOND = 1 / 3600
LATE_SECONDS = 3.0  # the sweep looks every second, and then a worker must be free
LONGEST_SECONDS = 16
RETRY_AFTER = 2
ATTEMPTS = """
    SELECT a.delivery_id, d.webhook_id, a.number, extract(epoch FROM a.at)::float8, a.duration, a.error
    FROM webhooks_attempt a JOIN webhooks_delivery d ON d.id = a.delivery_id ORDER BY a.delivery_id, a.number
"""
STATES = "SELECT state, count(*) FROM webhooks_delivery GROUP BY state"
OFF = "SELECT count(*) FROM webhooks_webhook WHERE disabled_reason = 'failing'"


def misbehaving(options: Options) -> list[dict[str, Any]]:
    """F4: one decision for each way to misbehave, all its attempts, an hour in a second."""
    with trial(options, annotations=4, endpoints=len(KINDS), scale=HOUR_IN_A_SECOND) as run:
        _misbehave(run)
        before = _memory(run)
        deciders = run.deciders().start()
        run.site.until(lambda: deciders.finished, seconds=SECONDS)
        drained = run.site.until(lambda: run.site.number(PENDING_ON) == 0, seconds=SECONDS)
        grown, attempts = _memory(run) - before, run.site.rows(ATTEMPTS)
        states = dict(run.site.rows(STATES))
    longest, wrong = max(row[4] for row in attempts), _off_schedule(attempts)
    passed = drained and longest <= LONGEST_SECONDS and not wrong and grown < 20
    return [
        {
            "kills": 0,
            "decisions": 4,
            "acknowledged": len(deciders.told),
            "ways": len(KINDS),
            "attempts": len(attempts),
            "states": states,
            "off_schedule": len(wrong),
            "worst_of_these": sorted(wrong, key=lambda one: -abs(one[1]))[:3],
            "longest_attempt_seconds": longest,
            "worker_grew_mb": round(grown, 1),
            "passed": passed,
        }
    ]


PENDING_ON = """
    SELECT count(*) FROM webhooks_delivery d JOIN webhooks_webhook w ON w.id = d.webhook_id
    WHERE d.state = 'pending' AND w.is_active
"""


def _misbehave(run: Trial) -> None:
    for number, kind in enumerate(KINDS):
        headers = {
            "429": {"Retry-After": str(RETRY_AFTER)},
            "302": {"Location": f"http://127.0.0.1:{run.port}/"},
        }.get(kind, {})
        run.behave(number, kind="200" if kind == "tls" else kind, headers=headers)
    tls = run.endpoints[KINDS.index("tls")]["id"]
    run.site.change(f"UPDATE webhooks_webhook SET url = replace(url, 'http:', 'https:') WHERE id = {tls}")


def _memory(run: Trial) -> float:
    """Megabytes that the largest process of the senders holds."""
    pids = descendants(run.site.service("worker-deliver").process.pid) | descendants(
        run.site.service("worker-deliver-slow").process.pid
    )
    return max(_resident(pid) for pid in pids)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _off_schedule(attempts: list[tuple[Any, ...]]) -> list[tuple[str, float]]:
    """(error, seconds) of attempts that came before the schedule, or later than it and LATE_SECONDS allow. While one delivery
    times out, the others of its endpoint wait. Attempts are noted at their end."""
    wrong = []
    for earlier, later in zip(attempts, attempts[1:], strict=False):
        if earlier[0] != later[0]:
            continue
        waited, due = later[3] - later[4] - earlier[3], WAITS[earlier[2]] * HOUR_IN_A_SECOND
        slack = LATE_SECONDS + (TOTAL_SECONDS if earlier[5] == "timeout" else 0)
        if not due * (1 - JITTER) - 0.1 <= waited <= max(due * (1 + JITTER), RETRY_AFTER) + slack:
            wrong.append((earlier[5], round(waited - due, 1)))
    return wrong


def rotated(options: Options) -> list[dict[str, Any]]:
    """F11: two events a decision; in the midst the secret is rotated, and the consumer changes over three seconds later."""
    count = options.count(1000)
    with trial(
        options, annotations=count, endpoints=[{"actions": [*NARROW["actions"], "REVIEW_CREATED"]}]
    ) as run:
        run.behave(secret=run.endpoints[0]["secret"])
        deciders = run.deciders().start()
        run.site.until(lambda: deciders.settled > count // 2, seconds=SECONDS)
        after = run.ask_lead(0, "rotate")["secret"]
        run.site.until(lambda: False, seconds=3)
        run.behave(secret=after)
        run.site.until(lambda: deciders.finished, seconds=SECONDS)
        drained = run.drained(seconds=SECONDS)
        counted, arrivals = Count(run, deciders.told), run.arrivals()
    rejected = sum(not arrival["verified"] for arrival in arrivals)
    figures = {
        "kills": 0,
        "decisions": count,
        "acknowledged": len(deciders.told),
        "deliveries": len(arrivals),
    }
    passed = drained is not None and rejected == 0 and counted.lost == 0
    return [
        figures | {"rejected": rejected, "drained_seconds": drained and round(drained, 1), "passed": passed}
    ]


def off_for_days(options: Options) -> list[dict[str, Any]]:
    """F12: five days are a minute. The endpoint fails, is switched off, is repaired, enabled, and replayed."""
    count = options.count(100)
    with trial(options, annotations=count, endpoints=1, scale=60 / (5 * DAY)) as run:
        run.behave(kind="500")
        first = run.deciders(annotations=run.annotations[: count // 2]).start()
        off = run.site.until(lambda: run.site.number(OFF) == 1, seconds=SECONDS)
        second = run.deciders(annotations=run.annotations[count // 2 :]).start()
        run.site.until(lambda: second.finished, seconds=SECONDS)
        states = dict(run.site.rows(STATES))
        run.behave()
        run.ask_lead(0, "enable")
        replayed = run.ask_lead(0, "replay")["replayed"]
        drained = run.drained(seconds=SECONDS)
        counted = Count(run, first.told + second.told)
    figures = {"kills": 0, "decisions": count, **counted.line, "when_off": states, "replayed": replayed}
    passed = (
        off
        and drained is not None
        and counted.is_whole
        and states.get("dead", 0) > 0
        and states.get("held", 0) > 0
    )
    return [figures | {"drained_seconds": drained and round(drained, 1), "passed": passed}]
