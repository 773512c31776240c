"""What the page shows of an item, ready for the template. Nothing that a line may hold stops it."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from . import media
from .importing.lines import BadLine, Box, Content, Keyframe, content_of
from .models import Campaign, Item, Submission
from .rubric import Rubric, is_tag, question_keys, score_field
from .texts import in_language, words

VIDEO_FILES = (".mp4", ".webm", ".ogv", ".mov", ".m4v")
COLOURS = 6  # of boxes, by their labels: crowd.css

Words = dict[str, str]


@dataclass(frozen=True)
class Shown:
    """`is_partial`: some keys of the line cannot be read; the others are shown."""

    content: Content
    is_partial: bool


@dataclass(frozen=True)
class Video:
    """`plays`: a file that the browser plays; otherwise it is a page to open. `window`: a sentence."""

    url: str
    plays: bool
    start: float | None
    end: float | None
    window: str

    @property
    def fragment(self) -> str:
        """Where browsers start and stop without any script (W3C Media Fragments)."""
        if self.start is None and self.end is None:
            return ""
        return f"#t={self.start or 0:g}" + (f",{self.end:g}" if self.end is not None else "")


@dataclass(frozen=True)
class Rectangle:
    x: float
    y: float
    w: float
    h: float
    label: str
    colour: int


@dataclass(frozen=True)
class Frame:
    """`view_box` is the size of the image, so that boxes are drawn in its pixels."""

    url: str
    title: str
    caption: str
    width: float | None
    height: float | None
    view_box: str
    boxes: tuple[Rectangle, ...]
    # The image has its boxes in it: they are listed, but not drawn again.
    overlaid: bool


@dataclass(frozen=True)
class ReferenceImage:
    url: str
    title: str
    caption: str


@dataclass(frozen=True)
class TagChoice:
    field: str
    title: str
    options: list[str]
    chosen: str


@dataclass(frozen=True)
class Asked:
    """One question with what the data answers, and what the form has in it."""

    key: str
    title: str
    explain: str
    question: str
    answer: str
    options: tuple[str, ...]
    field: str
    score: str
    tags: list[TagChoice]
    error: str


def content(item: Item, campaign: Campaign) -> Shown:
    keys = question_keys(campaign.rubric)
    line = item.line if isinstance(item.line, dict) else {}
    try:
        return Shown(content_of(line, keys), is_partial=line is not item.line)
    except BadLine:
        pass
    # Lines are checked when they are imported, by the rules of that day and the rubric of that day.
    readable = {name: value for name, value in line.items() if _is_readable({name: value}, keys)}
    if not _is_readable(readable, keys):
        readable = {name: value for name, value in readable.items() if not name.startswith("video_")}
    return Shown(content_of(readable if _is_readable(readable, keys) else {}, keys), is_partial=True)


def _is_readable(line: dict[str, Any], keys: list[str]) -> bool:
    try:
        content_of(line, keys)
    except BadLine:
        return False
    return True


def media_url(campaign: Campaign, address: str) -> str:
    """A path is one inside the campaign's folder. Remote addresses stay as they are, unless the folder has a
    copy."""
    if not address:
        return ""
    path = media.copy_of(campaign, address) if urlsplit(address).scheme else address
    return address if path is None else f"{campaign.path}media/{quote(path)}"


def video_of(shown: Shown, campaign: Campaign, texts: Words) -> Video | None:
    video = shown.content
    if not video.video_url:
        return None
    url = media_url(campaign, video.video_url)
    plays = urlsplit(url).path.lower().endswith(VIDEO_FILES)
    start, end = video.video_start, video.video_end
    window = ""
    if start is not None or end is not None:
        window = texts["video_window"].format(start=clock(start or 0), end="…" if end is None else clock(end))
    return Video(url, plays, start, end, window)


def clock(seconds: float) -> str:
    """As players show it: 1:05.5"""
    minutes, tenths = divmod(round(seconds * 10), 600)
    return f"{minutes}:{tenths / 10:04.1f}"


def references_of(shown: Shown, campaign: Campaign, texts: Words) -> list[ReferenceImage]:
    return [
        ReferenceImage(
            media_url(campaign, image.url), texts["reference"].format(number=number), image.caption
        )
        for number, image in enumerate(shown.content.references, start=1)
        if image.url
    ]


def frames_of(shown: Shown, campaign: Campaign, texts: Words) -> list[Frame]:
    frames = shown.content.keyframes
    labels = list(dict.fromkeys(box.label for frame in frames for box in frame.boxes))
    colours = {label: number % COLOURS for number, label in enumerate(labels)}
    return [_frame(number, frame, campaign, texts, colours) for number, frame in enumerate(frames, start=1)]


def _frame(number: int, frame: Keyframe, campaign: Campaign, texts: Words, colours: dict[str, int]) -> Frame:
    relative = bool(frame.boxes) and all(max(box.x, box.y, box.w, box.h) <= 1 for box in frame.boxes)
    # Boxes in pixels of an image whose size is not known are drawn once the page has loaded it.
    width, height = (frame.width, frame.height) if frame.width and frame.height else (1.0, 1.0)
    scale = (width, height) if relative else (1.0, 1.0)
    known = relative or (frame.width and frame.height)
    place = (
        texts["frame_number"].format(frame=frame.frame) if frame.frame is not None else "",
        texts["at_second"].format(t=number_text(frame.t)) if frame.t is not None else "",
    )
    return Frame(
        url=media_url(campaign, frame.image),
        title=texts["keyframe"].format(number=number),
        caption=", ".join(filter(None, place)),
        width=frame.width,
        height=frame.height,
        view_box=f"0 0 {number_text(width)} {number_text(height)}" if known else "",
        boxes=tuple(_rectangle(box, scale, colours[box.label]) for box in frame.boxes),
        overlaid=frame.overlaid,
    )


def _rectangle(box: Box, scale: tuple[float, float], colour: int) -> Rectangle:
    across, down = scale
    return Rectangle(box.x * across, box.y * down, box.w * across, box.h * down, box.label, colour)


def legend_of(frames: list[Frame]) -> dict[str, int]:
    """Label → colour, of boxes that are drawn."""
    return {
        box.label: box.colour for frame in frames if not frame.overlaid for box in frame.boxes if box.label
    }


def questions_of(
    shown: Shown, campaign: Campaign, language: str, sent: dict[str, str], error: tuple[str, str] | None
) -> list[Asked]:
    """`sent`: what the form had, if it comes back; `error`: (field, sentence)."""
    return [_asked(question, shown, language, sent, error) for question in campaign.rubric["questions"]]


def _asked(
    question: dict[str, Any],
    shown: Shown,
    language: str,
    sent: dict[str, str],
    error: tuple[str, str] | None,
) -> Asked:
    here, field = shown.content.questions[question["key"]], score_field(question)
    tags = [_tag(tag, here.tags.get(tag["name"], ""), sent, language) for tag in question.get("tags", ())]
    fields = {field, *(tag.field for tag in tags)}
    return Asked(
        key=question["key"],
        title=in_language(question["title"], language),
        explain=in_language(question.get("explain", {}), language),
        question=here.question,
        answer=answer_text(here.answer),
        options=here.options,
        field=field,
        score=sent.get(field, ""),
        tags=tags,
        error=error[1] if error and error[0] in fields else "",
    )


def _tag(tag: dict[str, Any], in_line: str, sent: dict[str, str], language: str) -> TagChoice:
    """What is in the line can be chosen, too, if it can be stored."""
    others = [value for value in (in_line, sent.get(tag["field"], "")) if value and is_tag(value)]
    options = list(dict.fromkeys([*tag["options"], *others]))
    chosen = sent.get(tag["field"], in_line)
    return TagChoice(tag["field"], in_language(tag["title"], language), options, chosen)


def answer_text(answer: Any) -> str:
    """A text as it is, two numbers as a span of time, anything else as JSON."""
    if answer is None or isinstance(answer, str):
        return answer or ""
    if isinstance(answer, list) and len(answer) == 2 and all(map(_is_number, answer)):
        return f"{number_text(answer[0])} – {number_text(answer[1])} s"
    return json.dumps(answer, ensure_ascii=False)


def _is_number(value: Any) -> bool:
    # A whole number may be larger than any float.
    return type(value) is int or (isinstance(value, float) and math.isfinite(value))


def number_text(value: float) -> str:
    """Without the zeros that floats have: 14 and 18.5."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


# --- what was answered -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    title: str
    earlier: str
    now: str


def compared(rubric: Rubric, language: str, earlier: Submission, sent: dict[str, str]) -> list[Compared]:
    """What somebody sent before beside what they sent now, a row for each field that differs."""
    before, now = (dict(answered(rubric, language, form)) for form in (as_form(rubric, earlier), sent))
    titles = [title for _, title in fields_of(rubric, language)]
    rows = [Compared(title, before.get(title, ""), now.get(title, "")) for title in titles]
    return [row for row in rows if row.earlier != row.now]


def answered(rubric: Rubric, language: str, form: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Title and text of each field of a form that is filled in."""
    labels = {str(step["value"]): in_language(step["label"], language) for step in rubric["scale"]}
    for field, title in fields_of(rubric, language):
        if value := form.get(field, "").strip():
            is_score = field.endswith("_score") and value in labels
            yield title, f"{value} · {labels[value]}" if is_score else value


def fields_of(rubric: Rubric, language: str) -> Iterator[tuple[str, str]]:
    """Name and title of each field, in the order of the form."""
    for question in rubric["questions"]:
        title = in_language(question["title"], language)
        yield score_field(question), title
        for tag in question.get("tags", ()):
            yield tag["field"], f"{title}: {in_language(tag['title'], language)}"
    yield "comment", words(language)["comment"]


def as_form(rubric: Rubric, submission: Submission) -> dict[str, str]:
    form = {"comment": submission.comment}
    for question in rubric["questions"]:
        answer = submission.answers.get(question["key"], {})
        form[score_field(question)] = str(answer.get("score", ""))
        form |= {tag["field"]: str(answer.get(tag["name"], "")) for tag in question.get("tags", ())}
    return form
