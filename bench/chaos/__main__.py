"""One JSON line for each fault on standard output; progress goes to standard error."""

import contextlib
import json
import os
import sys

from bench.chaos.faults import FAULTS
from bench.chaos.options import Options
from bench.site import forget_foreign_variables
from devserver.processes import install_stop_handlers


def requested_faults() -> list[str]:
    name = os.environ.get("F") or "all"
    if name != "all" and name not in FAULTS:
        raise SystemExit(f"F={name} is not one of {', '.join(FAULTS)}.")
    return list(FAULTS) if name == "all" else [name]


def main() -> None:
    install_stop_handlers()
    names, options, passed = requested_faults(), Options.from_environment(), True
    forget_foreign_variables()
    for name in names:
        with contextlib.redirect_stdout(sys.stderr):
            lines = FAULTS[name](options)
        for line in lines:
            print(json.dumps({"fault": name, "seed": options.seed} | line), flush=True)
            passed &= bool(line["passed"])
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
