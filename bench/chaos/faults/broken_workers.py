"""A worker whose clock is wrong (F10), and a payload that kills whoever posts it (F13)."""

from pathlib import Path
from typing import Any

from bench.chaos.count import Count
from bench.chaos.options import Options
from bench.chaos.trial import trial

SHIMS = str(Path(__file__).resolve().parent.parent / "worker_patches")
HOUR = 3600
SECONDS = 900
DELIVERERS = ("worker-deliver", "worker-deliver-slow")
AGAIN = "SELECT count(*) FROM webhooks_delivery WHERE attempts > 1"
POISONED = """
    SELECT d.state, d.attempts FROM webhooks_delivery d JOIN webhooks_event e ON e.id = d.event_id
    WHERE e.body LIKE '%%poison%%'
"""
UNDELIVERED = "SELECT count(*) FROM webhooks_delivery WHERE state <> 'delivered'"


def wrong_clock(options: Options) -> list[dict[str, Any]]:
    """F10: of three workers one is right, one an hour ahead, one an hour behind; the consumers take a while."""
    count = options.count(300)
    apart = {
        f"worker-{name}": {"PYTHONPATH": SHIMS, "CHAOS_CLOCK": str(shift)}
        for name, shift in (("ahead", HOUR), ("behind", -HOUR))
    }
    with trial(options, annotations=count, endpoints=3, apart=apart) as run:
        run.behave(delay=0.3)
        for name in ("ahead", "behind"):
            run.site.add(
                f"worker-{name}",
                "celery",
                "-A",
                "reviewsite",
                "worker",
                "-Q",
                "deliver",
                "-c",
                "3",
                "-n",
                f"{name}@%h",
            )
        deciders = run.deciders(rate=10).start()
        run.site.until(lambda: deciders.finished, seconds=SECONDS)
        drained = run.drained(seconds=SECONDS)
        counted, stolen = Count(run, deciders.told), run.site.number(AGAIN)
    figures = {"kills": 0, "decisions": count, **counted.line, "leases_stolen": stolen}
    passed = drained is not None and counted.is_whole and stolen == 0
    return [figures | {"drained_seconds": drained and round(drained, 1), "passed": passed}]


def poison(options: Options) -> list[dict[str, Any]]:
    """F13. With LEASE=0 (the product's lease) it takes ten leases: five minutes and more."""
    count = options.count(200)
    shim = {"PYTHONPATH": SHIMS, "CHAOS_POISON": "poison"}
    with trial(
        options, annotations=count, endpoints=2, scale=0.0001, apart=dict.fromkeys(DELIVERERS, shim)
    ) as run:
        deciders = run.deciders(poisoned=run.annotations[count // 3]).start()
        run.site.until(lambda: deciders.finished, seconds=SECONDS)
        drained = run.drained(seconds=SECONDS)
        counted, poisoned = Count(run, deciders.told), run.site.rows(POISONED)
        undelivered = run.site.number(UNDELIVERED)
    figures = {"kills": 20, "decisions": count, **counted.line, "poisoned": poisoned}
    passed = drained is not None and poisoned == [("dead", 10)] * 2 and undelivered == counted.lost == 2
    return [
        figures
        | {
            "others_lost": counted.lost - 2,
            "drained_seconds": drained and round(drained, 1),
            "passed": passed,
        }
    ]
