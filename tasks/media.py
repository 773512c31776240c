"""The types of files that can be uploaded, and how the first bytes of a file show that its extension is
right.
"""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

HEAD = 4096  # bytes that are checked

Test = Callable[[bytes], bool]


@dataclass(frozen=True)
class Kind:
    """`tags` are the tags of a label configuration that show it.

    `inline`: a browser may open it as a page.
    """

    content_type: str
    key: str
    tags: frozenset[str]
    fits: Test
    inline: bool = True


def kind_of(name: str) -> Kind | None:
    """By the extension of the name. None if such files cannot be uploaded."""
    return KINDS.get(extension_of(name))


def extension_of(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _starts(*magics: bytes) -> Test:
    return lambda head: head.startswith(magics)


def _riff(form: bytes) -> Test:
    return lambda head: head.startswith(b"RIFF") and head[8:12] == form


def _boxes(head: bytes) -> bool:
    """MP4 and related formats."""
    return head[4:8] == b"ftyp"


def _mp3(head: bytes) -> bool:
    """A tag, or the sync bits of the first frame."""
    return head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2)


def _text(head: bytes) -> bool:
    """UTF-8 without NUL. The last character may be cut off."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return b"\0" not in head


def _svg(head: bytes) -> bool:
    return _text(head) and b"<svg" in head.lower()


IMAGE, AUDIO, VIDEO = frozenset({"Image"}), frozenset({"Audio", "AudioPlus"}), frozenset({"Video"})
PAGE, TEXT = frozenset({"HyperText"}), frozenset({"Text", "HyperText", "Paragraphs"})
JPEG = Kind("image/jpeg", "image", IMAGE, _starts(b"\xff\xd8\xff"))
HTML = Kind("text/html", "text", PAGE, _text, inline=False)
KINDS = {
    ".png": Kind("image/png", "image", IMAGE, _starts(b"\x89PNG\r\n\x1a\n")),
    ".jpg": JPEG,
    ".jpeg": JPEG,
    ".gif": Kind("image/gif", "image", IMAGE, _starts(b"GIF87a", b"GIF89a")),
    ".bmp": Kind("image/bmp", "image", IMAGE, _starts(b"BM")),
    ".webp": Kind("image/webp", "image", IMAGE, _riff(b"WEBP")),
    ".svg": Kind("image/svg+xml", "image", IMAGE, _svg, inline=False),
    ".wav": Kind("audio/wav", "audio", AUDIO, _riff(b"WAVE")),
    ".mp3": Kind("audio/mpeg", "audio", AUDIO, _mp3),
    ".ogg": Kind("audio/ogg", "audio", AUDIO, _starts(b"OggS")),
    ".flac": Kind("audio/flac", "audio", AUDIO, _starts(b"fLaC")),
    ".m4a": Kind("audio/mp4", "audio", AUDIO, _boxes),
    ".mp4": Kind("video/mp4", "video", VIDEO, _boxes),
    ".webm": Kind("video/webm", "video", VIDEO, _starts(b"\x1a\x45\xdf\xa3")),
    ".pdf": Kind("application/pdf", "pdf", frozenset({"Pdf", "HyperText"}), _starts(b"%PDF-")),
    ".txt": Kind("text/plain", "text", TEXT, _text),
    ".html": HTML,
    ".htm": HTML,
    ".xml": Kind("application/xml", "text", PAGE, _text, inline=False),
}
# Files of tasks, kept until they are imported. What they hold is checked by the import.
TASK_FILES = {
    extension: Kind(content_type, "", frozenset(), lambda head: True, inline=False)
    for extension, content_type in (
        (".json", "application/json"),
        (".jsonl", "application/jsonl"),
        (".ndjson", "application/jsonl"),
        (".csv", "text/csv"),
        (".tsv", "text/tab-separated-values"),
        (".tab", "text/tab-separated-values"),
        (".txt", "text/plain"),
        (".zip", "application/zip"),
        (".gz", "application/gzip"),
    )
}
INLINE = frozenset(kind.content_type for kind in KINDS.values() if kind.inline)
