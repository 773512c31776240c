"""Addresses of uploaded files: paths in a task's data, and signed links for front ends on another origin."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.db.models import QuerySet
from django.utils import timezone

from users.sentences import sentence as _

from .errors import Refused
from .models import Upload

LIFETIME = timedelta(minutes=10)
_SIGNER = TimestampSigner(salt="tasks.upload")
_PATH = re.compile(r"/data/upload/([0-9]{1,18})/([A-Za-z0-9._-]{1,255})", re.ASCII)


def names_in(data: Any, *, project: int) -> dict[str, str]:
    """Every address of a file of the project that is a text in `data`, wherever: address → name."""
    if isinstance(data, str):
        return {data: name} if (name := name_in(data, project=project)) else {}
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return {address: name for part in parts for address, name in names_in(part, project=project).items()}


def signed_links(uploads: QuerySet[Upload], names: dict[str, str]) -> list[dict[str, Any]]:
    """Of the files that are among `uploads`, one statement for all: `{path, url, expires_at}`."""
    found = {upload.name: signed_path(upload) for upload in uploads.filter(name__in=set(names.values()))}
    return [
        {"path": address, "url": found[name][0], "expires_at": found[name][1]}
        for address, name in names.items()
        if name in found
    ]


def name_in(address: str, *, project: int) -> str:
    """The name of the project's file at this path or URL; empty if there is none."""
    try:
        match = _PATH.fullmatch(urlsplit(address).path)
    except ValueError:
        return ""
    return match[2] if match and int(match[1]) == project else ""


def signed_path(upload: Upload) -> tuple[str, datetime]:
    """A path that opens without signing in, and when it expires."""
    # The signature carries whole seconds.
    expires_at = datetime.fromtimestamp(int(timezone.now().timestamp()), UTC) + LIFETIME
    signature = _SIGNER.sign(upload.key).removeprefix(f"{upload.key}:")
    return f"{upload.path}?signature={signature}", expires_at


def check_signature(key: str, signature: str) -> None:
    """Raises Refused."""
    try:
        _SIGNER.unsign(f"{key}:{signature}", max_age=LIFETIME)
    except SignatureExpired:
        raise Refused("link_expired", _("This link has expired. Reload the page it came from."), status=403)
    except BadSignature:
        raise Refused("bad_link", _("This link is not valid. Reload the page it came from."), status=403)
