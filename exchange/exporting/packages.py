"""Formats that are folders, for training: made from a saved export by a job, and downloaded as a zip.

A training set has one answer to each task: its final annotation, or else the newest of those with the best
verdict. Tasks that nobody has annotated are left out: an empty file would say that there is nothing to see.
"""

import json
import os
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

from jobs.progress import Progress
from tasks.choices import ActionType
from tasks.errors import Refused
from tasks.labelconfig import Control, LabelConfig, parse
from tasks.models import Project
from tasks.results import regions_of
from tasks.shown_data import value_at
from users.sentences import sentence as _

from . import converter, dataset
from .bodies import Body

# The first annotation wins whose verdict comes first here; the newest of several.
PREFERENCE = (ActionType.FIXED_AND_ACCEPTED, ActionType.ACCEPTED, None, ActionType.REJECTED)
SOURCES = "sources.jsonl"
MAX_NAME = 120  # characters of a file name; the converter adds an ending
UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


@dataclass(frozen=True)
class Task:
    """What a training format has of a task: the medium or text, and one answer."""

    id: int
    value: str
    annotation: Body


@dataclass(frozen=True)
class Package:
    """`tag`: of the object that is labelled. `controls`: sets of control tags, of which one suffices."""

    description: str
    tag: str
    controls: tuple[frozenset[str], ...]
    write: Callable[["Order", Iterator[Task], Path], None]
    needs_converter: bool = True

    def suitable(self, config: LabelConfig) -> tuple[str, dict[str, Control]] | None:
        """The key of the task's data, and the controls that label it; None if there is nothing to make."""
        for name, about in config.objects.items():
            if about.get("type") == self.tag and about.get("value"):
                labelling = {
                    control.name: control
                    for control in config.controls.values()
                    if name in control.to_name and any(control.tag in tags for tags in self.controls)
                }
                if any(tags <= {one.tag for one in labelling.values()} for tags in self.controls):
                    return str(about["value"]).lstrip("$"), labelling
        return None


@dataclass(frozen=True)
class Order:
    """What to make: the name of the format, of which project, and how far it is."""

    format: str
    project: Project
    key: str
    controls: dict[str, Control]
    progress: Progress


def tags(*names: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(name.split("+")) for name in names)


# --- choosing -----------------------------------------------------------------------------------


def answer_of(body: Body) -> Body | None:
    """The annotation that a training set takes of a task."""
    answered = [one for one in body["annotations"] if not one["was_cancelled"]]
    for annotation in answered:
        if annotation["id"] == body["final_annotation"]:
            return annotation
    return min(answered, key=_preference, default=None)


def _preference(annotation: Body) -> tuple[int, int]:
    verdict = annotation["last_action"]
    rank = PREFERENCE.index(verdict if verdict in PREFERENCE else None)
    return rank, -annotation["id"]


def _chosen(bodies: Iterable[Body], key: str, left_out: Counter[str]) -> Iterator[Task]:
    for body in bodies:
        annotation, value = answer_of(body), value_at(body["data"], key)
        if annotation is None:
            left_out["without_annotation"] += 1
        elif not isinstance(value, str) or not value:
            left_out["without_value"] += 1
        else:
            left_out["other_annotations"] += len(body["annotations"]) - 1
            yield Task(body["id"], value, annotation)


# --- formats ------------------------------------------------------------------------------------


def by_converter(order: Order, tasks: Iterator[Task], folder: Path) -> None:
    """Images get short names of their own, so that no two label files have the same; `sources.jsonl` says
    which address each stands for. The converter sees neither addresses nor the rest of the data.
    """
    is_image, names = TRAINING[order.format].tag == "Image", FileNames()
    with ExitStack() as opened:
        prepared = opened.enter_context((folder / "tasks.json").open("w"))
        sources = opened.enter_context((folder / "out" / SOURCES).open("w"))
        separator = "["
        for task in tasks:
            value = names.of(task) if is_image else task.value
            item = {
                "id": task.id,
                "data": {order.key: value},
                "annotations": [_plain(task.annotation, order)],
            }
            prepared.write(separator + json.dumps(item))
            separator = ",\n"
            about: Body = {"task": task.id, "annotation": task.annotation["id"]}
            about |= {"file": value, "source": task.value} if is_image else {}
            sources.write(json.dumps(about, ensure_ascii=False) + "\n")
        prepared.write("]" if separator != "[" else "[]")
    converter.run(order.format, order.project.label_config, [*order.controls], folder, order.progress)


def _plain(annotation: Body, order: Order) -> Body:
    """Whose it is does not matter to a training set, and the converter writes it into file names."""
    regions = [
        region for region in regions_of(annotation["result"]) if region.get("from_name") in order.controls
    ]
    return {"id": annotation["id"], "completed_by": 0, "created_at": "", "result": regions}


class FileNames:
    """A short name for each task's image, as its address ends, with the task's id where that is ambiguous."""

    def __init__(self) -> None:
        self._stems: set[str] = set()

    def of(self, task: Task) -> str:
        parts = urlsplit(task.value)
        path = parse_qs(parts.query).get("d", [parts.path])[0]
        name = UNSAFE.sub("_", path.replace("\\", "/").rsplit("/", 1)[-1])[-MAX_NAME:].strip("._") or "image"
        if os.path.splitext(name)[0].lower() in self._stems:
            name = f"{task.id}-{name}"
        self._stems.add(os.path.splitext(name)[0].lower())
        return name


def spacy_lines(order: Order, tasks: Iterator[Task], folder: Path) -> None:
    """Offsets count characters, as in Python."""
    with (folder / "out" / "data.jsonl").open("w") as file:
        for task in tasks:
            line = {"text": task.value, "entities": sorted(_entities(task, order)), "task": task.id}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _entities(task: Task, order: Order) -> Iterator[tuple[int, int, str]]:
    for region in regions_of(task.annotation["result"]):
        value = region.get("value")
        if region.get("from_name") in order.controls and isinstance(value, dict):
            start, end = value.get("start"), value.get("end")
            if isinstance(start, int) and isinstance(end, int):
                yield from ((start, end, label) for label in value.get("labels") or ())


BOXES = tags("RectangleLabels", "Rectangle+Labels")
SHAPES = tags("RectangleLabels", "PolygonLabels", "Rectangle+Labels", "Polygon+Labels")
DATASET, DATASET_IS = "HF", "A folder for Hugging Face `datasets`: JSON lines and a README with the types."
TRAINING = {
    "COCO": Package("Object detection and segmentation: boxes and polygons.", "Image", SHAPES, by_converter),
    "YOLO": Package("Object detection: a text file for each image.", "Image", SHAPES, by_converter),
    "YOLO_OBB": Package("The same with rotated boxes (YOLOv8).", "Image", SHAPES, by_converter),
    "VOC": Package("Pascal VOC: an XML file for each image.", "Image", BOXES, by_converter),
    "BRUSH_TO_PNG": Package(
        "Brush masks as PNG, one for each label of an image.",
        "Image",
        tags("BrushLabels", "Brush+Labels"),
        by_converter,
    ),
    "CONLL2003": Package(
        "Named entities: a token and its tag per line.", "Text", tags("Labels"), by_converter
    ),
    "SPACY": Package(
        "Named entities for spaCy: texts with [start, end, label], as JSON lines.",
        "Text",
        tags("Labels"),
        spacy_lines,
        needs_converter=False,
    ),
}


# --- making -------------------------------------------------------------------------------------


def names() -> list[str]:
    return [*TRAINING, DATASET]


def description(export_type: str) -> str:
    return DATASET_IS if export_type == DATASET else TRAINING[export_type].description


def unavailable(export_type: str, project: Project) -> str:
    """Why it cannot be made; nothing if it can."""
    if export_type == DATASET:
        return ""
    package = TRAINING[export_type]
    if package.suitable(parse(project.label_config)) is None:
        wanted = " or ".join(sorted({" with ".join(sorted(names)) for names in package.controls}))
        return _("There is no %(object)s that is labelled by %(tags)s.", object=package.tag, tags=wanted)
    return converter.MISSING if package.needs_converter and converter.python() is None else ""


def refuse_unavailable(export_type: str, project: Project) -> None:
    """Before a job is made."""
    if export_type in (*TRAINING, DATASET) and (reason := unavailable(export_type, project)):
        detail = _("%(format)s cannot be made here. %(reason)s", format=export_type, reason=reason)
        raise Refused("format_unavailable", detail, field="export_type")


def make(
    export_type: str, project: Project, read: Callable[[], Iterable[Body]], to: Path, progress: Progress
) -> Counter[str]:
    """Write the zip. Returns how many tasks and annotations were left out, by reason."""
    refuse_unavailable(export_type, project)
    left_out: Counter[str] = Counter()
    with TemporaryDirectory(prefix="countersign-") as name:
        folder = Path(name)
        (folder / "out").mkdir()
        if export_type == DATASET:
            dataset.write(project, read, folder / "out")
        else:
            package = TRAINING[export_type]
            key, controls = package.suitable(parse(project.label_config))  # type: ignore[misc]
            tasks = _chosen(read(), key, left_out)
            package.write(Order(export_type, project, key, controls, progress), tasks, folder)
        _zip(folder / "out", to)
    return +left_out


def _zip(folder: Path, to: Path) -> None:
    draft = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    archive.write(path, path.relative_to(folder))
        draft.replace(to)
    finally:
        draft.unlink(missing_ok=True)
