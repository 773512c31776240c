"""Whether a result conforms to a label configuration."""

from collections.abc import Iterator
from typing import Any

from users.sentences import sentence as _

from .labelconfig import Control, LabelConfig, parse, shown
from .results import RELATION, is_result

MAX_LISTED_PROBLEMS = 20


def problems(result: list[dict[str, Any]], xml: str) -> list[str]:
    """Where `result` does not conform to the configuration, a sentence each. Empty if it does."""
    return [problem for _path, problem in located_problems(result, xml)]


def located_problems(result: list[dict[str, Any]], xml: str) -> list[tuple[str, str]]:
    """The same, each after its path in the result: `[0].value.choices`."""
    if not is_result(result):
        return [("", _("A result is a list of regions, each an object."))]
    config = parse(xml)
    return [
        (f"[{place}].{found[0]}", found[1])
        for place, region in enumerate(result)
        if (found := _problem(region, _name(region, place), config))
    ]


def _name(region: dict[str, Any], place: int) -> str:
    return f"#{place + 1}" if region.get("id") is None else shown(region["id"])


def some_problems(result: list[dict[str, Any]], xml: str) -> list[str]:
    """The first of the problems, and how many more there are."""
    found = problems(result, xml)
    listed = found[:MAX_LISTED_PROBLEMS]
    return (
        listed
        if len(found) == len(listed)
        else [*listed, _("And %(number)s more.", number=len(found) - len(listed))]
    )


def _problem(region: dict[str, Any], region_id: str, config: LabelConfig) -> tuple[str, str] | None:
    """The key of the region that is wrong, and a sentence."""
    if region.get("type") == RELATION:
        return None
    name = shown(region.get("from_name"))
    control = config.control(region.get("from_name"))
    if control is None:
        return "from_name", _(
            "Region %(region_id)s names %(name)s, which is not a control of the label configuration.",
            region_id=region_id,
            name=name,
        )
    if not control.makes(region.get("type")):
        kind = shown(region.get("type"))
        return "type", _(
            "Region %(region_id)s has the type %(kind)s, but its control %(name)s produces %(type)r.",
            region_id=region_id,
            kind=kind,
            name=name,
            type=control.type,
        )
    if not control.is_for(region.get("to_name")):
        on, meant = shown(region.get("to_name")), ", ".join(control.to_name)
        return "to_name", _(
            "Region %(region_id)s is on %(on)s, but its control %(name)s is for %(meant)s.",
            region_id=region_id,
            on=on,
            name=name,
            meant=meant,
        )
    return _label_problem(region, region_id, control)


def _label_problem(region: dict[str, Any], region_id: str, control: Control) -> tuple[str, str] | None:
    if not isinstance(region.get("value"), dict):
        return "value", _("Region %(shown)s has no value.", shown=region_id)
    chosen = region["value"].get(control.type)
    if control.dynamic or not isinstance(chosen, list):
        return None
    for label in _flat(chosen):
        if not isinstance(label, str) or label not in control.accepted:
            return f"value.{control.type}", _(
                "Region %(region_id)s uses %(label)s, which the control %(name)r does not offer.",
                region_id=region_id,
                label=shown(label),
                name=control.name,
            )
    return None


def _flat(values: list[Any]) -> Iterator[Any]:
    rest = values[::-1]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest += value[::-1]
        else:
            yield value
