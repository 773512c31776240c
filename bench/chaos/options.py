"""What a run is asked for, from the environment, as `make` hands it on."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`lease` replaces the sender's lease (seconds) and `linger` is how long a naive run waits for what may still come."""

    seed: int = 1
    decisions: int = 0  # 0: as many as the fault wants
    kills: int = 50
    seconds: int = 30
    naive: bool = False
    lease: int = 0
    linger: int = 150

    @classmethod
    def asked(cls) -> "Options":
        return cls(
            seed=_number("SEED", 1),
            decisions=_number("N", 0),
            kills=_number("KILLS", 50),
            seconds=_number("SECONDS", 30),
            naive=bool(_number("NAIVE", 0)),
            lease=_number("LEASE", 0),
            linger=_number("LINGER", 150),
        )

    def count(self, wanted: int) -> int:
        return self.decisions or wanted


def _number(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal():
        raise SystemExit(f"{name}={text} is not a number.")
    return int(text)
