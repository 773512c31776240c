"""What is wrong with the tasks of an import: up to so many problems are listed, all are counted."""

from dataclasses import dataclass, field
from typing import Any

from tasks.errors import Refused
from users.sentences import sentence as _

from .found import Item

MAX_LISTED = 100
CODE = "invalid_import"


@dataclass(frozen=True)
class Problem:
    """`path` is below the item: `annotations[0].result`. `sentence` continues it: "must be a list"."""

    item: Item
    path: str
    sentence: str
    code: str = CODE
    field: str | None = None

    @property
    def detail(self) -> str:
        if not self.item.number:
            start = f"{self.item.file}: " if self.item.file else ""
            return f"{start}{self.path}: {self.sentence}."
        task = _("task %(number)s", number=self.item.number)
        if place := self._place():
            task = _("task %(number)s (%(place)s)", number=self.item.number, place=place)
        if self.path:
            return _("%(task)s: %(path)s: %(problem)s.", task=task, path=self.path, problem=self.sentence)
        return _("%(task)s: %(problem)s.", task=task, problem=self.sentence)

    def _place(self) -> str:
        file, line = self.item.file, self.item.line
        if not line:
            return f"{file}, {self.item.path}" if file else ""
        return _("%(file)s, line %(line)s", file=file, line=line) if file else _("line %(line)s", line=line)

    @property
    def full_path(self) -> str:
        dot = "." if self.item.path and self.path and not self.path.startswith("[") else ""
        return f"{self.item.path}{dot}{self.path}"

    def as_dict(self) -> dict[str, Any]:
        place = {"task": self.item.number or None, "path": self.full_path}
        file = {"file": self.item.file} if self.item.file else {}
        line = {"line": self.item.line} if self.item.line else {}
        return place | file | line | {"detail": self.detail}


@dataclass
class Problems:
    """`errors` refuse the import. `warnings` do so with `strict`; else they are in the report."""

    strict: bool = False
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    error_count: int = 0
    warning_count: int = 0

    def add(self, item: Item, path: str, sentence: str, **options: Any) -> None:
        self.error_count += 1
        if len(self.errors) < MAX_LISTED:
            self.errors.append(Problem(item, path, sentence, **options))

    def warn(self, item: Item, path: str, sentence: str, **options: Any) -> None:
        self.warning_count += 1
        if len(self.warnings) < MAX_LISTED:
            self.warnings.append(Problem(item, path, sentence, **options))

    def warnings_as_dict(self) -> dict[str, Any]:
        return {"count": self.warning_count, "items": [one.as_dict() for one in self.warnings]}

    def refuse_any(self, fatal: Refused | None = None) -> None:
        """Raises Refused with all of them; `fatal` is what ended the reading of the file."""
        if not (self.error_count or fatal or (self.strict and self.warning_count)):
            return
        # Somebody who mends the file wants to mend what `strict` would refuse, too.
        found = sorted([*self.errors, *self.warnings], key=lambda one: one.item.number)[:MAX_LISTED]
        listed = [one.as_dict() for one in found]
        count = self.error_count + self.warning_count
        if fatal:
            listed.append({"task": None, "path": "", "detail": fatal.detail})
            count += 1
        first = next(iter(self.errors or (() if fatal else self.warnings)), None)
        raise _refused(first, fatal, listed, count)


def _refused(
    first: Problem | None, fatal: Refused | None, listed: list[dict[str, Any]], count: int
) -> Refused:
    detail = first.detail if first else fatal.detail if fatal else ""
    if count > MAX_LISTED:
        detail = _("%(detail)s In all %(count)s problems.", detail=detail, count=count)
    elif count > 2:
        detail = _("%(detail)s %(more)s more problems are listed in errors.", detail=detail, more=count - 1)
    elif count == 2:
        detail = _("%(detail)s 1 more problem is listed in errors.", detail=detail)
    paths: dict[str, list[str]] = {}
    for one in listed:
        if one["path"]:
            paths.setdefault(one["path"], []).append(one["detail"])
    if fatal and fatal.field:
        paths.setdefault(fatal.field, []).append(fatal.detail)
    body: dict[str, Any] = {"errors": listed, "error_count": count}
    code = first.code if first else fatal.code if fatal else CODE
    return Refused(
        code,
        detail,
        field=(first.field if first else None) or next(iter(paths), None),
        extra={"body": body | ({"validation_errors": paths} if paths else {})},
    )


def invalid_import(detail: str, *, field: str | None = None) -> Refused:
    return Refused(CODE, detail, field=field)
