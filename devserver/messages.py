"""The Chinese of error sentences, and of the pages of audits. `make messages` brings both catalogues up to
date with what is marked in templates and code, and compiles them; what has no Chinese yet is printed."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
FILE = Path("zh_Hans") / "LC_MESSAGES" / "django.po"
AUDITS = ROOT / "audits" / "locale" / FILE
ERRORS = ROOT / "locale" / FILE
APPS = (
    *("users", "jobs", "tasks", "reviews", "exchange", "api", "labelstudio", "webhooks", "crowd"),
    *("pages", "reviewsite"),
)
# What is marked in both has its Chinese in both.
SOURCES = {
    AUDITS: ("templates/base.html", "templates/audits/**/*.html", "audits/**/*.py"),
    ERRORS: tuple(f"{app}/**/*.py" for app in APPS),
}
DATE = datetime(2026, 1, 1, tzinfo=UTC)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "pgettext": ((1, "c"), 2),
    "ngettext": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
}


def marked(po: Path) -> Catalog:
    """Every string that is marked for translation in the sources of this catalogue."""
    found = Catalog()
    for path in sorted(path for pattern in SOURCES[po] for path in ROOT.glob(pattern)):
        for _line, message, comments, context in _extracted(path):
            found.add(message, auto_comments=comments, context=context)
    return found


def _extracted(path: Path) -> Iterator[tuple]:
    source = path.read_text()
    if path.suffix == ".html":
        # Python with everything else crossed out; the indentation of HTML would be an error.
        source = "\n".join(line.strip() for line in templatize(source).splitlines())
    yield from extract("python", BytesIO(source.encode()), KEYWORDS)


def updated(po: Path) -> Catalog:
    """The catalogue with exactly the strings that are marked; new ones are empty."""
    known = stored(po) if po.exists() else Catalog()
    catalog = _empty()
    for message in marked(po):
        old = known.get(message.id, message.context) if message.id else None
        if message.id:
            catalog.add(message.id, old.string if old else "", context=message.context)
    return catalog


def stored(po: Path) -> Catalog:
    return read_po(BytesIO(po.read_bytes()), locale="zh_Hans")


def _empty() -> Catalog:
    """With a header that is always the same, so that the same strings are the same bytes."""
    return Catalog(
        locale="zh_Hans",
        header_comment="# Chinese. Run `make messages` after a change.",
        project="Countersign",
        version="1",
        msgid_bugs_address="-",
        last_translator="-",
        language_team="-",
        creation_date=DATE,
        revision_date=DATE,
        fuzzy=False,
    )


def as_po(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_po(file, catalog, width=110, no_location=True, sort_output=True)
    return file.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    return [str(message.id) for message in catalog if message.id and not all(strings(message))]


def strings(message: Message) -> list[str]:
    """Its Chinese; one for each plural form, of which Chinese has one."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def main() -> None:
    is_complete = True
    for po in SOURCES:
        catalog = updated(po)
        po.parent.mkdir(parents=True, exist_ok=True)
        po.write_bytes(as_po(catalog))
        po.with_suffix(".mo").write_bytes(as_mo(stored(po)))
        missing = untranslated(catalog)
        print(f"{po.relative_to(ROOT)}: {len(catalog)} strings, {len(missing)} without Chinese")
        for text in missing:
            print(f"  {text}")
        is_complete = is_complete and not missing
    sys.exit(0 if is_complete else 1)


if __name__ == "__main__":
    main()
