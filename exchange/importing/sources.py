"""The files of an import, and which reader each of them needs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from django.utils.http import parse_header_parameters

from tasks import media
from tasks.errors import Refused
from users.sentences import sentence as _

from .archives import GZIP_MAGIC, ZIP_MAGIC, Budget, LeftOut, gunzipped, members_of
from .found import Found, Item, beside_tasks
from .json_stream import JsonTasks
from .known_keys import UNKNOWN_KEY
from .problems import Problems, invalid_import
from .spreadsheets import lines_of, rows_of
from .text_stream import Stream, TextStream, codec_named

JSON, JSON_LINES, CSV, TSV, TEXT = ".json", ".jsonl", ".csv", ".tsv", ".txt"
ACCEPTED = _(
    "JSON (a list of tasks, one task, or a task on each line), CSV, TSV, text (a task on each line), and zip"
    " or gzip of these"
)
BY_EXTENSION = {
    JSON: JSON,
    JSON_LINES: JSON_LINES,
    ".ndjson": JSON_LINES,
    CSV: CSV,
    TSV: TSV,
    ".tab": TSV,
    TEXT: TEXT,
}
BY_CONTENT_TYPE = {
    "application/json": JSON,
    "application/jsonl": JSON_LINES,
    "application/x-ndjson": JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/jsonlines": JSON_LINES,
    "text/csv": CSV,
    "text/tab-separated-values": TSV,
    "text/plain": "",  # of any kind: it is looked at
}
ARCHIVES = frozenset({".zip", ".gz"})
EXTENSIONS = frozenset({*BY_EXTENSION, *ARCHIVES})
WORKBOOK = _("is a workbook of a spreadsheet program. Save each sheet as CSV (UTF-8) and import that")
COLUMNAR = _("is a columnar file. Write it as JSON lines or CSV and import that")
ADVICE = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers"), WORKBOOK),
    **dict.fromkeys((".parquet", ".feather", ".arrow", ".orc", ".avro"), COLUMNAR),
    **dict.fromkeys(
        (".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz"), _("is an archive of another kind. Use zip")
    ),
}
MAGICS = {b"\xd0\xcf\x11\xe0": WORKBOOK, b"PAR1": COLUMNAR, b"ARROW1": COLUMNAR, b"Obj\x01": COLUMNAR}
WORKBOOK_MEMBERS = ("[Content_Types].xml", "xl/workbook.xml", "mimetype")


@dataclass(frozen=True)
class SourceFile:
    """`file` is seekable. `upload` is its id, if it is one of the project's uploaded files."""

    file: BinaryIO
    name: str = ""
    content_type: str = ""
    upload: int | None = None


@dataclass(frozen=True)
class _Part:
    """A file, or a member of an archive, with the name that errors and formats go by."""

    stream: Stream
    name: str
    content_type: str


class TaskSource:
    """The tasks of all files, one after the other. Each call of `items` reads them again.

    `users`, `formats`, `blank_lines` and `left_out` are known once they have been read to their end.
    `text_key` says under which key the lines of a text are stored.
    """

    def __init__(
        self,
        files: Sequence[SourceFile],
        *,
        encoding: str = "",
        text_key: Callable[[str], str] = lambda _: "text",
    ):
        self.files, self.encoding, self.text_key = files, encoding, text_key
        self.users: Any = None
        self.formats: dict[str, None] = {}
        self.blank_lines = 0
        self.left_out = LeftOut()
        self._shows_names = False

    def items(self, problems: Problems) -> Iterator[Item]:
        """Tasks that cannot be read are among the problems. Raises Refused where a file cannot be read on."""
        number = self.blank_lines = 0
        self.left_out = LeftOut()
        for file, part in self._parts():
            name = part.name if self._shows_names else ""
            for found in self._read(part, problems, name):
                if found.is_blank:
                    self.blank_lines += 1
                    continue
                number += 1
                item = Item(number, found.path, found.raw, name, found.line, file.upload)
                if found.flaw:
                    problems.add(item, *found.flaw)
                else:
                    yield item

    def without_tasks(self) -> Refused:
        """Why there are none. After `items`."""
        called = ", ".join(file.name for file in self.files if file.name)[:255] or _("The file")
        if self.left_out.count and not self.formats:
            return invalid_import(
                _(
                    "%(called)s has no files of tasks. Hidden files and those outside of the archive are left"
                    " out: %(names)s.",
                    called=called,
                    names=", ".join(self.left_out.names[:5]),
                )
            )
        if self.formats and self.formats.keys() <= {CSV, TSV}:
            return invalid_import(
                _(
                    "%(called)s has no tasks: its first row names the keys, and no other row follows.",
                    called=called,
                )
            )
        return invalid_import(_("%(called)s has no tasks.", called=called))

    def _parts(self) -> Iterator[tuple[SourceFile, _Part]]:
        self._shows_names = len(self.files) > 1
        budget = Budget()
        for file in self.files:
            file.file.seek(0)
            head = file.file.read(8)
            file.file.seek(0)
            called = file.name or _("The file")
            _refuse_foreign(called, file.name, head)
            if head.startswith(ZIP_MAGIC):
                self._shows_names = True
                for name, stream in members_of(file.file, called, budget, self.left_out):
                    _refuse_member(called, name)
                    yield file, _Part(stream, name, "")
            elif head.startswith(GZIP_MAGIC):
                stem = file.name.removesuffix(".gz").removesuffix(".GZ")
                yield file, _Part(gunzipped(file.file, called, budget), stem, "")
            else:
                yield file, _Part(file.file, file.name, file.content_type)

    def _read(self, part: _Part, problems: Problems, name: str) -> Iterator[Found]:
        encoding = self.encoding or declared_encoding(part.content_type)
        text = TextStream(part.stream, encoding, name=part.name)
        kind = _format_of(part, text)
        self.formats[kind] = None
        if kind in (JSON, JSON_LINES):
            tasks = JsonTasks(text, is_lines=kind == JSON_LINES)
            yield from tasks
            self._add_users(tasks.users)
            for key in tasks.unknown:
                problems.warn(beside_tasks(name), key[:100], UNKNOWN_KEY)
        elif kind in (CSV, TSV):
            yield from rows_of(text, delimiter="\t" if kind == TSV else "")
        else:
            yield from lines_of(text, key=self.text_key(part.name))

    def _add_users(self, users: Any) -> None:
        if isinstance(users, dict) and isinstance(self.users, dict):
            self.users = self.users | users
        elif users is not None:
            self.users = users


def declared_encoding(content_type: str) -> str:
    """Of a text: that of JSON means nothing. Raises Refused if it is not known."""
    kind, parameters = parse_header_parameters(content_type)
    charset = parameters.get("charset", "")
    return codec_named(charset) if charset and kind.startswith("text/") else ""


def _format_of(part: _Part, text: TextStream) -> str:
    named = BY_EXTENSION.get(media.extension_of(part.name))
    content_type = part.content_type.partition(";")[0].strip().lower()
    if named or (named := BY_CONTENT_TYPE.get(content_type)):
        return named
    if text.first_character() in ("[", "{"):
        return JSON
    if content_type == "text/plain":
        return TEXT
    if not text.first_character():
        raise invalid_import(_("%(name)s is empty.", name=part.name or _("The file")))
    called = (
        _("%(name)s: its format is unknown", name=part.name)
        if part.name
        else _("The format of the file is unknown")
    )
    raise invalid_import(
        _(
            "%(called)s. Accepted are %(accepted)s. Give it the extension of its format.",
            called=called,
            accepted=ACCEPTED,
        )
    )


def _refuse_foreign(called: str, name: str, head: bytes) -> None:
    """Files of other programs, with what to do instead."""
    advice = ADVICE.get(media.extension_of(name)) or next(
        (sentence for magic, sentence in MAGICS.items() if head.startswith(magic)), None
    )
    if advice:
        raise invalid_import(
            _(
                "%(called)s %(advice)s. Accepted are %(accepted)s.",
                called=called,
                advice=advice,
                accepted=ACCEPTED,
            ),
            field="file",
        )


def _refuse_member(archive: str, name: str) -> None:
    plain = PurePosixPath(name).name
    if name in WORKBOOK_MEMBERS:
        raise invalid_import(f"{archive} {WORKBOOK}.", field="file")
    extension = media.extension_of(plain)
    if advice := ADVICE.get(extension):
        raise invalid_import(f"{archive}: {plain} {advice}.", field="file")
    if extension in ARCHIVES or (extension in media.KINDS and extension not in BY_EXTENSION):
        raise invalid_import(
            _(
                "%(archive)s: %(plain)s cannot be read within an archive, which may have"
                " %(kinds)s. Send other files beside each other, not packed.",
                archive=archive,
                plain=plain,
                kinds=ACCEPTED.partition(", and")[0],
            ),
            field="file",
        )
