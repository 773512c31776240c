"""One line of an annotations file: checked, and its aliases read.

The line itself is kept as it came. `content_of` gives what the page shows, whatever names the line used.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from django.conf import settings
from rest_framework.exceptions import ParseError

from tasks.strict_json import DECODER, refuse_deep, refuse_unstorable
from users.sentences import sentence as _

from ..rubric import SCALE

ANNO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
# The right scores of an item, to see how reviewers do: {"tg": 3, "qa": 1}. Never shown or exported.
KNOWN = "known_scores"
MAX_LINE = 2**20  # bytes
MAX_REFERENCES = 20
MAX_KEYFRAMES = 60
MAX_BOXES = 500
# Written name → name here.
ALIASES = {
    "video": "video_url",
    "video_link": "video_url",
    "refs": "reference_images",
    "ref_images": "reference_images",
    "frames": "keyframes",
}
BOX_ALIASES = {"bbox": "boxes", "box": "boxes", "bboxes": "boxes"}
FLAT = ("question", "answer", "options", "ref_type", "qa_type")
RELATIVE = re.compile(r"(?!.*(?:^|/)\.\.?(?:/|$))[^/\\:?#\x00-\x1f][^\\:?#\x00-\x1f]*\Z")


class BadLine(ValueError):
    """The line cannot be imported; the message says why."""


@dataclass(frozen=True)
class Line:
    number: int
    anno_id: str
    raw: dict[str, Any]
    content: "Content"
    # Of a known-answer item: question → its right score. None: the line does not say; {}: it is none.
    known: dict[str, int] | None = None


@dataclass(frozen=True)
class LineError:
    number: int
    reason: str


def read_lines(
    file: BinaryIO, questions: Iterable[str], *, seen: dict[str, int], after: int = 0
) -> Iterator[Line | LineError]:
    """Each line of a JSON lines file, in order, from where `file` is: line number `after` + 1. `seen`:
    anno_id → the number of its line, so far; it is added to."""
    keys = tuple(questions)
    for number, text in enumerate(split_lines(file), start=after + 1):
        try:
            line = parse_line(number, text, keys)
        except BadLine as error:
            yield LineError(number, str(error))
            continue
        if first := seen.get(line.anno_id):
            yield LineError(
                number, _("%(anno_id)s was already on line %(first)s", anno_id=line.anno_id, first=first)
            )
            continue
        seen[line.anno_id] = number
        yield line


def split_lines(file: BinaryIO) -> Iterator[bytes]:
    """Of a line that is too long, only the beginning."""
    while text := file.readline(MAX_LINE + 2):
        if not text.endswith(b"\n") and len(text) > MAX_LINE:
            # The rest of the line is read off, or it would count as lines of its own.
            while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
                pass
        yield text


def parse_line(number: int, text: bytes, questions: Iterable[str]) -> Line:
    """Raises BadLine."""
    if len(text) > MAX_LINE + 1:
        raise BadLine(_("longer than %(max_line)s bytes", max_line=format(MAX_LINE, ",")))
    if number == 1:
        text = text.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise BadLine("blank")
    raw = _parse(text)
    anno_id = raw.get("anno_id")
    if anno_id is None:
        raise BadLine(_("anno_id is missing"))
    if not isinstance(anno_id, str) or not ANNO_ID.match(anno_id):
        raise BadLine(
            _(
                "anno_id is not valid: a letter or digit, then at most 127 letters, digits, dots, "
                "hyphens and underscores"
            )
        )
    content = content_of(raw, questions)
    # Taken out of the line, because that is what pages show.
    return Line(number, anno_id, raw, content, _known(raw, questions))


def _known(raw: dict[str, Any], questions: Iterable[str]) -> dict[str, int] | None:
    if KNOWN not in raw:
        return None
    scores = raw.pop(KNOWN) or {}
    if not isinstance(scores, dict):
        raise BadLine(_("%(known)s is not an object", known=KNOWN))
    for key, score in scores.items():
        if key not in questions:
            raise BadLine(_("%(known)s.%(key)s is not a question of this campaign", known=KNOWN, key=key))
        if isinstance(score, bool) or score not in SCALE:
            raise BadLine(_("%(known)s.%(key)s is not one of the scores", known=KNOWN, key=key))
    return scores


def _parse(text: bytes) -> dict[str, Any]:
    try:
        refuse_deep(text, settings.JSON_DEPTH_LIMIT)
        raw = DECODER.decode(text.decode("utf-8"))
        refuse_unstorable(raw)
    except UnicodeDecodeError as error:
        raise BadLine(_("not UTF-8 at byte %(error)s", error=error.start)) from None
    except json.JSONDecodeError as error:
        raise BadLine(_("not JSON: %(msg)s at column %(colno)s", msg=error.msg, colno=error.colno)) from None
    except (ValueError, RecursionError) as error:
        raise BadLine(_("not JSON: %(error)s", error=error)) from None
    except ParseError as error:
        raise BadLine(str(error.detail).replace("The body", "the line").rstrip(".")) from None
    if not isinstance(raw, dict):
        raise BadLine(_("not an object"))
    return raw


@dataclass(frozen=True)
class Box:
    """In pixels of its keyframe, or in parts of its width and height if no number in its boxes is above 1."""

    x: float
    y: float
    w: float
    h: float
    label: str


@dataclass(frozen=True)
class Keyframe:
    image: str
    t: float | None
    frame: int | None
    width: float | None
    height: float | None
    boxes: tuple[Box, ...]
    # The image has the boxes drawn into it.
    overlaid: bool


@dataclass(frozen=True)
class Reference:
    url: str
    caption: str


@dataclass(frozen=True)
class Question:
    """What the annotation says: the question, its answer as JSON, and the tags that were chosen."""

    question: str
    answer: Any
    options: tuple[str, ...]
    tags: dict[str, str]


@dataclass(frozen=True)
class Content:
    video_url: str
    video_start: float | None
    video_end: float | None
    fps: float | None
    references: tuple[Reference, ...]
    keyframes: tuple[Keyframe, ...]
    questions: dict[str, Question]

    @property
    def addresses(self) -> Iterator[str]:
        """Everything the page loads for this item."""
        yield from filter(None, [self.video_url])
        yield from (reference.url for reference in self.references)
        yield from (frame.image for frame in self.keyframes)


def content_of(raw: dict[str, Any], questions: Iterable[str]) -> Content:
    """What a line shows. Raises BadLine, naming the key."""
    line = _named(raw, ALIASES)
    start, end = _seconds(line, "video_start"), _seconds(line, "video_end")
    if start is not None and end is not None and end < start:
        raise BadLine(_("video_end is before video_start"))
    return Content(
        video_url=_address("video_url", line.get("video_url") or ""),
        video_start=start,
        video_end=end,
        fps=_number("fps", line.get("fps")),
        references=tuple(map(_reference, _list(line, "reference_images", MAX_REFERENCES))),
        keyframes=tuple(map(_keyframe, _list(line, "keyframes", MAX_KEYFRAMES))),
        questions={key: _question(line, key) for key in questions},
    )


def _named(raw: dict[str, Any], aliases: dict[str, str]) -> dict[str, Any]:
    """With the names used here; a key under its own name wins over an alias."""
    renamed = {aliases[name]: value for name, value in raw.items() if name in aliases}
    return renamed | {name: value for name, value in raw.items() if name not in aliases}


def _list(line: dict[str, Any], name: str, at_most: int) -> list[Any]:
    found = line.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise BadLine(_("%(name)s is not a list", name=name))
    if len(found) > at_most:
        raise BadLine(_("%(name)s has more than %(at_most)s entries", name=name, at_most=at_most))
    return found


def _seconds(line: dict[str, Any], name: str) -> float | None:
    value = _number(name, line.get(name))
    if value is not None and value < 0:
        raise BadLine(_("%(name)s is negative", name=name))
    return value


def _number(name: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9 or math.isnan(value):
        raise BadLine(_("%(name)s is not a number up to 1,000,000,000", name=name))
    return value


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadLine(_("%(name)s is not a text", name=name))
    return str(value)


def _address(name: str, value: Any) -> str:
    """An http(s) address, or a path inside the campaign's media folder. Nothing a link could run."""
    if value == "":
        return ""
    if not isinstance(value, str):
        raise BadLine(_("%(name)s is not an address", name=name))
    if is_address(value):
        return value
    raise BadLine(_("%(name)s is neither an http address nor a path inside the media folder", name=name))


def is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    is_remote = parts.scheme in ("http", "https") and bool(parts.hostname)
    return is_remote or RELATIVE.match(value) is not None


def _reference(entry: Any) -> Reference:
    if isinstance(entry, dict):
        return Reference(
            _address("reference_images.url", entry.get("url")), _text("caption", entry.get("caption"))
        )
    return Reference(_address("reference_images", entry), "")


def _keyframe(entry: Any) -> Keyframe:
    if isinstance(entry, str):
        entry = {"image": entry}
    if not isinstance(entry, dict):
        raise BadLine(_("keyframes has an entry that is not an object"))
    frame = _named(entry, BOX_ALIASES)
    found = frame.get("boxes")
    if _is_corner_list(found) or isinstance(found, dict):
        frame["boxes"] = [found]
    number = _number("keyframes.frame", frame.get("frame"))
    return Keyframe(
        image=_address("keyframes.image", frame.get("image")),
        t=_number("keyframes.t", frame.get("t")),
        frame=None if number is None else int(number),
        width=_size("width", frame.get("width")),
        height=_size("height", frame.get("height")),
        boxes=tuple(map(_box, _list(frame, "boxes", MAX_BOXES))),
        overlaid=frame.get("overlaid") is True,
    )


def _size(name: str, value: Any) -> float | None:
    size = _number(f"keyframes.{name}", value)
    if size is not None and size <= 0:
        raise BadLine(_("keyframes.%(name)s is not positive", name=name))
    return size


def _is_corner_list(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 4 and not any(isinstance(one, dict | list) for one in value)
    )


def _box(entry: Any) -> Box:
    label = ""
    if isinstance(entry, dict):
        label = _text("label", entry.get("label"))
        corners = next((entry[name] for name in BOX_ALIASES if name in entry), None)
        entry = corners if corners is not None else [entry.get(name) for name in ("x", "y", "w", "h")]
    if not _is_corner_list(entry):
        raise BadLine(_("a box is not x, y, w, h"))
    x, y, w, h = (_number("a box", value) for value in entry)
    if x is None or y is None or w is None or h is None or w < 0 or h < 0:
        raise BadLine(_("a box is not x, y, w, h"))
    return Box(x, y, w, h, label)


def _question(line: dict[str, Any], key: str) -> Question:
    nested = line.get(key)
    if nested is not None and not isinstance(nested, dict):
        raise BadLine(_("%(key)s is not an object", key=key))
    flat = {name: line[f"{key}_{name}"] for name in FLAT if f"{key}_{name}" in line}
    found = flat | (nested or {})
    options = found.get("options") or []
    if not isinstance(options, list):
        raise BadLine(_("%(key)s.options is not a list", key=key))
    return Question(
        question=_text(f"{key}.question", found.get("question")),
        answer=found.get("answer"),
        options=tuple(_text(f"{key}.options", option) for option in options),
        tags={name: _text(name, found[name]) for name in ("ref_type", "qa_type") if name in found},
    )
