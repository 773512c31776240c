"""The client of the register: one request at a time, and what its answer means.

Its POST is not idempotent, so all depends on whether a request may have arrived. What certainly did not, or
was put off by the register (429, 5xx), is sent again; what may have arrived without a usable answer is
uncertain, and a person decides. docs/decisions/045-a-report-is-sent-once-or-is-uncertain.md
"""

import json
import uuid
from dataclasses import dataclass
from enum import Enum

from django.conf import settings

from tasks.transport import Answer, get, parse_retry_after, post

SECONDS = 15
EXCERPT = 200
STATUS_LENGTH = 60
LONGEST_RETRY_AFTER = 24 * 3600


class Outcome(Enum):
    ACCEPTED = "accepted"
    RETRY = "retry"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Reply:
    """`sentence` says why it was not accepted; `retry_after` is in seconds."""

    outcome: Outcome
    status: int | None = None
    sentence: str = ""
    register_id: uuid.UUID | None = None
    retry_after: float = 0


def is_connected() -> bool:
    return bool(settings.AVID_API_URL)


def send(body: bytes) -> Reply:
    headers = _headers() | {"Content-Type": "application/json"}
    return _reply(post(f"{settings.AVID_API_URL}submit", body, headers, seconds=SECONDS))


def status_of(register_id: uuid.UUID) -> str | None:
    """What the register's editors did with it, in its words; None if it does not say."""
    answer = get(f"{settings.AVID_API_URL}review/{register_id}/status", _headers(), seconds=SECONDS)
    text = _plain(answer)[:STATUS_LENGTH] if answer.is_success else ""
    return text if text.isprintable() and text else None


def _headers() -> dict[str, str]:
    ours = {
        "Accept": "application/json, text/plain",
        "Accept-Encoding": "identity",
        "User-Agent": f"Countersign/{settings.VERSION}",
    }
    return ours | ({"Authorization": settings.AVID_API_KEY} if settings.AVID_API_KEY else {})


def _reply(answer: Answer) -> Reply:
    status = answer.status
    if not answer.is_sent:
        return Reply(Outcome.RETRY, sentence=f"No connection to the register: {_excerpt(answer)}")
    if status is None:
        what = f"no answer within {SECONDS} s" if answer.error == "timeout" else "the connection broke off"
        return Reply(Outcome.UNCERTAIN, sentence=f"The report was sent, but {what}.")
    if status == 429 or status >= 500:
        after = min(parse_retry_after(answer.retry_after), LONGEST_RETRY_AFTER)
        return Reply(Outcome.RETRY, status, f"The register answered {status}.", retry_after=after)
    if answer.is_success:
        return _accepted(answer)
    if answer.error == "redirect":
        sentence = f"The register redirects ({status}): set AVID_API_URL to the address it has now."
        return Reply(Outcome.REFUSED, status, sentence)
    return Reply(Outcome.REFUSED, status, f"The register refused it ({status}): {_excerpt(answer)}")


def _accepted(answer: Answer) -> Reply:
    text = _plain(answer)
    try:
        if len(text) == 36:
            return Reply(Outcome.ACCEPTED, answer.status, register_id=uuid.UUID(text))
    except ValueError:
        pass
    sentence = f"The register answered {answer.status}, but not with an id: {_excerpt(answer)}"
    return Reply(Outcome.UNCERTAIN, answer.status, sentence)


def _plain(answer: Answer) -> str:
    """The register answers with a JSON string, or with the bare text."""
    try:
        found = json.loads(answer.text)
    except (ValueError, RecursionError):
        found = answer.text
    return " ".join(found.split()) if isinstance(found, str) else ""


def _excerpt(answer: Answer) -> str:
    """Without the key: some servers answer with the request."""
    text = answer.text.replace(settings.AVID_API_KEY, "…") if settings.AVID_API_KEY else answer.text
    return " ".join(text.split())[:EXCERPT] or "(nothing)"
