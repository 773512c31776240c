"""A folder that `datasets.load_dataset` loads: JSON lines, and a README with the types of all columns."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.models import Project
from tasks.results import regions_of

from .bodies import Body
from .rows import AFTER, PLAIN, RELATIONS, Columns, rows_of

FILE = "data/train.jsonl"
NUMBERS = {**dict.fromkeys(("annotator", "annotation_id", "reviewer"), "int64"), "lead_time": "float64"}
TYPES = {bool: "bool", int: "int64", float: "float64", str: "string"}
MAX_INTEGER = 2**63
README = """\
---
pretty_name: {title}
configs:
- config_name: default
  data_files:
  - split: train
    path: {file}
dataset_info:
  features:
{features}
---

# {heading}

Exported from a project of Countersign. One row for each annotation that was not skipped, whatever its verdict
(`last_action`), and one for each task without any.

`load_dataset` takes a column of texts for times if all of them look like times, and rewrites them. This reads
every text as it is:

```python
import json
from datasets import Dataset, load_dataset_builder

folder = "/path/to/this/folder"
features = load_dataset_builder(folder).info.features
rows = [json.loads(line) for line in open(folder + "/{file}", encoding="utf-8")]
train = Dataset.from_list(rows, features=features)
```

| column | type | what it is |
|---|---|---|
{columns}
"""


@dataclass
class Types:
    """The type that each column has in every row: what differs from row to row is written as JSON text."""

    data: dict[str, set[type]] = field(default_factory=dict)
    answers: dict[str, set[str]] = field(default_factory=dict)

    def add(self, body: Body) -> None:
        if isinstance(body["data"], dict):
            for key, value in body["data"].items():
                if value is not None:
                    self.data.setdefault(key, set()).add(_type_of(value))
        for annotation in body["annotations"]:
            regions = regions_of(annotation["result"])
            ids = [region.get("id") for region in regions if region.get("from_name")]
            for region in regions:
                if region.get("from_name"):
                    alone = ids.count(region.get("id")) == 1
                    kind = str(region.get("type")) if alone and _texts(region) is not None else ""
                    self.answers.setdefault(str(region["from_name"]), set()).add(kind)

    def of_data(self, key: str) -> str:
        found = self.data.get(key, {str})
        if found == {int, float}:
            return "float64"
        return TYPES[next(iter(found))] if len(found) == 1 and found <= TYPES.keys() else "json"

    def of_answer(self, name: str) -> str:
        return (
            "texts" if len(self.answers.get(name, set()) - {""}) == 1 == len(self.answers[name]) else "json"
        )


def _type_of(value: Any) -> type:
    return str if isinstance(value, int) and abs(value) >= MAX_INTEGER else type(value)


def _texts(region: Body) -> list[str] | None:
    value, key = region.get("value"), PLAIN.get(str(region.get("type")))
    found = value.get(key) if key and isinstance(value, dict) else None
    found = [found] if isinstance(found, str) else found
    return found if isinstance(found, list) and all(isinstance(text, str) for text in found) else None


def write(project: Project, read: Callable[[], Iterable[Body]], folder: Path) -> None:
    columns, types = Columns(every_task=True), Types()
    for body in read():
        columns.add(body)
        types.add(body)
    about = dict(_described(columns, types))
    (folder / FILE).parent.mkdir(parents=True)
    with (folder / FILE).open("w", encoding="utf-8") as file:
        for body in read():
            for row in _rows(body, columns, types):
                file.write(json.dumps({name: _cell(row.get(name), about[name][0]) for name in about}) + "\n")
    (folder / "README.md").write_text(_readme(project, about), encoding="utf-8")


def _rows(body: Body, columns: Columns, types: Types) -> Iterator[Body]:
    """With the texts of simple answers as lists."""
    answered = [one for one in body["annotations"] if not one["was_cancelled"]] or [None]
    for row, annotation in zip(rows_of(body, columns), answered, strict=True):
        texts: dict[str, list[str]] = {}
        for region in regions_of(annotation["result"]) if annotation else ():
            name = str(region.get("from_name") or "")
            if name and types.of_answer(name) == "texts":
                texts.setdefault(columns.answer_names[name], []).extend(_texts(region) or [])
        yield row | texts


def _cell(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "json":
        return json.dumps(value, ensure_ascii=False)
    return str(value) if kind == "string" else float(value) if kind == "float64" else value


def _described(columns: Columns, types: Types) -> Iterator[tuple[str, tuple[str, str]]]:
    yield "id", ("int64", "of the task")
    for key, name in columns.data_names.items():
        yield name, (types.of_data(key), f"`{key}` of the task's data")
    for control, name in columns.answer_names.items():
        yield name, (types.of_answer(control), f"the answers to the control `{control}`")
    if columns.with_relations:
        yield RELATIONS, ("json", "between regions")
    for name in AFTER:
        yield name, (NUMBERS.get(name, "string"), "of the annotation, and the review that stands on it")


def _line(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _quoted(text: str) -> str:
    """In YAML. JSON writes what is beyond 16 bits as two halves, which YAML does not put together."""
    return "".join(
        ['"', *(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text), '"']
    )


def _readme(project: Project, about: dict[str, tuple[str, str]]) -> str:
    def feature(name: str, kind: str) -> str:
        kinds = {"json": "dtype: string", "texts": "sequence: string"}
        return f"  - name: {_quoted(name)}\n    {kinds.get(kind, f'dtype: {kind}')}"

    words = {"json": "JSON as text", "texts": "list of texts"}
    title = " ".join(project.title.split())
    return README.format(
        title=_quoted(title),
        heading=title,
        file=FILE,
        features="\n".join(feature(name, kind) for name, (kind, _) in about.items()),
        columns="\n".join(_line(name, words.get(kind, kind), what) for name, (kind, what) in about.items()),
    )
