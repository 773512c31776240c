"""One JSON line for each fault on standard output; what happens meanwhile goes to standard error."""

import contextlib
import json
import os
import sys

from bench.chaos.faults import FAULTS
from bench.chaos.options import Options
from devserver.processes import install_stop_handlers

# Of the shell or of `make test`, not of the site that is started here.
NOT_OURS = ("DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "BASE_URL", "PORT", "DATA", "WEBHOOK_TIME_SCALE")


def asked_faults() -> list[str]:
    name = os.environ.get("F") or "all"
    if name != "all" and name not in FAULTS:
        raise SystemExit(f"F={name} is not one of {', '.join(FAULTS)}.")
    return list(FAULTS) if name == "all" else [name]


def main() -> None:
    install_stop_handlers()
    names, options, passed = asked_faults(), Options.asked(), True
    for name in NOT_OURS:
        os.environ.pop(name, None)
    for name in names:
        with contextlib.redirect_stdout(sys.stderr):
            lines = FAULTS[name](options)
        for line in lines:
            print(json.dumps({"fault": name, "seed": options.seed} | line), flush=True)
            passed &= bool(line["passed"])
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
