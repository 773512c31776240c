"""A worker whose clock is wrong (F10), and a payload that kills the process that sends it (F13)."""

from pathlib import Path
from typing import Any

from bench.chaos.count import Count
from bench.chaos.options import Options
from bench.chaos.trial import trial

# A folder of its own, because Python imports any sitecustomize.py on its path.
PATCHES = str(Path(__file__).resolve().parent.parent / "worker_patches")
HOUR = 3600
SECONDS = 900
DELIVERERS = ("worker-deliver", "worker-deliver-slow")
RETRIED = "SELECT count(*) FROM webhooks_delivery WHERE attempts > 1"
POISONED = """
    SELECT d.state, d.attempts FROM webhooks_delivery d JOIN webhooks_event e ON e.id = d.event_id
    WHERE e.body LIKE '%poison%'
"""
UNDELIVERED = "SELECT count(*) FROM webhooks_delivery WHERE state <> 'delivered'"


def wrong_clock(options: Options) -> list[dict[str, Any]]:
    """F10: of three workers one is right, one an hour ahead, one an hour behind; consumers take 0.3 s."""
    count = options.count(300)
    clocks = {"ahead": HOUR, "behind": -HOUR}
    service_env = {
        f"worker-{name}": {"PYTHONPATH": PATCHES, "CHAOS_CLOCK": str(shift)} for name, shift in clocks.items()
    }
    with trial(options, annotations=count, endpoints=3, service_env=service_env) as run:
        run.set_mode(delay=0.3)
        for name in clocks:
            run.site.add(f"worker-{name}", f"celery -A reviewsite worker -Q deliver -c 3 -n {name}@%h")
        reviewers = run.start_reviewers(rate=10)
        run.wait_for(reviewers, seconds=SECONDS)
        drained = run.drain(seconds=SECONDS)
        counted, stolen = Count(run, reviewers.acknowledged), run.site.number(RETRIED)
    figures = {"kills": 0, "decisions": count, **counted.line, "leases_stolen": stolen}
    passed = drained is not None and counted.is_complete and stolen == 0
    return [figures | {"drained_seconds": drained, "passed": passed}]


def poison(options: Options) -> list[dict[str, Any]]:
    """F13: the payload is given up after ten attempts. Each lasts a lease: five minutes with LEASE=0."""
    count = options.count(200)
    env = {"PYTHONPATH": PATCHES, "CHAOS_POISON": "poison"}
    service_env = dict.fromkeys(DELIVERERS, env)
    with trial(options, annotations=count, endpoints=2, scale=0.0001, service_env=service_env) as run:
        reviewers = run.start_reviewers(poisoned=run.annotations[count // 3])
        run.wait_for(reviewers, seconds=SECONDS)
        drained = run.drain(seconds=SECONDS)
        counted, poisoned = Count(run, reviewers.acknowledged), run.site.rows(POISONED)
        undelivered = run.site.number(UNDELIVERED)
    figures = {"kills": 20, "decisions": count, **counted.line, "poisoned": poisoned}
    passed = drained is not None and poisoned == [("dead", 10)] * 2 and undelivered == counted.lost == 2
    return [
        figures | {"others_lost": counted.lost - 2, "drained_seconds": drained, "passed": passed},
    ]
