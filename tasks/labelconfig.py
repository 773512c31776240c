"""Label Studio's labelling configuration: the controls it defines. See result_problems for what fits them.

`parse` never fails, because stored configurations may be older than the checks: what cannot be read defines
nothing. `require_valid` says what is wrong with a new one.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from threading import Lock
from typing import Any
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, fromstring

from users.sentences import sentence as _

from . import label_tags
from .errors import Refused

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 100
MAX_CONTROLS = 1_000
MAX_LABELS = 20_000
MAX_OBJECTS_OF_CONTROL = 100
MAX_CACHED_CHARACTERS = 2_000_000  # of all configurations that a process keeps parsed
MAX_SENTENCES = 5  # of a configuration that is refused
MAX_UNKNOWN_TAGS = 100  # looked at in one configuration

CHOICE_TAGS = {"label", "choice"}
# These have a `toName`, and write no results.
WITHOUT_RESULTS = {"filter", "shortcut"}
# What is inside is a text to label, which the editor does not read as tags.
MARKUP_TAGS = {"hypertext"}
# These write results about themselves: they are control and object at once, and need no toName.
SELF_TAGS = {"chat": "chatmessage", "reactcode": "reactcode"}
# A control with one of these fetches or computes its labels: any label may be valid.
DYNAMIC_ATTRIBUTES = ("value", "apiurl")
# These name a key of the task's data as `$key`.
VARIABLE_ATTRIBUTES = ("value", "valuelist")
UNCHOSEN = "$undefined$"
DEFAULT_INDEX = "{{idx}}"
INDEX = re.compile(r"\{\{[^{}]*\}\}")
DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Control:
    name: str
    tag: str
    to_name: tuple[str, ...]
    labels: tuple[str, ...]
    accepted: frozenset[str]
    dynamic: bool

    @cached_property
    def _numbered_objects(self) -> set[str]:
        return {_unnumbered(name) for name in self.to_name if INDEX.search(name)}

    @property
    def type(self) -> str:
        """The `type` of its results."""
        kind = self.tag.lower()
        return SELF_TAGS.get(kind, kind)

    def is_for(self, to_name: Any) -> bool:
        """The editor writes the name of an object, or several as in `toName`."""
        return isinstance(to_name, str) and all(
            name in self.to_name or _unnumbered(name) in self._numbered_objects for name in _names(to_name)
        )

    def makes(self, kind: Any) -> bool:
        """`rectanglelabels`; or `rectangle`, for a region whose label was taken away again."""
        return kind == self.type or (isinstance(kind, str) and f"{kind}labels" == self.type)


@dataclass(frozen=True)
class LabelConfig:
    controls: dict[str, Control] = field(default_factory=dict)
    objects: dict[str, dict[str, str]] = field(default_factory=dict)
    # The keys of task data that it names: of `$work.items[0].value`, the whole path.
    variables: tuple[str, ...] = ()

    def missing_in(self, data: dict[str, Any]) -> list[str]:
        """The keys that it shows and that this data does not have."""
        return [name for name in self.variables if name not in data and _first_key(name) not in data]

    def control(self, name: Any) -> Control | None:
        """By the name in a result. Within a Repeater, `rel_{{idx}}` is `rel_0`, `rel_1` … there."""
        if not isinstance(name, str):
            return None
        return self.controls.get(name) or self._numbered_controls.get(_unnumbered(name))

    @cached_property
    def _numbered_controls(self) -> dict[str, Control]:
        return {_unnumbered(name): control for name, control in self.controls.items() if INDEX.search(name)}

    def as_parsed(self) -> dict[str, Any]:
        """Label Studio's `parsed_label_config`."""
        return {
            c.name: {
                "type": c.tag,
                "to_name": list(c.to_name),
                "inputs": [self.objects[name] for name in c.to_name if name in self.objects],
                "labels": list(c.labels),
            }
            for c in self.controls.values()
        }


NOTHING = LabelConfig()


def _first_key(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _unnumbered(name: str) -> str:
    """The same for `part_{{idx}}` and `part_7`."""
    return DIGITS.sub("#", INDEX.sub("0", name))


def _names(to_name: str) -> list[str]:
    return [name.strip() for name in to_name.split(",")]


# --- reading it ---------------------------------------------------------------------------------


class _Cache:
    """The configurations used last, or why one cannot be read; bounded by the length of their texts."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, LabelConfig | str] = OrderedDict()
        self._characters = 0
        self._lock = Lock()

    def get(self, xml: str) -> LabelConfig | str | None:
        with self._lock:
            if (found := self._kept.get(xml)) is not None:
                self._kept.move_to_end(xml)
            return found

    def put(self, xml: str, config: LabelConfig | str) -> None:
        with self._lock:
            if xml not in self._kept:
                self._kept[xml] = config
                self._characters += len(xml)
            while self._characters > MAX_CACHED_CHARACTERS:
                oldest, _ = self._kept.popitem(last=False)
                self._characters -= len(oldest)


_CACHE = _Cache()


def parse(xml: str) -> LabelConfig:
    """What a stored configuration defines; nothing, if it cannot be read."""
    found = _read(xml)
    return found if isinstance(found, LabelConfig) else NOTHING


def require_valid(xml: str) -> LabelConfig:
    """What a new configuration defines. Raises Refused(invalid_label_config)."""
    found = _read(xml)
    if not isinstance(found, LabelConfig):
        raise _invalid(found)
    if xml.strip():
        _refuse_mistakes(_elements(xml))
    return found


def _read(xml: str) -> LabelConfig | str:
    """Or why it cannot be read."""
    if len(xml) > MAX_CHARACTERS:
        return _(
            "The label configuration has more than %(max_characters)s characters.",
            max_characters=format(MAX_CHARACTERS, ","),
        )
    if (found := _CACHE.get(xml)) is None:
        try:
            found = _config(_elements(xml)) if xml.strip() else NOTHING
        except Refused as refused:
            found = refused.detail
        _CACHE.put(xml, found)
    return found


def _invalid(detail: str) -> Refused:
    return Refused("invalid_label_config", detail, field="label_config")


@dataclass
class _Element:
    """An element with a name, and the labels that belong to it."""

    tag: str
    attributes: dict[str, str]
    line: int
    labels: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.attributes["name"]

    @property
    def to_name(self) -> list[str]:
        own = [self.name] if self.tag.lower() in SELF_TAGS else []
        sent = self.attributes.get("toname", "")
        return list(dict.fromkeys(_names(sent))) if sent else own

    @property
    def is_control(self) -> bool:
        return bool(self.to_name) and self.tag.lower() not in WITHOUT_RESULTS


class _Builder:
    """Receives the elements one by one, so that no tree is built of what is refused."""

    def __init__(self, line: Callable[[], int]) -> None:
        self._line = line
        self.named: list[_Element] = []
        # The tag, whether it wants to show or answer something, its line.
        self.unknown: list[tuple[str, bool, int]] = []
        self.indexes = {DEFAULT_INDEX}
        self.variables: dict[str, None] = {}
        self._open: list[_Element | None] = []  # for each open element, the control whose labels are in it
        self._labels = 0
        self._markup = 0  # how many elements are open within a text to label

    def start(self, tag: str, sent: dict[str, str]) -> None:
        if len(self._open) == MAX_DEPTH:
            raise _invalid(
                _("The label configuration is nested deeper than %(max_depth)s levels.", max_depth=MAX_DEPTH)
            )
        if self._markup:
            self._markup += 1
            self._open.append(None)
            return
        # The editor reads names of tags and attributes in any case.
        attributes = {name.lower(): value for name, value in sent.items()}
        around = self._open[-1] if self._open else None
        if tag.lower() in CHOICE_TAGS:
            self._add_label(around, attributes)
        elif attributes.get("name"):
            around = self._add_named(tag, attributes, around)
        if tag.lower() not in CHOICE_TAGS:
            self.variables |= dict.fromkeys(_variables_of(attributes))
        if tag.lower() == "repeater":
            self.indexes.add(attributes.get("indexflag") or DEFAULT_INDEX)
        if not label_tags.is_known(tag) and len(self.unknown) < MAX_UNKNOWN_TAGS:
            takes_part = not self._open or any(attributes.get(name) for name in ("name", "toname"))
            self.unknown.append((tag, takes_part, self._line()))
        self._markup = int(tag.lower() in MARKUP_TAGS)
        self._open.append(around)

    def _add_named(self, tag: str, attributes: dict[str, str], around: _Element | None) -> _Element | None:
        element = _Element(tag, attributes, self._line())
        self.named.append(element)
        if len(self.named) > MAX_CONTROLS:
            raise _invalid(
                _(
                    "The label configuration has more than %(max_controls)s elements with a name.",
                    max_controls=format(MAX_CONTROLS, ","),
                )
            )
        if len(element.to_name) > MAX_OBJECTS_OF_CONTROL:
            raise _invalid(
                _(
                    "%(shown)s is for more than %(max_objects_of_control)s objects.",
                    shown=shown(element.name),
                    max_objects_of_control=MAX_OBJECTS_OF_CONTROL,
                )
            )
        return element if element.to_name or tag.lower() in label_tags.CONTROL_TAGS else around

    def _add_label(self, control: _Element | None, attributes: dict[str, str]) -> None:
        self._labels += 1
        if self._labels > MAX_LABELS:
            raise _invalid(
                _(
                    "The label configuration has more than %(max_labels)s labels.",
                    max_labels=format(MAX_LABELS, ","),
                )
            )
        if control is not None:
            alias = attributes.get("alias")
            control.labels.append(attributes.get("value") or alias or "")
            control.aliases += [alias] if alias else []

    def end(self, tag: str) -> None:
        self._markup = max(0, self._markup - 1)
        self._open.pop()

    def data(self, text: str) -> None:
        pass

    def close(self) -> "_Builder":
        """As in the editor, controls without a `toName` are for the object, if there is only one."""
        objects = [element for element in self.named if element.tag.lower() in label_tags.OBJECT_TAGS]
        for element in self.named if len(objects) == 1 else ():
            if element.tag.lower() in label_tags.CONTROL_TAGS and not element.to_name:
                element.attributes["toname"] = objects[0].name
        return self


def _elements(xml: str) -> _Builder:
    """Raises Refused if it is not XML, too large, or declares a DTD or entities."""
    parser = DefusedXMLParser(target=_Builder(lambda: parser.parser.CurrentLineNumber), forbid_dtd=True)
    try:
        parser.feed(xml.removeprefix("\ufeff"))
        return parser.close()
    except DefusedXmlException as error:
        raise _invalid(_("The label configuration must not declare a DOCTYPE or entities.")) from error
    except (ParseError, ValueError) as error:
        raise _invalid(_("The label configuration is not valid XML: %(error)s.", error=error)) from error


def _config(built: _Builder) -> LabelConfig:
    controls = [_control(element, built.indexes) for element in built.named if element.is_control]
    objects = [element for element in built.named if not element.attributes.get("toname")]
    return LabelConfig(
        {c.name: c for c in controls}, {one.name: _input(one) for one in objects}, tuple(built.variables)
    )


def _variables_of(attributes: dict[str, str]) -> list[str]:
    # `$undefined$` stands where nobody has chosen a key yet.
    sent = (attributes.get(name, "") for name in VARIABLE_ATTRIBUTES)
    return [value[1:] for value in sent if value[:1] == "$" and len(value) > 1 and value != UNCHOSEN]


def _control(element: _Element, indexes: Iterable[str]) -> Control:
    name, to_name = element.name, element.to_name
    for index in indexes:
        name = name.replace(index, DEFAULT_INDEX)
        to_name = [one.replace(index, DEFAULT_INDEX) for one in to_name]
    # Labels may be named in the task (`$label`), or be numbered by a Repeater.
    computed = any((label.startswith("$") and len(label) > 1) or "{{" in label for label in element.labels)
    return Control(
        name=name,
        tag=element.tag,
        to_name=tuple(to_name),
        labels=tuple(element.labels),
        accepted=frozenset({*element.labels, *element.aliases}),
        dynamic=computed
        or not element.labels
        or any(element.attributes.get(name) for name in DYNAMIC_ATTRIBUTES),
    )


def _input(element: _Element) -> dict[str, str]:
    described = {"type": element.tag, "value": (element.attributes.get("value") or "").removeprefix("$")}
    return described | ({"valueType": kind} if (kind := element.attributes.get("valuetype")) else {})


def _refuse_mistakes(built: _Builder) -> None:
    found = sorted(islice(_mistakes(built), MAX_SENTENCES))
    if found:
        lines = [_("Line %(line)s: %(mistake)s", line=line, mistake=mistake) for line, mistake in found]
        raise _invalid(" ".join(map(str, lines)))


def _mistakes(built: _Builder) -> Iterator[tuple[int, str]]:
    """The line and a sentence of each."""
    for tag, takes_part, line in built.unknown:
        # A tag of somebody's own may arrange the page, but nothing is shown or answered in it.
        near = label_tags.nearest(tag)
        if near or takes_part:
            what = _("<%(tag)s> is not a tag of Label Studio.", tag=cut(tag))
            yield line, _advised(what, f"<{near}>" if near else None)
    lines: dict[str, int] = {}
    for element in built.named:
        name, line = shown(element.name), element.line
        if element.name in lines:
            first = lines[element.name]
            yield line, _("The name %(name)s is used twice, first in line %(line)s.", name=name, line=first)
        lines.setdefault(element.name, line)
    # Outside a Repeater, what it makes of `part_{{idx}}` has the names `part_0`, `part_1` …
    numbered = {_unnumbered(name) for name in lines if INDEX.search(name)}
    for element in built.named:
        for name in element.to_name:
            if name not in lines and _unnumbered(name) not in numbered:
                near = next(iter(get_close_matches(name[:100], lines, n=1)), None)
                what = _(
                    "%(name)s is for %(missing)s, but nothing has that name.",
                    name=shown(element.name),
                    missing=shown(name),
                )
                yield element.line, _advised(what, near and shown(near))


def _advised(mistake: str, near: str | None) -> str:
    return _("%(mistake)s Nearest: %(near)s.", mistake=mistake, near=near) if near else mistake


def for_editor(xml: str) -> str:
    """The same, with a View in place of each tag that the editor does not know and would stop at."""
    try:
        if not xml.strip() or not _elements(xml).unknown:
            return xml
        root = fromstring(xml.removeprefix("\ufeff"), forbid_dtd=True)
    except (Refused, ParseError, ValueError):
        return xml
    _replace_unknown(root)
    return tostring(root, encoding="unicode")


def _replace_unknown(element: Element) -> None:
    """Not within a text to label: there they are markup."""
    if not label_tags.is_known(element.tag):
        element.tag, element.text = "View", None
        element.attrib.clear()
    if element.tag.lower() not in MARKUP_TAGS:
        for child in element:
            _replace_unknown(child)


def shown(value: Any) -> str:
    """For a sentence: a name may be anything, of any size."""
    return cut(repr(value))


def cut(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:100]}…"
