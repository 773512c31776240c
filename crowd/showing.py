"""What the page shows of an item, ready for the template."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from . import media
from .importing.lines import Box, Content, Keyframe, content_of
from .models import Campaign, Item
from .rubric import score_field
from .texts import in_language

VIDEO_FILES = (".mp4", ".webm", ".ogv", ".mov", ".m4v")


@dataclass(frozen=True)
class Video:
    """`plays`: a file that the browser plays; otherwise it is a page to open."""

    url: str
    plays: bool
    start: float | None
    end: float | None

    @property
    def fragment(self) -> str:
        """Where browsers start and stop without any script (W3C Media Fragments)."""
        if self.start is None and self.end is None:
            return ""
        return f"#t={self.start or 0:g}" + (f",{self.end:g}" if self.end is not None else "")

    def window(self, sentence: str) -> str:
        if self.start is None and self.end is None:
            return ""
        return sentence.format(start=clock(self.start or 0), end=clock(self.end) if self.end else "…")


@dataclass(frozen=True)
class Rectangle:
    x: float
    y: float
    w: float
    h: float
    label: str


@dataclass(frozen=True)
class Frame:
    """`view_box` is the size of the image, so that boxes are drawn in its pixels."""

    url: str
    caption: str
    width: float | None
    height: float | None
    view_box: str
    boxes: tuple[Rectangle, ...]
    # The image has its boxes in it: they are listed, but not drawn again.
    overlaid: bool


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


def content(item: Item, campaign: Campaign) -> Content:
    return content_of(item.line, [question["key"] for question in campaign.rubric["questions"]])


def media_url(campaign: Campaign, address: str) -> str:
    """A path is one inside the campaign's folder. Remote addresses stay as they are, unless the folder has a
    copy."""
    if not address:
        return ""
    path = media.copy_of(campaign, address) if urlsplit(address).scheme else address
    return address if path is None else f"{campaign.path}media/{quote(path)}"


def video_of(shown: Content, campaign: Campaign) -> Video | None:
    if not shown.video_url:
        return None
    url = media_url(campaign, shown.video_url)
    plays = urlsplit(url).path.lower().endswith(VIDEO_FILES)
    return Video(url, plays, shown.video_start, shown.video_end)


def clock(seconds: float) -> str:
    """As players show it: 1:05.5"""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}:{rest:04.1f}"


def frames_of(shown: Content, campaign: Campaign, words: dict[str, str]) -> list[Frame]:
    return [_frame(frame, campaign, words) for frame in shown.keyframes]


def _frame(frame: Keyframe, campaign: Campaign, words: dict[str, str]) -> Frame:
    relative = bool(frame.boxes) and all(max(box.x, box.y, box.w, box.h) <= 1 for box in frame.boxes)
    # Boxes in pixels of an image whose size is not known are drawn once the page has loaded it.
    width, height = (frame.width, frame.height) if frame.width and frame.height else (1.0, 1.0)
    scale_x, scale_y = (width, height) if relative else (1.0, 1.0)
    known = relative or (frame.width and frame.height)
    return Frame(
        url=media_url(campaign, frame.image),
        caption=", ".join(
            part
            for part in (
                words["frame_number"].format(frame=frame.frame) if frame.frame is not None else "",
                words["at_second"].format(t=f"{frame.t:g}") if frame.t is not None else "",
            )
            if part
        ),
        width=frame.width,
        height=frame.height,
        view_box=f"0 0 {width:g} {height:g}" if known else "",
        boxes=tuple(_rectangle(box, scale_x, scale_y) for box in frame.boxes),
        overlaid=frame.overlaid,
    )


def _rectangle(box: Box, scale_x: float, scale_y: float) -> Rectangle:
    return Rectangle(box.x * scale_x, box.y * scale_y, box.w * scale_x, box.h * scale_y, box.label)


def questions_of(
    shown: Content, campaign: Campaign, language: str, sent: dict[str, str], error: tuple[str, str] | None
) -> list[Asked]:
    """`sent`: what the form had, if it comes back; `error`: (field, sentence)."""
    return [_asked(question, shown, language, sent, error) for question in campaign.rubric["questions"]]


def _asked(
    question: dict[str, Any],
    shown: Content,
    language: str,
    sent: dict[str, str],
    error: tuple[str, str] | None,
) -> Asked:
    here, field = shown.questions[question["key"]], score_field(question)
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
    chosen = sent.get(tag["field"], in_line)
    options = list(dict.fromkeys([*tag["options"], *filter(None, [in_line, chosen])]))
    return TagChoice(tag["field"], in_language(tag["title"], language), options, chosen)


def answer_text(answer: Any) -> str:
    """A text as it is, two numbers as a span of time, anything else as JSON."""
    if answer is None or isinstance(answer, str):
        return answer or ""
    is_number = [isinstance(value, int | float) and not isinstance(value, bool) for value in _values(answer)]
    if len(is_number) == 2 and all(is_number):
        return f"{answer[0]:g} – {answer[1]:g} s"
    return json.dumps(answer, ensure_ascii=False)


def _values(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else []
