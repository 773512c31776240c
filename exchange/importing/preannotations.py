"""Turns fields of the data into predictions: whole results, or plain answers such as `"Dog"`."""

import uuid
from typing import Any

from tasks.labelconfig import Control, LabelConfig
from tasks.reading import Unreadable, described, number
from users.sentences import sentence as _

from .entries import PredictionEntry, TaskEntry
from .fields import InvalidField, as_result
from .found import Item
from .problems import Problems
from .verdicts import Result

MODEL_VERSION = "undefined"  # as Label Studio calls it


def preannotate(
    entry: TaskEntry, fields: tuple[str, ...], config: LabelConfig, item: Item, problems: Problems
) -> None:
    """Move the fields of the task's data to its predictions."""
    for name in fields:
        value = entry.data.pop(name, None)
        if value in (None, "", []):
            continue
        try:
            result = _result_of(name, value, config)
        except InvalidField as error:
            problems.add(item, f"data.{name}", str(error).removeprefix(f"data.{name}: "))
        except Unreadable as error:
            problems.add(item, f"data.{name}", error.args[0])
        else:
            entry.predictions.append(PredictionEntry(result, None, MODEL_VERSION, None))


def _result_of(name: str, value: Any, config: LabelConfig) -> Result:
    if isinstance(value, dict) and "result" in value:
        value = value["result"]
    if isinstance(value, list) and all(isinstance(region, dict) for region in value):
        return as_result(value, f"data.{name}")
    control = _control_for(name, config)
    region = {
        "id": uuid.uuid4().hex[:10],
        "from_name": control.name,
        "to_name": ",".join(control.to_name),
        "type": control.type,
        "value": {_VALUE_KEYS[control.type]: _answer(value, control)},
    }
    return [region]


_VALUE_KEYS = {
    "choices": "choices",
    "taxonomy": "taxonomy",
    "rating": "rating",
    "number": "number",
    "datetime": "datetime",
    "textarea": "text",
}


def _control_for(name: str, config: LabelConfig) -> Control:
    """The control of that name, or the only one that takes plain answers."""
    plain = [control for control in config.controls.values() if control.type in _VALUE_KEYS]
    if named := [control for control in plain if control.name == name] or plain[: len(plain) == 1]:
        return named[0]
    names = ", ".join(control.name for control in plain) or "none"
    raise Unreadable(
        _(
            "is a plain answer, and no single control could have given it: "
            "call the field as the control (those that take plain answers: %(names)s), "
            "or send a list of regions",
            names=names,
        )
    )


def _answer(value: Any, control: Control) -> Any:
    if control.type in ("rating", "number"):
        return number(value)
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise Unreadable(
            _("must be a text or a list of texts, not %(described)s", described=described(value))
        )
    if control.type == "datetime":
        return texts[0]
    unknown = [text for text in texts if text not in control.accepted]
    if control.type in ("choices", "taxonomy") and not control.dynamic and unknown:
        raise Unreadable(
            _(
                "%(described)s is not offered by the control %(name)s",
                described=described(unknown[0]),
                name=control.name,
            )
        )
    return [[text] for text in texts] if control.type == "taxonomy" else texts
