"""Links to one file that open without signing in, for ten minutes: for front ends on another origin."""

from datetime import UTC, datetime, timedelta

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.utils import timezone

from tasks.errors import Refused
from tasks.models import Upload

LIFE = timedelta(minutes=10)
_SIGNER = TimestampSigner(salt="tasks.upload")


def signed_path(upload: Upload) -> tuple[str, datetime]:
    """The path with its signature, and when it stops working."""
    expires_at = datetime.fromtimestamp(int(timezone.now().timestamp()), UTC) + LIFE
    signature = _SIGNER.sign(upload.key).removeprefix(f"{upload.key}:")
    return f"{upload.path}?signature={signature}", expires_at


def check(key: str, signature: str) -> None:
    """Raises Refused."""
    try:
        _SIGNER.unsign(f"{key}:{signature}", max_age=LIFE)
    except SignatureExpired:
        raise Refused("link_expired", "This link has expired. Reload the page that it came from.", status=403)
    except BadSignature:
        raise Refused(
            "bad_link", "This link is not one of ours. Reload the page that it came from.", status=403
        )
