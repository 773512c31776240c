"""`make shell`: a Python shell, or any command of manage.py, on the data of a running `make run`."""

import json
import os
import sys
from pathlib import Path

from .data_folder import data_folder, secret_key
from .embedded import DATABASE, socket_folder

ROOT = Path(__file__).resolve().parent.parent


def environment(data: Path) -> dict[str, str]:
    sockets = socket_folder(data)
    # Where PostgreSQL runs as another user, its socket is one folder further down.
    found = [folder for folder in (sockets, sockets / "postgres") if (folder / ".s.PGSQL.5432").exists()]
    if not found:
        raise SystemExit(f"Nothing runs on {data}. Start `make run` in another terminal first.")
    redis = sockets / "redis.sock"
    file = data / "demo.json"  # missing until the site is ready
    demo = json.loads(file.read_text()) if file.exists() else {}
    return {
        "DATABASE_URL": f"postgresql:///{DATABASE}?host={found[0]}&user=postgres",
        "REDIS_URL": f"unix://{redis}" if redis.exists() else f"filesystem://{data / 'broker'}",
        "SECRET_KEY": secret_key(data),
        "DATA": str(data),
        "BASE_URL": demo.get("base_url", "http://localhost:8000"),
        "AVID_API_URL": demo.get("register", ""),
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "devserver.settings",
    }


def main() -> None:
    command = [sys.executable, str(ROOT / "manage.py"), *(sys.argv[1:] or ["shell"])]
    os.execve(sys.executable, command, os.environ | environment(data_folder()))


if __name__ == "__main__":
    main()
