"""The data folder of `make run`: created, locked against a second run, with its secret key and logs."""

import fcntl
import os
import secrets
import time
from pathlib import Path

from .processes import pause

DEFAULT = Path(__file__).resolve().parent.parent / ".data"
LOCK_SECONDS = 4


def data_folder() -> Path:
    """The folder named by DATA. Exits with a sentence if it cannot be created or belongs to another user."""
    data = Path(os.environ.get("DATA") or DEFAULT).absolute()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = data.stat().st_uid
    except OSError as error:
        raise SystemExit(
            f"Cannot use {data} as the data folder: {error.strerror}. Choose another one: make run DATA=…"
        ) from None
    if owner != os.geteuid():
        raise SystemExit(f"{data} belongs to another user. Choose another folder: make run DATA=…")
    return data


def lock(data: Path) -> int:
    """Lock the folder. PostgreSQL inherits the lock, so it stays taken until an earlier run is gone."""
    file = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise SystemExit(
                    f"{data} is in use by another `make run`. Stop it, or choose another one: make run DATA=…"
                ) from None
            pause(0.1)


def secret_key(data: Path) -> str:
    """Generated once for each data folder, then read from it."""
    file = data / "secret_key"
    if not file.exists():
        unfinished = data / "secret_key.new"
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(50))
        unfinished.rename(file)
    return file.read_text()


def keep_last_logs(data: Path) -> None:
    for log in data.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))
