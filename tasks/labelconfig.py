"""Label Studio's labelling configuration: the controls it defines, and whether a result conforms to them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException, ElementTree

from .errors import Refused
from .results import RELATION, is_result

CHOICE_TAGS = {"Label", "Choice"}
# A control with one of these fetches or computes its labels: any label may be valid.
DYNAMIC_ATTRIBUTES = ("value", "apiUrl")
MAX_LISTED = 20  # problems of one result


@dataclass(frozen=True)
class Control:
    name: str
    tag: str
    to_name: tuple[str, ...]
    labels: tuple[str, ...]
    accepted: frozenset[str]
    dynamic: bool

    @property
    def type(self) -> str:
        return self.tag.lower()


@dataclass(frozen=True)
class LabelConfig:
    controls: dict[str, Control]
    objects: dict[str, dict[str, str]]

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


@lru_cache(maxsize=256)
def parse(xml: str) -> LabelConfig:
    """Raises Refused(invalid_label_config) if it is not XML, or declares a DTD or entities."""
    try:
        root = ElementTree.fromstring(xml, forbid_dtd=True)
    except DefusedXmlException as error:
        raise _invalid("The label configuration must not declare a DOCTYPE or entities.") from error
    except ElementTree.ParseError as error:
        raise _invalid(f"The label configuration is not valid XML: {error}.") from error
    controls = [_control(tag) for tag in root.iter() if tag.get("name") and tag.get("toName")]
    objects = {
        tag.attrib["name"]: _input(tag) for tag in root.iter() if tag.get("name") and not tag.get("toName")
    }
    return LabelConfig({c.name: c for c in controls}, objects)


def _invalid(detail: str) -> Refused:
    return Refused("invalid_label_config", detail, field="label_config")


def _control(tag: Element) -> Control:
    options = [child for child in tag.iter() if child.tag in CHOICE_TAGS]
    labels = tuple(o.get("value") or o.get("alias") or "" for o in options)
    aliases = {alias for o in options if (alias := o.get("alias"))}
    return Control(
        name=tag.attrib["name"],
        tag=tag.tag,
        to_name=tuple(tag.attrib["toName"].split(",")),
        labels=labels,
        accepted=frozenset({*labels, *aliases}),
        dynamic=not labels or any(tag.get(a) for a in DYNAMIC_ATTRIBUTES),
    )


def _input(tag: Element) -> dict[str, str]:
    described = {"type": tag.tag, "value": (tag.get("value") or "").removeprefix("$")}
    return described | ({"valueType": kind} if (kind := tag.get("valueType")) else {})


def problems(result: list[dict[str, Any]], xml: str) -> list[str]:
    """Where `result` does not conform to the configuration, a sentence each. Empty if it does."""
    if not is_result(result):
        return ["A result is a list of regions, each an object."]
    config = parse(xml)
    return [problem for region in result if (problem := _problem(region, config))]


def some_problems(result: list[dict[str, Any]], xml: str) -> list[str]:
    """The first of the problems, and how many more there are."""
    found = problems(result, xml)
    return (
        found if len(found) <= MAX_LISTED else [*found[:MAX_LISTED], f"And {len(found) - MAX_LISTED} more."]
    )


def _problem(region: dict[str, Any], config: LabelConfig) -> str | None:
    if region.get("type") == RELATION:
        return None
    name, kind = region.get("from_name"), region.get("type")
    control = config.controls.get(str(name))
    if control is None:
        return (
            f"Region {region.get('id')!r} names {name!r}, which is not a control of the label configuration."
        )
    if kind != control.type:
        made = control.type
        return (
            f"Region {region.get('id')!r} has the type {kind!r}, but its control {name!r} produces {made!r}."
        )
    if region.get("to_name") not in control.to_name:
        on, meant = region.get("to_name"), ", ".join(control.to_name)
        return f"Region {region.get('id')!r} is on {on!r}, but its control {name!r} is for {meant}."
    return _label_problem(region, control)


def _label_problem(region: dict[str, Any], control: Control) -> str | None:
    if not isinstance(region.get("value"), dict):
        return f"Region {region.get('id')!r} has no value."
    chosen = region["value"].get(control.type)
    if control.dynamic or not isinstance(chosen, list):
        return None
    unknown = [
        label for label in _flat(chosen) if not isinstance(label, str) or label not in control.accepted
    ]
    return (
        f"Region {region.get('id')!r} uses {unknown[0]!r}, which the control {control.name!r} does not offer."
        if unknown
        else None
    )


def _flat(values: list[Any]) -> list[Any]:
    return [label for value in values for label in (_flat(value) if isinstance(value, list) else [value])]
