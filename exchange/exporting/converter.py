"""Runs Label Studio's converter in a process of its own: bounded in time and memory, without a network."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.progress import Progress
from tasks.errors import Refused
from users.sentences import sentence as _

SCRIPT = Path(__file__).with_name("converter_process.py")
MISSING = _(
    "Label Studio's converter is not installed. Install requirements-formats.txt (`make formats`), or set"
    " CONVERTER_PYTHON to a Python that has it."
)
FILE_BYTES = 2**30
POLL_SECONDS = 0.5


def python() -> str | None:
    """The interpreter that has the converter, as far as can be told without starting it."""
    own = settings.BASE_DIR / ".venv-formats"
    if settings.CONVERTER_PYTHON:
        return settings.CONVERTER_PYTHON if os.access(settings.CONVERTER_PYTHON, os.X_OK) else None
    if any(own.glob("lib/python*/site-packages/label_studio_sdk/converter")):
        return str(own / "bin" / "python")
    return sys.executable if importlib.util.find_spec("label_studio_sdk") else None


def run(format: str, label_config: str, controls: Sequence[str], folder: Path, progress: Progress) -> None:
    """Convert `tasks.json` in the folder to files in `out`. Raises Refused saying what went wrong."""
    interpreter = python()
    if interpreter is None:
        raise Refused("format_unavailable", MISSING)
    order = {
        "format": format,
        "label_config": label_config,
        "controls": controls,
        "folder": str(folder),
        "input": str(folder / "tasks.json"),
        "output": str(folder / "out"),
        "seconds": settings.CONVERTER_SECONDS,
        "memory_bytes": settings.CONVERTER_MEMORY_MB * 2**20,
        "file_bytes": FILE_BYTES,
    }
    (folder / "order.json").write_text(json.dumps(order))
    with (folder / "order.json").open() as sent, (folder / "log").open("wb") as log:
        process: subprocess.Popen[Any] = subprocess.Popen(
            [interpreter, "-I", str(SCRIPT)],
            stdin=sent,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
        )
        try:
            code = _wait(process, progress)
        finally:
            _end(process)
    if code:
        detail = _("The converter failed: %(words)s", words=_last_line(folder / "log"))
        raise Refused("conversion_failed", detail)


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of ours: it has the keys of the site. One thread, because each would take memory."""
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", **one}


def _wait(process: subprocess.Popen[Any], progress: Progress) -> int:
    until = time.monotonic() + settings.CONVERTER_SECONDS
    while time.monotonic() < until:
        try:
            return process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            progress(0, sentence="Converting")  # and notice a cancellation
    seconds = settings.CONVERTER_SECONDS
    detail = _("The converter took longer than %(seconds)s seconds (CONVERTER_SECONDS).", seconds=seconds)
    raise Refused("conversion_failed", detail)


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_line(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - 2000, 0))
        lines = file.read().decode(errors="replace").split("\n")
    return next((line[:300] for line in reversed(lines) if line.strip()), "it was killed.")
