"""F1: everything is killed at random, again and again, while reviewers decide and consumers fail."""

import random
from typing import Any

from bench.chaos.count import Count
from bench.chaos.options import Options
from bench.chaos.trial import Trial, trial

KINDS = ["worker", "web", "redis", "pool child", "postgres"]
FLUSHES = 3
ENDPOINTS = 3
FAIL, DROP = 0.05, 0.03
DRAIN_SECONDS = 600
DECIDE_SECONDS = 3600
# The waits between attempts are a hundredth: five minutes are three seconds.
SCALE = 0.01


def at_random(options: Options) -> list[dict[str, Any]]:
    count = options.count(10_000)
    with trial(options, annotations=count, endpoints=ENDPOINTS, scale=SCALE) as run:
        run.behave(fail=FAIL, drop=DROP)
        deciders = run.deciders().start()
        for number, kind in enumerate(kinds := deck(options)):
            due = count * (number + 1) // (len(kinds) + 1)
            run.site.until(lambda due=due: deciders.settled >= due, seconds=DECIDE_SECONDS)  # type: ignore[misc]
            run.befall(kind, random.Random(f"{options.seed}-{number}"))
        run.site.until(lambda: deciders.finished, seconds=DECIDE_SECONDS)
        drained = _drained(run, options, owed=len(deciders.told) * ENDPOINTS)
        counted = Count(run, deciders.told, naive=options.naive)
    ended = drained is not None and not deciders.refused
    return [
        {
            "mode": "naive" if options.naive else "outbox",
            "kills": options.kills,
            "flushes": len(kinds) - options.kills,
            "decisions": count,
            **counted.line,
            "refused": len(deciders.refused),
            "drained_seconds": drained and round(drained, 1),
            "passed": counted.lost > 0 if options.naive else ended and counted.is_whole,
        }
    ]


def deck(options: Options) -> list[str]:
    """Each kind as often as the others, in an order of its own for each seed; the flushes between."""
    chance = random.Random(options.seed)
    kinds: list[str] = []
    while len(kinds) < options.kills:
        kinds += chance.sample(KINDS, len(KINDS))
    kinds = kinds[: options.kills]
    for _ in range(FLUSHES):
        kinds.insert(chance.randrange(len(kinds) + 1), "flush")
    return kinds


def _drained(run: Trial, options: Options, *, owed: int) -> float | None:
    if options.naive:
        return run.quiet(wanted=owed, silence=options.linger)
    return run.drained(seconds=DRAIN_SECONDS)
