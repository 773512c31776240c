"""What a request says about files that it only uploads: with that they are checked, and imported later."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.errors import Refused
from tasks.locks import Lock, hold
from tasks.models import Project, Upload
from users.models import User
from users.sentences import sentence as _

from .repeats import RequestKey


def options_of(uploads: Sequence[Upload], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those with which the files were checked, and instead of them those `given` now.

    Raises Refused if the files were checked with different ones. Files to label have none.
    """
    checked = [upload.options for upload in uploads if upload.options]
    options = dict(given)
    for name in dict.fromkeys(name for one in checked for name in one if name not in given):
        if len({json.dumps(one.get(name), sort_keys=True) for one in checked}) > 1:
            raise Refused(
                "different_options",
                _(
                    "These files were uploaded with different values of %(name)s. Import them one by one, or"
                    " upload them again together.",
                    name=name,
                ),
                field=name,
            )
        options[name] = checked[0].get(name)
    return options


def kept_before(project: Project, actor: User, key: RequestKey) -> list[Upload]:
    """The files that this request has uploaded already. Until the transaction ends, another one waits here.

    Raises Refused if the key is another request's.
    """
    if not key.key:
        return []
    hold(Lock.UPLOADS, actor.pk)
    found = list(Upload.objects.filter(project=project, created_by=actor, idempotency_key=key.key))
    if found and found[0].fingerprint != key.fingerprint:
        raise Refused(
            "idempotency_key_reused",
            _(
                "An upload had this Idempotency-Key with another body or other parameters. Use a new key.",
            ),
            field="Idempotency-Key",
        )
    return found
