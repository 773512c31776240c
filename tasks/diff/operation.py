"""One difference between two results, and the sentence that describes it."""

from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import islice
from typing import Any

MAX_WORDS = 400
MAX_QUOTE = 80


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RELABELLED = "relabelled"
    ATTRIBUTE = "attribute"
    TEXT = "text"


@dataclass(frozen=True)
class Operation:
    """`region` is its id in the later result (in the earlier one, if removed); empty for an answer about
    the whole task.

    `control` is `from_name`, or the key that changed if that is not the answer (`meta`, `score`).
    `label_from` and `label_to` do not list labels that stayed. `overlap` is intersection over union, 0 to
    1; None if it cannot be measured. `before` and `after` are values of regions, texts or answers.
    """

    kind: str
    region: str = ""
    control: str = ""
    label_from: str = ""
    label_to: str = ""
    overlap: float | None = None
    before: Any = None
    after: Any = None

    @property
    def sentence(self) -> str:
        return SENTENCES[Kind(self.kind)](self)

    def as_body(self) -> dict[str, Any]:
        return asdict(self) | {"kind": str(self.kind), "sentence": self.sentence}


def word_changes(before: str, after: str) -> list[tuple[str, str]]:
    """(words removed, words inserted) at each place.

    If more than 400 words are affected, they count as one place.
    """
    old, new = _changed_range(before.split(), after.split())
    if max(len(old), len(new)) > MAX_WORDS:
        return [(" ".join(old), " ".join(new))]
    steps = SequenceMatcher(None, old, new).get_opcodes()
    return [(" ".join(old[a:b]), " ".join(new[c:d])) for step, a, b, c, d in steps if step != "equal"]


def _changed_range(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """The words from the first to the last difference."""
    shorter = min(len(old), len(new))
    begin = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    end = next((i for i in range(shorter - begin) if old[-1 - i] != new[-1 - i]), shorter - begin)
    return old[begin : len(old) - end], new[begin : len(new) - end]


# --- sentences ----------------------------------------------------------------------------------


def _added(op: Operation) -> str:
    return f"{_what(op, op.label_to, op.after)} added"


def _removed(op: Operation) -> str:
    return f"{_what(op, op.label_from, op.before)} removed"


def _what(op: Operation, label: str, value: Any) -> str:
    if label:
        return label
    if isinstance(value, str):
        return _quoted(value)
    return op.control or "region"


def _moved(op: Operation) -> str:
    return "moved" if op.overlap is None else f"moved, overlap {_shown(op.overlap)}"


def _shown(overlap: float) -> str:
    """Two decimals. Only full overlap is shown as 1.00, only no overlap as 0.00."""
    return f"{min(max(overlap, 0.01), 0.99) if 0 < overlap < 1 else overlap:.2f}"


def _relabelled(op: Operation) -> str:
    if op.label_from and op.label_to:
        return f"{op.label_from} → {op.label_to}"
    if op.label_from or op.label_to:
        return f"{op.label_to} added" if op.label_to else f"{op.label_from} removed"
    return "label changed"


def _attribute(op: Operation) -> str:
    labels = (op.label_from or None, op.label_to or None)
    old, new = labels if any(labels) else (op.before, op.after)
    name = op.control or "attribute"
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        return f"{name} added" if old is None else f"{name} removed" if new is None else f"{name} changed"
    return f"{name}: {_brief(old)} → {_brief(new)}"


def _brief(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _cut(str(value))


def _text(op: Operation) -> str:
    if not (isinstance(op.before, str) and isinstance(op.after, str)):
        return "text changed"
    places = word_changes(op.before, op.after)
    if not places:
        return "spacing of the text changed"
    shown = ", ".join(_place(old, new) for old, new in islice(places, 2))
    return f"{shown} and {len(places) - 2} more" if len(places) > 2 else shown


def _place(old: str, new: str) -> str:
    if old and new:
        return f"{_quoted(old)} → {_quoted(new)}"
    return f"{_quoted(new)} added" if new else f"{_quoted(old)} removed"


def _quoted(text: str) -> str:
    return f"“{_cut(text)}”"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTE else f"{text[:MAX_QUOTE]}…"


SENTENCES = {
    Kind.ADDED: _added,
    Kind.REMOVED: _removed,
    Kind.MOVED: _moved,
    Kind.RELABELLED: _relabelled,
    Kind.ATTRIBUTE: _attribute,
    Kind.TEXT: _text,
}
