"""The options of a run, from the environment, where `make` puts them."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`lease` replaces the sender's lease, and `linger` is how long a run without an outbox waits for further
    arrivals, both in seconds."""

    seed: int
    decisions: int  # 0: the fault's own number
    kills: int
    seconds: int
    naive: bool
    lease: int
    linger: int

    @classmethod
    def from_environment(cls) -> "Options":
        return cls(
            seed=_number("SEED", 1),
            decisions=_number("N", 0),
            kills=_number("KILLS", 50),
            seconds=_number("SECONDS", 30),
            naive=bool(_number("NAIVE", 0)),
            lease=_number("LEASE", 0),
            linger=_number("LINGER", 150),
        )

    def count(self, default: int) -> int:
        return self.decisions or default


def _number(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        raise SystemExit(f"{name}={text} is not a number.")
    return int(text)
