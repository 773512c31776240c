"""What may be asked of an import."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from tasks.errors import Refused
from users.sentences import sentence as _

from .text_stream import codec_named

ERROR, SKIP, UPDATE = "error", "skip", "update"
ON_DUPLICATE = (ERROR, SKIP, UPDATE)
BY_ID, BY_DATA = "id", "data"
MATCH_ON = (BY_ID, BY_DATA)
MAX_FIELDS = 20


@dataclass(frozen=True)
class ImportOptions:
    """`match_on=data`: a task is here already if one with equal data is. `strict` refuses what would be a
    warning in the report. `preannotated_from_fields` are keys of the data that become predictions.
    """

    on_duplicate: str = SKIP
    match_on: str = BY_ID
    strict: bool = False
    encoding: str = ""
    preannotated_from_fields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _refuse_other("on_duplicate", self.on_duplicate, ON_DUPLICATE)
        _refuse_other("match_on", self.match_on, MATCH_ON)
        if self.encoding:
            codec_named(self.encoding)
        if len(self.preannotated_from_fields) > MAX_FIELDS:
            raise Refused(
                "too_many",
                _("At most %(max_fields)s fields can become predictions.", max_fields=MAX_FIELDS),
                field="preannotated_from_fields",
            )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, sent: Mapping[str, Any]) -> Self:
        return cls(**(dict(sent) | {"preannotated_from_fields": tuple(sent["preannotated_from_fields"])}))


def _refuse_other(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise Refused(
            f"invalid_{name}",
            _("%(name)s is one of %(known)s.", name=name, known=", ".join(known)),
            field=name,
        )
