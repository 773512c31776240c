"""A result as people read it, without the editor: what was said, where, and boxes one can draw."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks.labelconfig import parse
from tasks.models import Annotation, Project, Task

PICTURES, SOUNDS, FILMS, PLAIN_TEXT = {"Image"}, {"Audio", "AudioPlus"}, {"Video"}, {"Text"}
SHAPE_TAGS = {"rectangle": "rect", "ellipse": "ellipse", "polygon": "polygon"}


@dataclass(frozen=True)
class Shape:
    """Something drawn on a picture, in percent of it. `attributes` are those of its SVG element."""

    tag: str
    label: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """A stretch of a text, with the label it bears."""

    text: str
    label: str = ""


@dataclass
class Source:
    """One thing that was labelled. kind: picture, sound, film, text, other."""

    name: str
    kind: str
    value: Any
    pieces: list[Piece] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """One thing that was said: by which control, what, and about what part."""

    control: str
    words: str
    where: str = ""


def sources_of(project: Project, task: Task, annotation: Annotation) -> list[Source]:
    """What the task shows, each with what `annotation` drew on it; without a configuration, the task's data."""
    objects = parse(project.label_config).objects
    made = [
        Source(name, _kind(tag["type"]), _shown(task, tag))
        for name, tag in objects.items()
        if tag.get("value")
    ]
    for source in made:
        regions = [region for region in _regions(annotation) if region.get("to_name") == source.name]
        source.shapes.extend(_shapes(regions))
        if source.kind == "text":
            source.pieces.extend(_pieces(str(source.value), regions))
    return made or [Source(name, "other", value) for name, value in task.data.items()]


def lines_of(annotation: Annotation) -> list[Line]:
    return [
        Line(str(region.get("from_name", "")), _words(region), _where(region))
        for region in _regions(annotation)
    ]


def _regions(annotation: Annotation) -> Iterator[dict[str, Any]]:
    return (region for region in annotation.result if isinstance(region.get("value"), dict))


def _kind(tag: str) -> str:
    for kind, tags in (("picture", PICTURES), ("sound", SOUNDS), ("film", FILMS), ("text", PLAIN_TEXT)):
        if tag in tags:
            return kind
    return "other"


def _shown(task: Task, tag: dict[str, str]) -> Any:
    """What the tag's `value` names in the task's data, else those words themselves."""
    return task.data.get(tag["value"], tag["value"])


def _labels(region: dict[str, Any]) -> str:
    found = region["value"].get(region.get("type"))
    return _joined(found) if isinstance(found, list) else ""


def _words(region: dict[str, Any]) -> str:
    """What was chosen or written; of a region without a label, its type."""
    value, kind = region["value"], region.get("type")
    said = value.get(kind, value.get("text"))
    return _joined(said) if said not in (None, "", []) else str(kind)


def _joined(said: Any) -> str:
    if not isinstance(said, list):
        return str(said)
    return ", ".join(" / ".join(map(str, item)) if isinstance(item, list) else str(item) for item in said)


def _where(region: dict[str, Any]) -> str:
    value = region["value"]
    if isinstance(value.get("text"), str) and "start" in value:
        return f"“{value['text']}”"
    if "start" in value and "end" in value:
        return f"{value['start']} to {value['end']}"
    if _are_numbers(value, "x", "y", "width", "height"):
        return f"{value['width']:.0f} × {value['height']:.0f} % at {value['x']:.0f}, {value['y']:.0f}"
    return f"{len(value['points'])} points" if isinstance(value.get("points"), list) else ""


def _are_numbers(value: dict[str, Any], *names: str) -> bool:
    return all(isinstance(value.get(name), int | float) for name in names)


def _shapes(regions: list[dict[str, Any]]) -> Iterator[Shape]:
    for region in regions:
        value, kind = region["value"], str(region.get("type", "")).removesuffix("labels")
        if attributes := _attributes(kind, value):
            yield Shape(SHAPE_TAGS[kind], _labels(region), attributes)


def _attributes(kind: str, value: dict[str, Any]) -> dict[str, Any] | None:
    if kind == "rectangle" and _are_numbers(value, "x", "y", "width", "height"):
        turned = (
            {"transform": f"rotate({value['rotation']} {value['x']} {value['y']})"}
            if value.get("rotation")
            else {}
        )
        return {name: value[name] for name in ("x", "y", "width", "height")} | turned
    if kind == "ellipse" and _are_numbers(value, "x", "y", "radiusX", "radiusY"):
        return {"cx": value["x"], "cy": value["y"], "rx": value["radiusX"], "ry": value["radiusY"]}
    if kind == "polygon" and isinstance(value.get("points"), list):
        return {
            "points": " ".join(
                ",".join(map(str, point)) for point in value["points"] if isinstance(point, list)
            )
        }
    return None


def _pieces(text: str, regions: list[dict[str, Any]]) -> Iterator[Piece]:
    """The text in stretches; of stretches that overlap, the later one is only listed."""
    spans = sorted(span for region in regions if (span := _span(region)))
    reached = 0
    for start, end, label in spans:
        if start < reached or end > len(text):
            continue
        yield Piece(text[reached:start])
        yield Piece(text[start:end], label)
        reached = end
    yield Piece(text[reached:])


def _span(region: dict[str, Any]) -> tuple[int, int, str] | None:
    value = region["value"]
    if isinstance(value.get("start"), int) and isinstance(value.get("end"), int):
        return value["start"], value["end"], _labels(region) or str(region.get("type"))
    return None
