"""What a label configuration defines, and which results conform to it."""

import pytest

from tasks import label_tags, labelconfig
from tasks.errors import Refused
from tasks.labelconfig import for_editor, parse, require_valid
from tasks.result_problems import problems
from tests.factories import BOXES, CHOICES, boxes, result

MANY = """<View><Text name="text" value="$text"/><Image name="image" value="$image"/>
<Choices name="letter" toName="text,image">
<Choice value="A" alias="a"/><Choice value="B"><Choice value="B1"/></Choice></Choices>
<Taxonomy name="tree" toName="text"><Choice value="Animal"><Choice value="Dog"/></Choice></Taxonomy>
<TextArea name="note" toName="text"/><Rating name="stars" toName="text"/><Number name="n" toName="text"/>
<Choices name="fetched" toName="text" value="$options"/>
<Labels name="ner" toName="text"><Label value="Person"/></Labels></View>"""

# What only some configurations have: indexed names, tags that are control and object at once, several
# objects, and names of tags and attributes in any case.
UNUSUAL = """<View>
<Repeater on="$parts" indexFlag="{{i}}"><Text name="part_{{i}}" value="$parts[{{i}}].text"/>
<choices name="rel_{{i}}" toname="part_{{i}}"><choice value="Yes"/><choice value="No"/></choices></Repeater>
<Text name="a1" value="$a"/><Text name="a2" value="$b"/>
<Pairwise name="pair" toName="a1, a2"/><Labels name="ner" toName="a1"><label Value="Person"/></Labels>
<Image name="image" value="$image"/>
<RectangleLabels name="box" toName="image"><Label value="$first"/></RectangleLabels>
<Chat name="talk" value="$talk"/><ReactCode name="widget" data="$all"/></View>"""


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
    "a control of a Repeater": (UNUSUAL, [region("rel_12", "choices", {"choices": ["Yes"]}, to="part_12")]),
    "two objects at once": (UNUSUAL, [region("pair", "pairwise", {"selected": "left"}, to="a1,a2")]),
    "one of two objects": (UNUSUAL, [region("pair", "pairwise", {"selected": "left"}, to="a2")]),
    "a label in lower case": (
        UNUSUAL,
        [region("ner", "labels", {"start": 0, "labels": ["Person"]}, to="a1")],
    ),
    "a label named in the task": (
        UNUSUAL,
        [region("box", "rectanglelabels", {"rectanglelabels": ["Car"]}, to="image")],
    ),
    "a box without its label": (UNUSUAL, [region("box", "rectangle", {"x": 1}, to="image")]),
    "a message of a chat": (UNUSUAL, [region("talk", "chatmessage", {"chatmessage": {}}, to="talk")]),
    "a widget": (UNUSUAL, [region("widget", "reactcode", {"reactcode": {"a": 1}}, to="widget")]),
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
    "a label that a Repeater does not offer": (
        UNUSUAL,
        [region("rel_0", "choices", {"choices": ["Maybe"]}, to="part_0")],
        "'Maybe'",
    ),
    "a number that is not a Repeater's": (UNUSUAL, [region("ner1", "labels", {}, to="a1")], "'ner1'"),
    "a neighbour with another number": (UNUSUAL, [region("ner", "labels", {}, to="a2")], "'a2'"),
    "a control that is a list": (CHOICES, [region(["letter"], "choices", {})], "['letter']"),  # type: ignore[arg-type]
    "an object that is a list": (CHOICES, [region("letter", "choices", {}, to=["text"])], "['text']"),  # type: ignore[arg-type]
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
        "A",
        "<View>",
        "<View></Wiew>",
        '<View name="a" name="b"/>',
        '<!DOCTYPE lolz [<!ENTITY lol "lol">]><View>&lol;</View>',
        "<!doctype html><View/>",
        '<!DOCTYPE a SYSTEM "file:///etc/passwd"><View/>',
        "<View>&nbsp;</View>",
        "\0",
        "<View>" * 101 + "</View>" * 101,
        "<View>" + '<Text name="t"/>' * 2,
        '<View><Text name="t"/><Choices name="t" toName="t"/></View>',
        '<View><Text name="t"/><Choices name="c" toName="t,nowhere"/></View>',
        "<View>" + "".join(f'<Text name="t{n}"/>' for n in range(1001)) + "</View>",
        "<View>" + "<Choice value='a'/>" * 20_001 + "</View>",
        "<View>" + " " * 1_000_000 + "</View>",
        "<View>" + f'<Choices name="c" toName="{",".join(map(str, range(101)))}"/>' + "</View>",
    ],
)
def test_what_is_no_configuration_is_refused(xml):
    with pytest.raises(Refused) as refused:
        require_valid(xml)

    assert (refused.value.code, refused.value.field) == ("invalid_label_config", "label_config")
    assert len(refused.value.detail) < 300


@pytest.mark.parametrize("xml", ["", "  ", "<View>", "A", "<View>" * 200, "<a>" + "x" * 1_000_000 + "</a>"])
def test_a_stored_configuration_that_cannot_be_read_defines_nothing(xml):
    assert parse(xml).controls == parse(xml).objects == {}


def test_an_empty_configuration_may_be_stored():
    assert require_valid("").controls == {}


@pytest.mark.parametrize("start", ["\ufeff", '<?xml version="1.0" encoding="UTF-8"?>\r\n'])
def test_a_byte_order_mark_or_a_declaration_may_come_first(start):
    assert require_valid(start + CHOICES) == require_valid(CHOICES)


def test_labels_belong_to_the_nearest_control():
    xml = """<View><Text name="t"/><Choices name="outer" toName="t"><Choice value="A"/>
    <View><Choices name="inner" toName="t"><Choice value="B"/></Choices></View>
    <Choice value="C"/></Choices></View>"""

    assert {c.name: c.labels for c in parse(xml).controls.values()} == {"outer": ("A", "C"), "inner": ("B",)}


def test_parsed_configurations_are_kept_up_to_a_size(monkeypatch):
    cache = labelconfig._Cache()
    monkeypatch.setattr(labelconfig, "_CACHE", cache)
    monkeypatch.setattr(labelconfig, "MAX_CACHED_CHARACTERS", 1000)

    texts = [f"<View>{'x' * 400}{n}</View>" for n in range(5)]
    for text in texts:
        parse(text)

    assert [cache.get(text) is not None for text in texts] == [False, False, False, True, True]


def test_parsed_configuration_is_label_studios():
    assert parse(CHOICES).as_parsed() == {
        "letter": {
            "type": "Choices",
            "to_name": ["text"],
            "inputs": [{"type": "Text", "value": "text"}],
            "labels": ["A", "B", "C"],
        }
    }


# --- mistakes in a new one -----------------------------------------------------------------------

TEXT = '<Text name="text" value="$text"/>'
LETTERS = '<Choices name="letter" toName="text"><Choice value="A"/></Choices>'
# Line 1 opens the View, line 2 has the text, what is tried begins in line 3.
MISTAKES = {
    LETTERS.replace('"text"', '"nowhere"'): "Line 3: 'letter' is for 'nowhere', but nothing has that name.",
    LETTERS.replace('"text"', '"txet"'): "Line 3: 'letter' is for 'txet', but nothing has that name."
    " Nearest: 'text'.",
    '\n<Pairwise name="pair" toName="text,other"/>': "Line 4: 'pair' is for 'other',"
    " but nothing has that name.",
    f"{LETTERS}\n{LETTERS}": "Line 4: The name 'letter' is used twice, first in line 3.",
    '<Header name="text" value="Hi"/>': "Line 3: The name 'text' is used twice, first in line 2.",
    LETTERS.replace(
        "Choices", "Choises"
    ): "Line 3: <Choises> is not a tag of Label Studio. Nearest: <Choices>.",
    "<Veiw/>": "Line 3: <Veiw> is not a tag of Label Studio. Nearest: <View>.",
    '<Widget name="w" toName="text"/>': "Line 3: <Widget> is not a tag of Label Studio.",
    '<Widget NAME="w"/>': "Line 3: <Widget> is not a tag of Label Studio.",
    '<Widget name="a"/>\n<Choices name="b" toName="z"/>': "Line 3: <Widget> is not a tag of Label Studio."
    " Line 4: 'b' is for 'z', but nothing has that name.",
}


@pytest.mark.parametrize(("part", "detail"), MISTAKES.items())
def test_a_mistake_is_refused_with_its_line_and_the_nearest_name(part, detail):
    with pytest.raises(Refused) as refused:
        require_valid(f"<View>\n{TEXT}\n{part}</View>")

    assert refused.value.detail == detail


def test_a_root_that_is_no_tag_is_refused():
    with pytest.raises(Refused, match="Line 1: <div> is not a tag of Label Studio"):
        require_valid(f"<div>{TEXT}{LETTERS}</div>")


def test_the_first_mistakes_are_listed():
    with pytest.raises(Refused) as refused:
        require_valid("<View>" + "\n<Choises/>" * 9 + "</View>")

    assert refused.value.detail.count("Line") == 5


@pytest.mark.parametrize(
    "part",
    [
        '<!-- <Choises name="text" toName="nowhere"/> -->',
        "<Style>.main > .x { content: \"name='text'\"; }</Style>",
        '<MyOwnTag foo="1"><Header value="$a.b[0]"/></MyOwnTag>',
        "<div><p>Hello</p></div>",
        '<x:y xmlns:x="urn:x"/>',
        '<Choices name="fetched" toName="text" value="$options"/>',
        '<HyperText name="page"><h1 name="text">Hi</h1><Choises toName="x"/></HyperText>',
        '<Repeater on="$parts" indexFlag="{{i}}"><Text name="p_{{i}}" value="$parts[{{i}}].text"/></Repeater>'
        '<Pairwise name="pair" toName="p_0,p_1"/>',
        '<Filter name="f" toName="letter"/><Shortcut value="x"/><Ranker name="r" toName="text"/>',
        LETTERS.upper().replace("TEXT", "text").replace("LETTER", "upper"),
    ],
)
def test_what_the_editor_reads_is_accepted(part):
    require_valid(f"<View>\n{TEXT}{LETTERS}\n{part}</View>")


@pytest.mark.parametrize("tag", label_tags.SPELLED.values())
def test_every_tag_is_accepted_in_any_case(tag):
    for spelled in (tag, tag.lower(), tag.upper()):
        require_valid(f'<View>{TEXT}<{spelled} name="one" toName="text"/></View>')


def test_a_control_without_an_object_is_for_the_only_one():
    alone = f'<View>{TEXT}<Choices name="letter"><Choice value="A"/></Choices></View>'

    assert parse(alone).control("letter").to_name == ("text",)
    assert problems(result("A"), alone) == []
    assert "letter" not in parse(alone.replace("<Choices", '<Text name="other"/><Choices')).controls


def test_a_filter_is_no_control():
    assert list(parse(f'<View>{TEXT}{LETTERS}<Filter name="f" toName="letter"/></View>').controls) == [
        "letter"
    ]


def test_the_editor_gets_a_view_for_a_tag_it_does_not_know():
    html = '<HyperText name="page"><b>Hi</b></HyperText>'
    own = f'<View>{TEXT}<MyOwnTag foo="1">{LETTERS}</MyOwnTag>{html}</View>'

    assert for_editor(own) == own.replace('<MyOwnTag foo="1">', "<View>").replace(
        "</MyOwnTag>", "</View>"
    ).replace('"/>', '" />')
    assert [for_editor(xml) for xml in (CHOICES, "", "<View>")] == [CHOICES, "", "<View>"]


def test_a_comment_may_mention_a_doctype():
    assert parse("<View><!-- no <!DOCTYPE here --></View>").controls == {}
