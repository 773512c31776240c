"""Every fault by its name: Options → the lines to print."""

from collections.abc import Callable
from typing import Any

from bench.chaos.faults import bad, broker, closed, killed, odd, slow
from bench.chaos.options import Options

FAULTS: dict[str, Callable[[Options], list[dict[str, Any]]]] = {
    "F1": killed.at_random,
    "F2": slow.hanging,
    "F3": slow.no_fault,
    "F4": bad.misbehaving,
    "F5": broker.no_broker,
    "F6": broker.no_beat_no_worker,
    "F10": odd.wrong_clock,
    "F11": bad.rotated,
    "F12": bad.off_for_days,
    "F13": odd.poison,
    "F14": closed.addresses,
    "F16": slow.slow_consumer,
}
