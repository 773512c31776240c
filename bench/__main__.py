"""`make bench`: throughput of the hot paths, each beside its floor, measured in one run on one machine.

Prints a table and writes bench/results.json (see docs/how-to/benchmark.md).
`python -m bench --smoke` does as little as fills the table.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

from devserver.processes import install_stop_handlers
from devserver.supervise import ROOT, print_status

from .floors import CLIENTS
from .rows import FULL, SMOKE, Bench, Row, Size
from .site import ThrowAwaySite, forget_foreign_variables
from .statements import is_framing

READY_SECONDS = 120
RESULTS = Path(__file__).parent / "results.json"
# As in production: no demo.
ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "reviewsite.settings", "DEMO": "", "LOG_LEVEL": "WARNING"}


@contextmanager
def running_bench(size: Size) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as folder:
        site = ThrowAwaySite(Path(folder), env=ENVIRONMENT, workers=size.workers)
        try:
            site.start_stores()
            print_status(f"filling the database with {size.annotations:,} annotations")
            data = site.fill("bench.dataset", {"annotations": size.annotations, "reviewers": CLIENTS})
            site.start(seconds=READY_SECONDS)
            yield Bench(site, data, size)
        finally:
            site.stop()


def table(rows: list[Row]) -> str:
    lines = [f"{'row':<22}{'figure':>10}  {'unit':<12}{'floor':>10}{'ratio':>9}{'aim':>9}  met"]
    for row in rows:
        floor = "" if row.floor is None else f"{row.floor:,.1f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
        aim = "" if row.aim is None else f"{'≥' if row.floor else '≤'} {row.aim:g}"
        met = {None: "", True: "yes", False: "no"}[row.met]
        line = f"{row.row:<22}{row.figure:>10,.1f}  {row.unit:<12}{floor:>10}{ratio:>9}{aim:>9}  {met}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def cpu_table(bench: Bench) -> str:
    """Medians of the rounds. On a machine that does other work too, this says more than the throughput."""
    lines = [f"{'CPU ms of one':<22}{'web server':>12}{'PostgreSQL':>12}"]
    for name, rounds in bench.cpu.items():
        web, postgres = (median(column) for column in zip(*rounds, strict=True))
        lines.append(f"{name:<22}{web:>12.2f}{postgres:>12.2f}")
    return "\n".join(lines)


def notes(bench: Bench) -> str:
    busiest = max(load.cpu / load.seconds for load in bench.loads)
    framing = {name: sum(map(is_framing, statements)) for name, statements in bench.statements.items()}
    return "\n".join(
        [
            f"{CLIENTS} clients on kept connections, {os.cpu_count()} cores; medians of {bench.size.rounds} "
            "rounds.",
            "PostgreSQL has fsync off and synchronous_commit on, for floors and product alike.",
            f"Floors: pgbench, {CLIENTS} clients, prepared statements; bulk is beside the floor of accept.",
            f"The load generator used at most {busiest:.0%} of one core.",
            f"Of the statements, {framing['accept']} of accept and {framing['read']} of read begin or end a "
            "transaction, or set something.",
        ]
    )


def write(bench: Bench, rows: list[Row], output: Path) -> None:
    results = {"commit": commit(), "cores": os.cpu_count(), "rows": [asdict(row) for row in rows]}
    output.write_text(json.dumps(results, indent=1) + "\n")
    lines = []
    for name, statements in bench.statements.items():
        lines += [f"{name}: {len(statements)}", *(f"  {n}. {text}" for n, text in enumerate(statements, 1))]
    statements_file(output).write_text("\n".join(lines) + "\n")


def statements_file(output: Path) -> Path:
    return output.with_suffix(".statements.txt")


def commit() -> str:
    """The commit measured, with a mark if files differ from it."""
    described = subprocess.run(
        ["git", "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return described.stdout.strip() or "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--smoke", action="store_true", help="as little as fills the table")
    parser.add_argument("--output", type=Path, default=RESULTS)
    asked = parser.parse_args()
    install_stop_handlers()
    forget_foreign_variables()
    with running_bench(SMOKE if asked.smoke else FULL) as bench:
        rows = bench.run()
    write(bench, rows, asked.output)
    print(f"\n{table(rows)}\n\n{cpu_table(bench)}\n\n{notes(bench)}")
    print(f"Written to {asked.output} and {statements_file(asked.output).name}.")


if __name__ == "__main__":
    main()
