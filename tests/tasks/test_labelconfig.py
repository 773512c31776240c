"""What a label configuration defines, and which results conform to it."""

import pytest

from tasks.errors import Refused
from tasks.labelconfig import parse, problems
from tests.factories import BOXES, CHOICES, boxes, result

MANY = """<View><Text name="text" value="$text"/><Image name="image" value="$image"/>
<Choices name="letter" toName="text,image">
<Choice value="A" alias="a"/><Choice value="B"><Choice value="B1"/></Choice></Choices>
<Taxonomy name="tree" toName="text"><Choice value="Animal"><Choice value="Dog"/></Choice></Taxonomy>
<TextArea name="note" toName="text"/><Rating name="stars" toName="text"/><Number name="n" toName="text"/>
<Choices name="fetched" toName="text" value="$options"/>
<Labels name="ner" toName="text"><Label value="Person"/></Labels></View>"""


def region(control: str, kind: str, value: dict, to: str = "text") -> dict:
    return {"id": "r", "from_name": control, "to_name": to, "type": kind, "value": value}


FITS = {
    "nothing": (CHOICES, []),
    "a choice": (CHOICES, result("A")),
    "boxes": (BOXES, boxes("Car", "Tree")),
    "an alias": (MANY, [region("letter", "choices", {"choices": ["a"]})]),
    "a nested choice": (MANY, [region("letter", "choices", {"choices": ["B1"]})]),
    "the second object of a control": (MANY, [region("letter", "choices", {"choices": ["A"]}, to="image")]),
    "a path in a taxonomy": (MANY, [region("tree", "taxonomy", {"taxonomy": [["Animal", "Dog"]]})]),
    "text": (MANY, [region("note", "textarea", {"text": ["Anything"]})]),
    "stars": (MANY, [region("stars", "rating", {"rating": 3})]),
    "a number": (MANY, [region("n", "number", {"number": 7})]),
    "labels fetched at run time": (MANY, [region("fetched", "choices", {"choices": ["Whatever"]})]),
    "a span": (MANY, [region("ner", "labels", {"start": 0, "end": 2, "labels": ["Person"]})]),
    "a relation": (BOXES, [*boxes("Car", "Tree"), {"type": "relation", "from_id": "box0", "to_id": "box1"}]),
    "an empty choice": (CHOICES, [region("letter", "choices", {"choices": []})]),
}
MISFITS = {
    "an unknown label": (CHOICES, result("Z"), "'Z'"),
    "one unknown among known": (CHOICES, [region("letter", "choices", {"choices": ["A", "Z"]})], "'Z'"),
    "an unknown control": (CHOICES, [region("nobody", "choices", {"choices": ["A"]})], "'nobody'"),
    "another type": (CHOICES, [region("letter", "labels", {"labels": ["A"]})], "'labels'"),
    "another object": (CHOICES, [region("letter", "choices", {"choices": ["A"]}, to="image")], "'image'"),
    "a step of a taxonomy that is none": (
        MANY,
        [region("tree", "taxonomy", {"taxonomy": [["Animal", "Cat"]]})],
        "'Cat'",
    ),
    "no value": (
        CHOICES,
        [{"id": "r", "from_name": "letter", "to_name": "text", "type": "choices"}],
        "no value",
    ),
    "a value that is a list": (CHOICES, [region("letter", "choices", ["A"])], "no value"),  # type: ignore[arg-type]
    "a label that is a number": (CHOICES, [region("letter", "choices", {"choices": [1]})], "1"),
    "a label that is an object": (
        CHOICES,
        [region("letter", "choices", {"choices": [{"A": 1}]})],
        "{'A': 1}",
    ),
    "a label that is nothing": (CHOICES, [region("letter", "choices", {"choices": [None]})], "None"),
    "an empty configuration": ("<View></View>", result("A"), "'letter'"),
    "a region that is text": (CHOICES, ["A"], "list of regions"),
    "a result that is an object": (CHOICES, {"A": 1}, "list of regions"),
    "a result that is nothing": (CHOICES, None, "list of regions"),
    "no control": (CHOICES, [{"id": "r"}], "None"),
}


@pytest.mark.parametrize(("config", "fitting"), FITS.values(), ids=FITS)
def test_a_result_that_fits_has_no_problems(config, fitting):
    assert problems(fitting, config) == []


@pytest.mark.parametrize(("config", "bad", "names"), MISFITS.values(), ids=MISFITS)
def test_a_result_that_does_not_fit_names_what_is_wrong(config, bad, names):
    (problem,) = problems(bad, config)

    assert names in problem
    assert problem.endswith(".")


def test_every_region_that_does_not_fit_is_named():
    assert len(problems([*result("Z"), *result("A"), *result("Y")], CHOICES)) == 2


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "A",
        "<View>",
        "<View></Wiew>",
        '<View name="a" name="b"/>',
        '<!DOCTYPE lolz [<!ENTITY lol "lol">]><View>&lol;</View>',
        "<!doctype html><View/>",
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><View/>',
        "<View>&nbsp;</View>",
        "\0",
    ],
)
def test_what_is_no_configuration_is_refused(xml):
    with pytest.raises(Refused) as refused:
        parse(xml)

    assert (refused.value.code, refused.value.field) == ("invalid_label_config", "label_config")


def test_parsed_configuration_is_label_studios():
    assert parse(CHOICES).as_parsed() == {
        "letter": {
            "type": "Choices",
            "to_name": ["text"],
            "inputs": [{"type": "Text", "value": "text"}],
            "labels": ["A", "B", "C"],
        }
    }


def test_a_comment_may_mention_a_doctype():
    assert parse("<View><!-- no <!DOCTYPE here --></View>").controls == {}
