"""Imports that are sent again with the same Idempotency-Key: answered as the first time, and done once."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.utils import timezone

from tasks.errors import Refused
from tasks.models import Import, Project
from users.models import User
from users.sentences import sentence as _

CHUNK = 2**20
KEY = re.compile(r"[\x21-\x7e]{1,255}")
# No request takes so long: the process that had it is gone.
GIVEN_UP_AFTER = timedelta(hours=1)
RETRY_AFTER_SECONDS = 5


@dataclass(frozen=True)
class RequestKey:
    """`fingerprint` is the same for the same request only. Both are empty if no key was sent."""

    key: str = ""
    fingerprint: str = ""

    def record(self, project: Project, actor: User, name: str) -> Import:
        """A new import. Raises Refused if another process has begun one for this key."""
        try:
            with transaction.atomic():
                return Import.objects.create(
                    project=project,
                    created_by=actor,
                    name=name,
                    idempotency_key=self.key,
                    fingerprint=self.fingerprint,
                )
        except IntegrityError:
            raise _in_progress()

    def first(self, project: Project, actor: User) -> Import | None:
        """The import that this request has made already. Raises Refused if the key is another request's."""
        if not self.key:
            return None
        found = Import.objects.filter(project=project, created_by=actor, idempotency_key=self.key).first()
        if found is None:
            return None
        if found.fingerprint != self.fingerprint:
            raise Refused(
                "idempotency_key_reused",
                _(
                    "Import %(found)s had this Idempotency-Key with another body or other parameters. "
                    "Use a new key.",
                    found=found.pk,
                ),
                field="Idempotency-Key",
                extra={"body": {"import": found.pk}},
            )
        return found


NO_KEY = RequestKey()


def request_key(key: str | None, files: Iterable[BinaryIO], about: Any) -> RequestKey:
    """`about` is what the request says besides its files, as JSON can have it. Raises Refused."""
    if key is None:
        return NO_KEY
    if not KEY.fullmatch(key):
        raise Refused(
            "invalid_idempotency_key",
            _("An Idempotency-Key has 1 to 255 characters, without spaces."),
            field="Idempotency-Key",
        )
    digest = hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode())
    for file in files:
        file.seek(0)
        own = hashlib.sha256()
        while chunk := file.read(CHUNK):
            own.update(chunk)
        digest.update(own.digest())
        file.seek(0)
    return RequestKey(key, digest.hexdigest())


def wait_for(record: Import) -> None:
    """Raises Refused while an import within a request is being written."""
    if record.report:
        return
    if record.created_at > timezone.now() - GIVEN_UP_AFTER:
        raise _in_progress()
    release(record.pk)


def release(import_id: int) -> None:
    """The next request with its key is a new import."""
    Import.objects.filter(pk=import_id).update(idempotency_key="", fingerprint="")


def _in_progress() -> Refused:
    return Refused(
        "import_in_progress",
        _("This import has begun and is not complete. Send the request again in a few seconds."),
        status=409,
        extra={"retry_after": RETRY_AFTER_SECONDS},
    )
