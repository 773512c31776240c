"""A result without the editor: the labelled media with its shapes and spans, and a table of answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks.diff.shapes import number, numbers, pair
from tasks.labelconfig import parse
from tasks.models import Annotation, Project, Task
from tasks.results import regions_of
from tasks.shown_data import is_loadable, shown_value

KINDS = {"Image": "image", "Audio": "audio", "AudioPlus": "audio", "Video": "video", "Text": "text"}
SVG_TAGS = {"rectangle": "rect", "ellipse": "ellipse", "polygon": "polygon"}

Region = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """Something drawn on an image: an SVG element, its attributes in percent of the image."""

    tag: str
    label: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Span:
    """A stretch of text, with its label if it has one."""

    text: str
    label: str = ""


@dataclass
class Source:
    """One thing that was labelled. kind: image, audio, video, text, other, or blocked: an address that a page
    must not load."""

    name: str
    kind: str
    value: Any
    spans: list[Span] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """One region of the result: which control, what was answered, and about which part."""

    control: str
    text: str
    where: str = ""


def sources_of(project: Project, task: Task, annotation: Annotation) -> list[Source]:
    """What the task shows, each with what `annotation` marked on it. Without a label configuration, the
    task's data."""
    objects = parse(project.label_config).objects
    data = task.data if isinstance(task.data, dict) else {"data": task.data}
    sources = [
        _source(name, KINDS.get(tag["type"], "other"), shown_value(data, tag["value"]))
        for name, tag in objects.items()
        if tag.get("value")
    ]
    for source in sources:
        regions = [region for region in _regions(annotation) if region.get("to_name") == source.name]
        source.shapes.extend(_shapes(regions))
        if source.kind == "text":
            source.spans.extend(_spans(str(source.value), regions))
    return sources or [Source(name, "other", value) for name, value in data.items()]


def _source(name: str, kind: str, value: Any) -> Source:
    is_media = kind in ("image", "audio", "video")
    return Source(name, "blocked" if is_media and not is_loadable(value) else kind, value)


def answers_of(annotation: Annotation) -> list[Answer]:
    return [
        Answer(str(region.get("from_name", "")), _answer_text(region), _where(region))
        for region in _regions(annotation)
    ]


def _regions(annotation: Annotation) -> Iterator[Region]:
    # Relations between regions have no value.
    return (region for region in regions_of(annotation.result) if isinstance(region.get("value"), dict))


def _labels(region: Region) -> str:
    found = region["value"].get(str(region.get("type")))
    return _joined(found) if isinstance(found, list) else ""


def _answer_text(region: Region) -> str:
    """What was chosen or written; for a region without a label, its type."""
    value, kind = region["value"], str(region.get("type"))
    answer = value.get(kind, value.get("text"))
    return _joined(answer) if answer not in (None, "", []) else kind


def _joined(answer: Any) -> str:
    """Taxonomies answer with a list of paths, other controls with a list of values, or with one value."""
    if not isinstance(answer, list):
        return str(answer)
    return ", ".join(" / ".join(map(str, item)) if isinstance(item, list) else str(item) for item in answer)


def _where(region: Region) -> str:
    value = region["value"]
    if isinstance(value.get("text"), str) and "start" in value:
        return f"“{value['text']}”"
    if "start" in value and "end" in value:
        return f"{value['start']} to {value['end']}"
    if box := numbers(value, "x", "y", "width", "height"):
        x, y, width, height = box
        return f"{width:.0f} × {height:.0f} % at {x:.0f}, {y:.0f}"
    return f"{len(value['points'])} points" if isinstance(value.get("points"), list) else ""


def _shapes(regions: list[Region]) -> Iterator[Shape]:
    for region in regions:
        # "rectanglelabels" and "rectangle" look the same.
        kind = str(region.get("type", "")).removesuffix("labels")
        if attributes := _svg_attributes(kind, region["value"]):
            yield Shape(SVG_TAGS[kind], _labels(region), attributes)


def _svg_attributes(kind: str, value: dict[str, Any]) -> dict[str, Any] | None:
    if kind == "rectangle" and numbers(value, "x", "y", "width", "height"):
        attributes = {name: value[name] for name in ("x", "y", "width", "height")}
        if turn := number(value.get("rotation")):
            attributes["transform"] = f"rotate({turn} {value['x']} {value['y']})"
        return attributes
    if kind == "ellipse" and numbers(value, "x", "y", "radiusX", "radiusY"):
        return {"cx": value["x"], "cy": value["y"], "rx": value["radiusX"], "ry": value["radiusY"]}
    if kind == "polygon" and isinstance(value.get("points"), list):
        points = (f"{found[0]},{found[1]}" for point in value["points"] if (found := pair(point)))
        return {"points": " ".join(points)}
    return None


def _spans(text: str, regions: list[Region]) -> Iterator[Span]:
    """The whole text, cut at the labelled regions. Of two that overlap, the later one is left out."""
    marked = sorted(found for region in regions if (found := _start_end_label(region)))
    reached = 0
    for start, end, label in marked:
        # A span may also point past the end: imported results are kept as they are.
        if not reached <= start <= end <= len(text):
            continue
        yield Span(text[reached:start])
        yield Span(text[start:end], label)
        reached = end
    yield Span(text[reached:])


def _start_end_label(region: Region) -> tuple[int, int, str] | None:
    value = region["value"]
    if isinstance(value.get("start"), int) and isinstance(value.get("end"), int):
        return value["start"], value["end"], _labels(region) or str(region.get("type"))
    return None
