"""Consumers that misbehave (F4), rotate their secret (F11), or are off for days (F12)."""

from pathlib import Path
from typing import Any

from bench.chaos.count import Count
from bench.chaos.dataset import VERDICTS
from bench.chaos.options import Options
from bench.chaos.trial import Trial, trial
from bench.site import descendants
from tasks.transport import TOTAL_SECONDS
from webhooks.retries import JITTER, WAITS

SECONDS = 600
DAY = 24 * 3600
KINDS = ["500", "404", "410", "429", "302", "reset", "empty", "huge", "drip_body", "drip_header", "tls"]
HOUR_IN_A_SECOND = 1 / 3600
LATE_SECONDS = 3.0  # the sweep runs every second, and then a worker must be free
LONGEST_SECONDS = 16
RETRY_AFTER = 2
ATTEMPTS = """
    SELECT a.delivery_id, d.webhook_id, a.number, extract(epoch FROM a.at)::float8, a.duration, a.error
    FROM webhooks_attempt a JOIN webhooks_delivery d ON d.id = a.delivery_id ORDER BY a.delivery_id, a.number
"""
PENDING_AND_ACTIVE = """
    SELECT count(*) FROM webhooks_delivery d JOIN webhooks_webhook w ON w.id = d.webhook_id
    WHERE d.state = 'pending' AND w.is_active
"""
STATES = "SELECT state, count(*) FROM webhooks_delivery GROUP BY state"
DISABLED = "SELECT count(*) FROM webhooks_webhook WHERE disabled_reason = 'failing'"


def misbehaving(options: Options) -> list[dict[str, Any]]:
    """F4: one decision for each way to misbehave, all its attempts, an hour in a second."""
    with trial(options, annotations=4, endpoints=len(KINDS), scale=HOUR_IN_A_SECOND) as run:
        _misbehave(run)
        before = _memory(run)
        reviewers = run.start_reviewers()
        run.wait_for(reviewers, seconds=SECONDS)
        drained = run.site.until(lambda: run.site.number(PENDING_AND_ACTIVE) == 0, seconds=SECONDS)
        grown, attempts = _memory(run) - before, run.site.rows(ATTEMPTS)
        states = dict(run.site.rows(STATES))
    longest, wrong = max(row[4] for row in attempts), _off_schedule(attempts)
    return [
        {
            "kills": 0,
            "decisions": 4,
            "acknowledged": len(reviewers.acknowledged),
            "ways": len(KINDS),
            "attempts": len(attempts),
            "states": states,
            "off_schedule": len(wrong),
            "worst_of_these": sorted(wrong, key=lambda one: -abs(one[1]))[:3],
            "longest_attempt_seconds": longest,
            "worker_grew_mb": round(grown, 1),
            "passed": drained and longest <= LONGEST_SECONDS and not wrong and grown < 20,
        }
    ]


def _misbehave(run: Trial) -> None:
    for number, kind in enumerate(KINDS):
        headers = {
            "429": {"Retry-After": str(RETRY_AFTER)},
            "302": {"Location": f"http://127.0.0.1:{run.site.port}/"},
        }.get(kind, {})
        run.set_mode(number, kind="200" if kind == "tls" else kind, headers=headers)
    # The consumer speaks no TLS.
    tls = run.endpoints[KINDS.index("tls")]["id"]
    with run.site.connect() as connection:
        connection.execute(
            "UPDATE webhooks_webhook SET url = replace(url, 'http:', 'https:') WHERE id = %s", [tls]
        )


def _memory(run: Trial) -> float:
    """Megabytes that the largest process of the senders holds."""
    workers = [run.site.service(name).process.pid for name in ("worker-deliver", "worker-deliver-slow")]
    return max(_resident(pid) for worker in workers for pid in descendants(worker))


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _off_schedule(attempts: list[tuple[Any, ...]]) -> list[tuple[str, float]]:
    """(error, seconds) of attempts before their time, or later than the schedule and LATE_SECONDS allow.
    While one delivery times out, the others of its endpoint wait. An attempt is recorded at its end."""
    wrong = []
    for earlier, later in zip(attempts, attempts[1:], strict=False):
        if earlier[0] != later[0]:
            continue
        waited, due = later[3] - later[4] - earlier[3], WAITS[earlier[2]] * HOUR_IN_A_SECOND
        slack = LATE_SECONDS + (TOTAL_SECONDS if earlier[5] == "timeout" else 0)
        if not due * (1 - JITTER) - 0.1 <= waited <= max(due * (1 + JITTER), RETRY_AFTER) + slack:
            wrong.append((earlier[5], round(waited - due, 1)))
    return wrong


def rotated_secret(options: Options) -> list[dict[str, Any]]:
    """F11: two events per decision. Half way the secret is rotated; the consumer follows soon after."""
    count = options.count(1000)
    endpoint = {"actions": [*VERDICTS, "REVIEW_CREATED"]}
    with trial(options, annotations=count, endpoints=[endpoint]) as run:
        run.set_mode(secret=run.endpoints[0]["secret"])
        reviewers = run.start_reviewers()
        run.site.until(lambda: reviewers.decided > count // 2, seconds=SECONDS)
        new_secret = run.post_as_lead(0, "rotate")["secret"]
        run.site.until(lambda: False, seconds=3)
        run.set_mode(secret=new_secret)
        run.wait_for(reviewers, seconds=SECONDS)
        drained = run.drain(seconds=SECONDS)
        counted, arrivals = Count(run, reviewers.acknowledged), run.arrivals()
    rejected = sum(not arrival["verified"] for arrival in arrivals)
    return [
        {
            "kills": 0,
            "decisions": count,
            "acknowledged": len(reviewers.acknowledged),
            "deliveries": len(arrivals),
            "rejected": rejected,
            "drained_seconds": drained,
            "passed": drained is not None and rejected == 0 and counted.lost == 0,
        }
    ]


def off_for_days(options: Options) -> list[dict[str, Any]]:
    """F12: five days are a minute. The endpoint fails, is switched off, repaired, enabled, and replayed."""
    count = options.count(100)
    with trial(options, annotations=count, endpoints=1, scale=60 / (5 * DAY)) as run:
        run.set_mode(kind="500")
        first = run.start_reviewers(run.annotations[: count // 2])
        disabled = run.site.until(lambda: run.site.number(DISABLED) == 1, seconds=SECONDS)
        second = run.start_reviewers(run.annotations[count // 2 :])
        run.wait_for(second, seconds=SECONDS)
        states = dict(run.site.rows(STATES))
        run.set_mode()
        run.post_as_lead(0, "enable")
        replayed = run.post_as_lead(0, "replay")["replayed"]
        drained = run.drain(seconds=SECONDS)
        counted = Count(run, first.acknowledged + second.acknowledged)
    figures = {"kills": 0, "decisions": count, **counted.line, "when_off": states, "replayed": replayed}
    kept = states.get("dead", 0) > 0 and states.get("held", 0) > 0
    passed = disabled and kept and drained is not None and counted.is_complete
    return [figures | {"drained_seconds": drained, "passed": passed}]
