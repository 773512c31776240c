"""F1: everything is killed at random, again and again, while reviewers decide and consumers fail."""

import random
from functools import partial
from typing import Any

from bench.chaos.count import Count
from bench.chaos.options import Options
from bench.chaos.reviewers import Reviewers
from bench.chaos.trial import Trial, trial

KINDS = ["worker", "web", "redis", "pool child", "postgres"]
FLUSHES = 3
ENDPOINTS = 3
FAIL, DROP = 0.05, 0.03
DRAIN_SECONDS = 600
DECIDE_SECONDS = 3600
# The waits between attempts are a hundredth: five minutes are three seconds.
SCALE = 0.01


def random_kills(options: Options) -> list[dict[str, Any]]:
    count = options.count(10_000)
    kinds = schedule(options)
    with trial(options, annotations=count, endpoints=ENDPOINTS, scale=SCALE) as run:
        run.set_mode(fail=FAIL, drop=DROP)
        reviewers = run.start_reviewers()
        for number, kind in enumerate(kinds):
            due = count * (number + 1) // (len(kinds) + 1)
            run.site.until(partial(_decided, reviewers, due), seconds=DECIDE_SECONDS)
            run.inject(kind, random.Random(f"{options.seed}-{number}"))
        run.wait_for(reviewers, seconds=DECIDE_SECONDS)
        drained = _drain(run, options, expected=len(reviewers.acknowledged) * ENDPOINTS)
        counted = Count(run, reviewers.acknowledged, naive=options.naive)
    ended = drained is not None and not reviewers.refused
    return [
        {
            "mode": "naive" if options.naive else "outbox",
            "kills": options.kills,
            "flushes": len(kinds) - options.kills,
            "decisions": count,
            **counted.line,
            "refused": len(reviewers.refused),
            "drained_seconds": drained,
            "passed": counted.lost > 0 if options.naive else ended and counted.is_complete,
        }
    ]


def schedule(options: Options) -> list[str]:
    """Each kind as often as the others, in an order of its own for each seed, with the flushes in between."""
    chance = random.Random(options.seed)
    kinds: list[str] = []
    while len(kinds) < options.kills:
        kinds += chance.sample(KINDS, len(KINDS))
    kinds = kinds[: options.kills]
    for _ in range(FLUSHES):
        kinds.insert(chance.randrange(len(kinds) + 1), "flush")
    return kinds


def _decided(reviewers: Reviewers, count: int) -> bool:
    return reviewers.decided >= count


def _drain(run: Trial, options: Options, *, expected: int) -> float | None:
    if options.naive:
        return run.drain_without_outbox(expected=expected, silence=options.linger)
    return run.drain(seconds=DRAIN_SECONDS)
