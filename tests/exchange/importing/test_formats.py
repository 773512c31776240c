"""Files as people have them: formats, encodings, archives."""

import gzip
import io
import json
import zipfile

import pytest

from exchange.importing.importer import import_files
from exchange.importing.options import ImportOptions
from exchange.importing.sources import SourceFile
from tasks.errors import Refused
from tasks.models import Import, Task
from tests.exchange.importing.files import source_of

pytestmark = pytest.mark.django_db

ONE, TWO = {"text": "one"}, {"text": "two"}
LIST = json.dumps([ONE, TWO]).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def brought(project, *files: SourceFile, **options) -> list[dict]:
    import_files(project, files, actor=project.created_by, options=ImportOptions(**options))
    return [task.data for task in Task.objects.order_by("id")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", LIST),
        ("a.JSON", b"\xef\xbb\xbf" + LIST),
        ("", LIST),
        ("a.json", json.dumps([ONE, TWO]).encode("utf-16")),
        ("a.json", json.dumps([ONE, TWO]).encode("utf-16-le")),
        ("a.json", json.dumps({"users": {}, "tasks": [ONE, TWO]}).encode()),
        ("a.json", json.dumps({"0": {"data": ONE}, "602": {"data": TWO}}).encode()),
        ("a.jsonl", b'{"text": "one"}\r\n\r\n{"text": "two"}'),
        ("a.json", b'{"text": "one"}\n{"text": "two"}\n'),
        ("a.ndjson", b'{"text": "one"}\n{"text": "two"}\n'),
        ("a.csv", b"text\none\ntwo\n"),
        ("a.csv", b"\xef\xbb\xbftext\r\n\r\none\r\n\r\ntwo"),
        ("a.csv", b"sep=;\r\ntext\r\none\r\ntwo\r\n"),
        ("a.tsv", b'text\n"one"\ntwo\n'),
        ("a.csv", b"text\rone\rtwo\r"),
        ("a.tsv", b"text\rone\r\rtwo"),
        ("a.txt", b"one\rtwo\r"),
        ("a.csv", b"text\none\rtwo\r\n"),
        ("a.txt", b"one\n\n  \r\ntwo"),
        ("a.json.gz", gzip.compress(LIST, mtime=0)),
        ("a.csv.gz", gzip.compress(b"text\none\ntwo", mtime=0)),
        ("a.zip", zipped({"a.json": b'{"text": "one"}', "b.csv": b"text\ntwo\n"})),
        ("a.zip", zipped({"__MACOSX/a.json": b"\0", ".DS_Store": b"\0", "17": LIST})),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_two_tasks_in_every_format(project, name, content):
    assert brought(project, source_of(content, name)) == [ONE, TWO]


@pytest.mark.parametrize("kind", ["application/x-ndjson", "text/plain", "application/json", ""])
def test_a_body_has_no_name(project, kind):
    body = b'{"text": "one"}\n{"text": "two"}'
    assert brought(project, source_of(body, content_type=kind)) == [ONE, TWO]


def test_all_files_of_a_request_are_imported(project):
    files = source_of(b'{"text": "one"}', "a.json"), source_of(b"text\ntwo", "b.csv")
    assert brought(project, *files) == [ONE, TWO]


def test_cells_stay_what_they_are(project):
    raw = b'text,code,n\n"Red, ""blue""",007,\n"a\nb",1e5,NA\nTrue,TRUE, x ,\n,,\n'

    assert brought(project, source_of(raw, "a.csv")) == [
        {"text": 'Red, "blue"', "code": "007", "n": ""},
        {"text": "a\nb", "code": "1e5", "n": "NA"},
        {"text": "True", "code": "TRUE", "n": " x "},
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_shows_the_delimiter(project, delimiter):
    raw = f"a{delimiter}b\n1.5{delimiter}2\n".encode()
    assert brought(project, source_of(raw, "a.csv")) == [{"a": "1.5", "b": "2"}]


def test_only_a_line_feed_ends_a_line_of_text(project):
    lines = ["a\u2028b", "c\x85d", "e\x0bf\x1cg", "  spaces  "]

    data = brought(project, source_of("\n".join(lines).encode(), "a.txt"))

    assert [one["text"] for one in data] == lines


def test_ends_of_lines_within_a_cell_are_kept(project, monkeypatch):
    monkeypatch.setattr("exchange.importing.text_stream.CHUNK", 1)
    raw = b'"text"\r\n"a\r\nb\rc\n"\r\n'
    assert brought(project, source_of(raw, "a.csv")) == [{"text": "a\r\nb\rc\n"}]


def test_nul_is_named_by_task_and_path(project):
    files = source_of(b"text,n\na,1\nb\0,2\n", "a.csv"), source_of(b"c\nd\0\n", "b.txt")

    with pytest.raises(Refused) as error:
        brought(project, *files)

    found = [(one["task"], one["path"], one["line"]) for one in error.value.extra["body"]["errors"]]
    assert found == [(2, "[1].data.text", 3), (4, "[1].data.text", 2)]


def test_an_encoding_that_no_file_is_saved_in_is_refused():
    for encoding in ("unicode_escape", "raw_unicode_escape", "utf7", "charmap", "rot13"):
        with pytest.raises(Refused, match=f"encoding={encoding} is not known"):
            ImportOptions(encoding=encoding)


def test_the_sender_may_declare_the_encoding(project):
    raw, declared = "text\ncaf\u00e9 \u20ac\n".encode("windows-1252"), 'text/csv; charset="windows-1252"'
    assert brought(project, source_of(raw, content_type=declared)) == [{"text": "caf\u00e9 \u20ac"}]


def test_the_parameter_counts_more_than_the_declared_encoding(project):
    source = source_of(b"text\ncaf\xe9\n", "a.csv", "text/csv; charset=utf-8")
    assert brought(project, source, encoding="latin-1") == [{"text": "caf\u00e9"}]


def test_a_declared_encoding_that_is_not_known_is_refused(project):
    with pytest.raises(Refused, match="encoding=klingon is not known"):
        brought(project, source_of(b"text\na\n", "a.csv", "text/csv; charset=klingon"))


def test_the_sender_may_name_the_encoding(project):
    raw = "text\ncafé €\n".encode("windows-1252")
    assert brought(project, source_of(raw, "a.csv"), encoding="windows-1252") == [{"text": "café €"}]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "text\ncafé\n".encode("latin-1"), "a.csv is not UTF-8: line 2"),
        ("a.json", '[{"text": "a"},\n{"text": "\xe9"}]'.encode("latin-1"), "a.json is not UTF-8: line 2"),
        ("a.txt", b"\xff\xfea", "a.txt is not utf-16: line 1"),
        ("a.csv", b"text,text,\na,b,c", "two columns are called 'text', column 3 has no name"),
        ("a.csv", b"text,code\na,1\nb\n", r"task 2 \(line 3\): has 1 cell, but the header has 2"),
        ("a.csv", b'text\n"a\n', r"task 1 \(line 2\): a quotation mark is not closed"),
        ("a.csv", b'text\n"a"b\n', r"task 1 \(line 2\): a quoted cell is followed by something other"),
        ("a.csv", LIST, "a.csv begins like JSON, but is read as a table. Give it the extension .json"),
        ("a.tsv", json.dumps([ONE], indent=1).encode(), "a.tsv begins like JSON"),
        ("a.json", b"[]", "a.json has no tasks"),
        (
            "a.zip",
            zipped({"../x.json": LIST, ".b/c.json": LIST}),
            "no files of tasks.*: ../x.json, .b/c.json",
        ),
        ("a.csv", b"text,n\0\na,b", "the name of column 2 has a NUL"),
        ("a.csv", b"text\n", "a.csv has no tasks: its first row names the keys"),
        ("a.xlsx", zipped({"xl/workbook.xml": b""}), "Save each sheet as CSV"),
        ("a.dat", b"\xd0\xcf\x11\xe0", "Save each sheet as CSV"),
        ("a.zip", zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "Save each sheet as CSV"),
        ("a.parquet", b"PAR1", "Write it as JSON lines or CSV"),
        ("a.zip", zipped({"cat.png": b"\x89PNG"}), "cat.png cannot be read within an archive"),
        ("a.zip", zipped({"b.zip": b"PK"}), "b.zip cannot be read within an archive"),
        ("a.zip", zipped({"a.json": LIST})[:-30], "is damaged"),
        ("a.json.gz", gzip.compress(LIST, mtime=0)[:20], "cannot be unpacked"),
        ("a.dat", b"no idea", "its format is unknown. Accepted are JSON"),
        ("a.jsonl", b'{"a": 1}\n{"a"\n{"a": 2}\n{"a": }', r"task 2 \(line 2\): not JSON: .*3 more problems"),
        ("a.json", b'{"0": {"data": {"text": "a"}}, "1": 5}', "task 2: must be an object, not 5"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(project, name, content, words):
    with pytest.raises(Refused, match=words):
        brought(project, source_of(content, name))

    assert not Task.objects.exists() and not Import.objects.exists()


def test_files_of_an_archive_that_are_left_out_are_reported(project):
    source = source_of(zipped({"../x.json": LIST, "a.json": LIST, "__MACOSX/a.json": b""}), "a.zip")

    outcome = import_files(project, [source], actor=project.created_by)

    assert outcome.report.as_dict()["files_left_out"] == {
        "count": 2,
        "names": ["../x.json", "__MACOSX/a.json"],
    }


def test_what_archives_unpack_to_is_limited(project, monkeypatch):
    monkeypatch.setattr("exchange.importing.archives.UNPACKED_LIMIT", 1000)
    bomb = gzip.compress(b"[" + b" " * 5000 + b"]")

    for content in (bomb, zipped({"a.json": b" " * 5000})):
        with pytest.raises(Refused, match="unpack to more than 1,000 bytes"):
            brought(project, source_of(content, "a.json"))
