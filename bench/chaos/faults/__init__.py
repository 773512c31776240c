"""Every fault by its name: Options → the lines to print."""

from collections.abc import Callable
from typing import Any

from bench.chaos.faults import (
    broken_workers,
    broker,
    forbidden_addresses,
    kills,
    misbehaving,
    slow_consumers,
)
from bench.chaos.options import Options

FAULTS: dict[str, Callable[[Options], list[dict[str, Any]]]] = {
    "F1": kills.random_kills,
    "F2": slow_consumers.hanging,
    "F3": slow_consumers.no_fault,
    "F4": misbehaving.misbehaving,
    "F5": broker.no_broker,
    "F6": broker.no_beat_no_worker,
    "F10": broken_workers.wrong_clock,
    "F11": misbehaving.rotated_secret,
    "F12": misbehaving.off_for_days,
    "F13": broken_workers.poison,
    "F14": forbidden_addresses.addresses,
    "F16": slow_consumers.slow_consumer,
}
