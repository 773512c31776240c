"""How uploads are named in a task's data."""

import re
from urllib.parse import urlsplit

_PATH = re.compile(r"/data/upload/([0-9]{1,18})/([A-Za-z0-9._-]{1,255})", re.ASCII)


def name_in(address: str, *, project: int) -> str:
    """The name of the project's file in `/data/upload/…`, with or without a host in front; empty where it is none."""
    match = _PATH.fullmatch(_path_of(address))
    return match[2] if match and int(match[1]) == project else ""


def _path_of(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""
