"""Lines for a campaign on annotations of its project: one item each, made from what the task shows and what
the annotation says about it.

The lines are imported like a file, so that making them again changes nothing.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from django.conf import settings
from django.db.models import BooleanField, Func, QuerySet, Value

from reviews.task_table.filters import Reader
from reviews.task_table.query import parse_query
from tasks.diff.shapes import Intervals, Outline, shape_of, size_of
from tasks.errors import Refused
from tasks.labelconfig import LabelConfig, parse
from tasks.models import Annotation, Project, Task, View
from tasks.results import regions_of
from tasks.shown_data import value_at
from tasks.sql import streamed
from tasks.upload_links import name_in
from users.models import User
from users.sentences import sentence as _

from ..rubric import Rubric, built_in
from .lines import MAX_BOXES, MAX_KEYFRAMES, RELATIVE, is_address

MAX_ANNOTATIONS = 50_000
# The folders of the campaign's media into which files of the project, and of this site, are copied.
UPLOADS, STATIC = "uploads", "static"
OPTIONS = 60
IMAGES, MOVING = {"Image"}, {"Video", "Audio", "AudioPlus", "TimeSeries"}
TEXTS = {"Text", "HyperText", "Paragraphs", "Header", "Markdown"}
WHEN, WHERE, WHAT = "tg", "sg", "qa"  # keys of the built-in rubric


# --- which annotations --------------------------------------------------------------------------


def chosen(
    project: Project,
    actor: User,
    *,
    last_actions: Iterable[str] = (),
    tab: View | None = None,
    label: str = "",
) -> QuerySet[Annotation]:
    """Submitted annotations of the project that `actor` sees. Each condition that is given narrows them.

    Raises Refused if there are none, or more than one campaign takes.
    """
    rows = Annotation.objects.visible_to(actor).listed().filter(project=project, was_cancelled=False)
    if last_actions := list(last_actions):
        rows = rows.filter(last_action__in=last_actions)
    if tab is not None:
        query = parse_query(tab.data, Reader(actor, project, sends_real_ids=True))
        tasks = query.apply(Task.objects.visible_to(actor).filter(project=project))
        rows = rows.filter(task__in=tasks.order_by().values("pk"))
    if label:
        rows = rows.filter(_names(label))
    found = rows.order_by()[: MAX_ANNOTATIONS + 1].count()
    if not found:
        raise Refused("nothing_chosen", _("No annotation of this project fits. Widen the choice."))
    if found > MAX_ANNOTATIONS:
        raise Refused(
            "too_many_annotations",
            _(
                "More than %(max_annotations)s annotations fit. Narrow the choice, and add others later.",
                max_annotations=format(MAX_ANNOTATIONS, ","),
            ),
        )
    return rows.order_by("task_id", "pk")


def _names(label: str) -> Func:
    """A region has this label, choice or text somewhere in its value."""
    path, variables = Value("$[*].value.** ? (@ == $label)"), Value(json.dumps({"label": label}))
    return Func(
        "result",
        path,
        variables,
        template="jsonb_path_exists(%(expressions)s)",
        arg_joiner=", ",
        output_field=BooleanField(),
    )


# --- what is asked ------------------------------------------------------------------------------


def rubric_for(project: Project) -> Rubric:
    """Of the built-in questions those that the project's label configuration answers."""
    config = parse(project.label_config)
    asked = {_question_of(config, control.to_name, control.tag) for control in config.controls.values()}
    rubric = built_in()
    questions = [question for question in rubric["questions"] if question["key"] in (asked or {WHAT})]
    return rubric | {"questions": questions}


def _question_of(config: LabelConfig, to_names: Iterable[str], tag: str) -> str:
    """Labels and shapes on images say where, on time lines when; all other controls are about the whole."""
    if not tag.lower().endswith(("labels", "rectangle", "ellipse", "polygon", "keypoint")):
        return WHAT
    objects = {config.objects[name]["type"] for name in to_names if name in config.objects}
    if objects & IMAGES:
        return WHERE
    return WHEN if objects & MOVING else WHAT


# --- lines --------------------------------------------------------------------------------------


@dataclass
class Written:
    """`uploads`: names of the project's files that the lines show; `static`: paths of this site's own.
    `unreadable`: results left out, because they hold what no line can. `unseen`: lines whose image has no
    address that a browser could load."""

    lines: int = 0
    unreadable: int = 0
    unseen: int = 0
    uploads: set[str] = field(default_factory=set)
    static: set[str] = field(default_factory=set)


def write_lines(
    project: Project, annotations: QuerySet[Annotation], file: BinaryIO, *, keys: Iterable[str]
) -> Written:
    """`keys` are the questions of the campaign. The file is left at its beginning."""
    written, config, keys = Written(), parse(project.label_config), list(keys)
    rows = annotations.select_related("task").only(
        "unique_id",
        "result",
        "current_version",
        "data_changed_row",
        "task__data",
        "project_id",
        "task_id",
    )
    for annotation in streamed(rows, 1000):
        try:
            line = json.dumps(line_of(annotation, config, keys, written), ensure_ascii=False)
        except (ValueError, RecursionError):  # endless numbers, endless nesting: kept as they were imported
            written.unreadable += 1
            continue
        file.write(line.encode() + b"\n")
        written.lines += 1
    file.seek(0)
    return written


def line_of(
    annotation: Annotation, config: LabelConfig, keys: Iterable[str], written: Written
) -> dict[str, Any]:
    data = annotation.task.data if isinstance(annotation.task.data, dict) else {"data": annotation.task.data}
    shown = _Shown(annotation, data, config, written)
    line: dict[str, Any] = {
        "anno_id": f"annotation-{annotation.pk}",
        "annotation_unique_id": str(annotation.unique_id),
        # What is shown: an outcome is not applied to a later version.
        "last_annotation_history": annotation.last_row_to_see,
    }
    if video := next(filter(None, map(shown.address, shown.objects(MOVING))), ""):
        line["video_url"] = video
    if keyframes := list(shown.keyframes())[:MAX_KEYFRAMES]:
        line["keyframes"] = keyframes
    elif any(shown.objects(IMAGES)):
        written.unseen += 1
    asked = {WHEN: shown.when, WHERE: shown.where, WHAT: shown.what}
    # Questions that somebody has written for the campaign are about the whole answer.
    line |= {key: asked.get(key, shown.what)() for key in keys}
    return line | {"meta": {"task": annotation.task_id, "project": annotation.project_id}}


@dataclass
class _Part:
    """One region: its shape, and the labels that all its parts give it."""

    to_name: str
    value: dict[str, Any]
    part: dict[str, Any]
    labels: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return ", ".join(dict.fromkeys(self.labels))


class _Shown:
    """What one annotation says, by the question it answers."""

    def __init__(
        self, annotation: Annotation, data: dict[str, Any], config: LabelConfig, written: Written
    ) -> None:
        self.project_id, self.data, self.config, self.written = annotation.project_id, data, config, written
        self.regions: dict[str, _Part] = {}
        self.whole: list[tuple[str, str]] = []
        for number, part in enumerate(regions_of(annotation.result)):
            self._read(part, number)

    def _read(self, part: dict[str, Any], number: int) -> None:
        value = part.get("value")
        if not isinstance(value, dict):  # a relation
            return
        kind, to_name = str(part.get("type")), str(part.get("to_name"))
        if shape_of(value, size_of(part)) is None:
            self.whole.append((str(part.get("from_name", "")), _text(value.get(kind, value.get("text", "")))))
            return
        # The parts of a region share its id: its shape, its label, and what was chosen for it.
        region = self.regions.setdefault(str(part.get("id", number)), _Part(to_name, value, part))
        if isinstance(labels := value.get(kind), list):
            region.labels.append(_text(labels))

    def objects(self, types: set[str]) -> Iterator[str]:
        """The task's values for objects of these types."""
        for _name, value in self._named(types):
            yield value

    def _named(self, types: set[str]) -> Iterator[tuple[str, str]]:
        for name, tag in self.config.objects.items():
            if tag["type"] in types:
                values = value_at(self.data, tag.get("value", ""))
                for value in values if isinstance(values, list) else [values]:
                    if isinstance(value, str):
                        yield name, value

    def address(self, value: str) -> str:
        """An address that the page may load; a file of the project, or of this
        site, by its place in the media folder."""
        if name := name_in(value, project=self.project_id):
            self.written.uploads.add(name)
            return f"{UPLOADS}/{name}"
        if value.startswith(settings.STATIC_URL) and RELATIVE.match(
            path := value[len(settings.STATIC_URL) :]
        ):
            self.written.static.add(path)
            return f"{STATIC}/{path}"
        return value if is_address(value) else ""

    def keyframes(self) -> Iterator[dict[str, Any]]:
        for name, value in self._named(IMAGES):
            if not (image := self.address(value)):
                continue
            regions = [region for region in self.regions.values() if region.to_name == name]
            frame: dict[str, Any] = {"image": image}
            if size := next(filter(None, (size_of(region.part) for region in regions)), None):
                frame["width"], frame["height"] = size
            boxes = [box for region in regions if (box := _box(region, size))]
            yield frame | ({"boxes": boxes[:MAX_BOXES]} if boxes else {})

    def where(self) -> dict[str, Any]:
        outlines = (r for r in self.regions.values() if isinstance(shape_of(r.value, None), Outline))
        counts = Counter(region.label or "no label" for region in outlines)
        return {"answer": ", ".join(f"{label} × {n}" for label, n in counts.items())} if counts else {}

    def when(self) -> dict[str, Any]:
        spans = [
            (*span, region.label)
            for region in self.regions.values()
            if isinstance(found := shape_of(region.value, None), Intervals) and "text" not in region.value
            for span in found.intervals
        ]
        if len(spans) == 1 and not spans[0][2]:
            return {"answer": list(spans[0][:2])}
        spans.sort()
        tracks = [region.label for region in self.regions.values() if "sequence" in region.value]
        said = [f"{start:g} – {end:g} {label}".strip() for start, end, label in spans] + tracks
        return {"answer": "; ".join(said)} if said else {}

    def what(self) -> dict[str, Any]:
        """Of a text the text itself is the question."""
        texts = list(self.objects(TEXTS)) or [
            _text(value) for value in self.data.values() if not self.config.objects
        ]
        marked = [
            f"“{_text(region.value.get('text', ''))}” {region.label}".strip()
            for region in self.regions.values()
            if isinstance(region.value.get("text"), str)
        ]
        several = len({name for name, _ in self.whole}) > 1
        said = [f"{name}: {text}" if several else text for name, text in self.whole]
        found: dict[str, Any] = {}
        if texts:
            found["question"] = "\n".join(texts)
        if answers := marked + said:
            found["answer"] = "; ".join(answers)
        if options := self._options():
            found["options"] = options
        return found

    def _options(self) -> list[str]:
        """What could have been chosen, if there is one control to choose from."""
        controls = [control for control in self.config.controls.values() if control.type == "choices"]
        return list(controls[0].labels)[:OPTIONS] if len(controls) == 1 else []


def _box(region: _Part, size: tuple[float, float] | None) -> dict[str, Any] | None:
    """The upright box around the region: in pixels, or in parts of the image if its size is not known."""
    shape = shape_of(region.value, size)
    if not isinstance(shape, Outline):
        return None
    left, top, right, bottom = shape.bounds
    scale = 1 if size else 100
    box = {"x": left, "y": top, "w": right - left, "h": bottom - top}
    return {name: round(length / scale, 4) for name, length in box.items()} | {"label": region.label}


def _text(value: Any) -> str:
    """Taxonomies answer with a list of paths, others with a list of values, or with one value."""
    if isinstance(value, list):
        return ", ".join(" / ".join(map(str, one)) if isinstance(one, list) else str(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
