"""A configuration for each tag of Label Studio, and a result with all the keys that its editor writes for it.

`@` in a configuration and in a result stands for the name of the shape, so that all fit in one project.
`fixed` is what a reviewer makes of the value of the first region, and `kinds` what the diff calls that.
"""

import json
from dataclasses import dataclass, field
from typing import Any

Region = dict[str, Any]

IMAGE = '<Image name="@o" value="$image"/>'
TEXT = '<Text name="@o" value="$text"/>'
HTML = '<HyperText name="@o" value="$html"/>'
AUDIO = '<Audio name="@o" value="$audio"/>'
VIDEO = '<Video name="@o" value="$video"/>'
TALK = '<Paragraphs name="@o" value="$talk" layout="dialogue" nameKey="who" textKey="what"/>'
SERIES = (
    '<TimeSeries name="@o" value="$series" valueType="json" timeColumn="t"><Channel column="v"/></TimeSeries>'
)
CAR_TREE = '<Label value="Car"/><Label value="Tree" alias="t" background="#0a0"/>'
DATA = {
    "text": "A quick brown fox",
    "image": "/static/demo/shapes/000.png",
    "images": ["/static/demo/shapes/000.png", "/static/demo/shapes/001.png"],
    "html": "<p>A quick <b>brown</b> fox</p>",
    "audio": "/static/demo/talk.wav",
    "video": "/static/demo/videos/000.mp4",
    "pdf": "/static/demo/paper.pdf",
    "talk": [{"who": "A", "what": "Hello"}, {"who": "B", "what": "Good morning"}],
    "chat": [{"role": "user", "content": "Hello"}],
    "series": {"t": [1757612212681, 1757612213681, 1757612214681], "v": [0.5, 1.5, 1.25]},
    "row": {"name": "Fox", "legs": 4},
    "items": [{"id": "a", "title": "First", "body": "1"}, {"id": "b", "title": "Second", "body": "2"}],
    "labels": [{"value": "Whatever"}, {"value": "Other", "background": "#0a0"}],
    "tree": [{"value": "Animal", "children": [{"value": "Fox"}]}],
    "parts": [{"text": "One"}, {"text": "Two"}],
    "work": {"items": [{"value": "T300"}]},
    "cloud": "/static/demo/cloud.pcd",
}


@dataclass(frozen=True)
class Shape:
    config: str
    result: list[Region]
    fixed: dict[str, Any]
    kinds: set[str] = field(default_factory=lambda: {"moved"})

    def named(self, name: str) -> "Shape":
        config, result = (
            text.replace("@", f"{name}_")
            for text in (self.config, json.dumps(self.result, ensure_ascii=False))
        )
        return Shape(config, json.loads(result), self.fixed, self.kinds)

    @property
    def view(self) -> str:
        return f"<View>{self.config}</View>"

    @property
    def fixed_result(self) -> list[Region]:
        first, *others = self.result
        return [first | {"value": first["value"] | self.fixed}, *others]


def region(kind: str, value: dict[str, Any], **more: Any) -> Region:
    # Ids as the editor makes them; in a project every shape has its own.
    return {
        "id": f"@{kind[:4]}xY",
        "from_name": "@c",
        "to_name": "@o",
        "type": kind,
        "origin": "manual",
        "value": value,
    } | more


def on_image(kind: str, value: dict[str, Any], **more: Any) -> Region:
    size = {"original_width": 600, "original_height": 403, "image_rotation": 0}
    return region(kind, value, **size, **more)


def labelled(
    kind: str, control: str, value: dict[str, Any], fixed: dict[str, Any], shown: str = IMAGE, **more
) -> Shape:
    """Drawn with a label."""
    make = on_image if shown == IMAGE else region
    config = f'{shown}<{control} name="@c" toName="@o">{CAR_TREE}</{control}>'
    return Shape(config, [make(kind, value | {kind: ["Car"]}, **more)], fixed)


def answer(control: str, before: Any, after: Any, kind: str, inside: str = "", attributes: str = "") -> Shape:
    """An answer about a text."""
    config = f'{TEXT}<{control} name="@c" toName="@o" {attributes}>{inside}</{control}>'
    name = control.lower()
    key = {"textarea": "text"}.get(name, name)
    return Shape(config, [region(name, {key: before})], {key: after}, {kind})


BOX = {"x": 10.25, "y": 5.5, "width": 20.125, "height": 10.75, "rotation": 12.5}
OVAL = {"x": 40.5, "y": 50.25, "radiusX": 10.5, "radiusY": 5.25, "rotation": 0}
CORNERS = {"points": [[10.5, 10.25], [30.5, 10.75], [20.125, 40.5]], "closed": True}
POINT = {"x": 40.5, "y": 50.25, "width": 0.625}
# Two and three pixels of an image of 600 by 403, as the editor packs them.
_BITS = (
    "000ec220391bfcfffffffc03ffff807ffff00ffffe01ffffc03ffff807ffff00ffffe01ffffc03ffff807ffff00ffffe01ffff"
    "c03ffff807c2170000",
    "000ec220391bfdbffffffe01ffffc03ffff807ffff00ffffe01ffffc03ffff807ffff00ffffe01ffffc03ffff807ffff00ffff"
    "e01ffffc03e1098000",
)
RLE, RLE2 = (list(bytes.fromhex(bits)) for bits in _BITS)
MASK = {"format": "rle", "rle": RLE}
BITMAP = {"imageDataURL": "data:image/png;base64,iVBORw0KGgo="}
PATH = {
    "closed": False,
    "vertices": [
        {"id": "p1", "x": 25.5, "y": 30.25, "prevPointId": None, "isBezier": False},
        {
            "id": "p2",
            "x": 75.5,
            "y": 70.25,
            "prevPointId": "p1",
            "isBezier": True,
            "controlPoint1": {"x": 50.5, "y": 40.5},
            "controlPoint2": {"x": 60.5, "y": 60.5},
        },
    ],
}
BOX2, OVAL2, POINT2 = BOX | {"x": 11.5}, OVAL | {"radiusX": 11.5}, POINT | {"x": 41.5}
CORNERS2 = {"points": [[10.5, 10.25], [32.5, 10.75], [20.125, 40.5]]}
MASK2, BITMAP2 = {"rle": RLE2}, {"imageDataURL": "data:image/png;base64,iVBORw0KGgoB"}
PATH2 = {"vertices": [PATH["vertices"][0], PATH["vertices"][1] | {"x": 76.5}]}  # type: ignore[index,operator]
SPAN = {"start": 2, "end": 7, "text": "quick"}
IN_HTML = {
    "start": "/p[1]/b[1]/text()[1]",
    "end": "/p[1]/b[1]/text()[1]",
    "startOffset": 0,
    "endOffset": 5,
    "globalOffsets": {"start": 8, "end": 13},
    "text": "brown",
}
IN_TALK = {"start": "1", "end": "1", "startOffset": 0, "endOffset": 4, "text": "Good"}
SOUND = {"start": 0.51, "end": 1.27, "channel": 0}
TIMES = {"start": 1757612212681.25, "end": 1757612214681.5, "instant": False}
KEYFRAMES = [
    {
        "frame": 1,
        "enabled": True,
        "rotation": 0,
        "x": 10.5,
        "y": 20.5,
        "width": 5.5,
        "height": 8.5,
        "time": 0.04,
    },
    {
        "frame": 21,
        "enabled": False,
        "rotation": 0,
        "x": 14.5,
        "y": 20.5,
        "width": 5.5,
        "height": 8.5,
        "time": 0.84,
    },
]
TRACK = {"framesCount": 100, "duration": 4.004, "sequence": KEYFRAMES, "labels": ["Car"]}
TRACK2 = {"sequence": [KEYFRAMES[0] | {"x": 11.5}, KEYFRAMES[1]]}
VECTORS = [{"frame": 1, "enabled": True, "closed": False, "vertices": PATH["vertices"], "time": 0.04}]
CHOICE = '<Choice value="Good"/><Choice value="Bad" alias="bad"/>'
NESTED = '<Choice value="Animal"><Choice value="Fox"/><Choice value="Hen"/></Choice><Choice value="Plant"/>'

SHAPES: dict[str, Shape] = {
    # On images.
    "Rectangle": Shape(f'{IMAGE}<Rectangle name="@c" toName="@o"/>', [on_image("rectangle", BOX)], BOX2),
    "RectangleLabels": labelled(
        "rectanglelabels", "RectangleLabels", BOX, BOX2, meta={"text": ["seen"]}, score=0.5
    ),
    "Ellipse": Shape(f'{IMAGE}<Ellipse name="@c" toName="@o"/>', [on_image("ellipse", OVAL)], OVAL2),
    "EllipseLabels": labelled("ellipselabels", "EllipseLabels", OVAL, OVAL2),
    "Polygon": Shape(f'{IMAGE}<Polygon name="@c" toName="@o"/>', [on_image("polygon", CORNERS)], CORNERS2),
    "PolygonLabels": labelled("polygonlabels", "PolygonLabels", CORNERS, CORNERS2, hidden=True),
    "KeyPoint": Shape(f'{IMAGE}<KeyPoint name="@c" toName="@o"/>', [on_image("keypoint", POINT)], POINT2),
    "KeyPointLabels": labelled("keypointlabels", "KeyPointLabels", POINT, POINT2, parentID="r1"),
    "Brush": Shape(f'{IMAGE}<Brush name="@c" toName="@o"/>', [on_image("brush", MASK)], MASK2),
    "BrushLabels": labelled("brushlabels", "BrushLabels", MASK, MASK2),
    "MagicWand": Shape(
        f'{IMAGE}<MagicWand name="@w" toName="@o"/>'
        f'<BrushLabels name="@c" toName="@o">{CAR_TREE}</BrushLabels>',
        [on_image("brushlabels", MASK | {"brushlabels": ["t"]})],
        {"brushlabels": ["Car"]},
        {"relabelled"},
    ),
    "Bitmask": Shape(f'{IMAGE}<Bitmask name="@c" toName="@o"/>', [on_image("bitmask", BITMAP)], BITMAP2),
    "BitmaskLabels": labelled("bitmasklabels", "BitmaskLabels", BITMAP, BITMAP2),
    "Vector": Shape(f'{IMAGE}<Vector name="@c" toName="@o"/>', [on_image("vector", PATH)], PATH2),
    "VectorLabels": labelled("vectorlabels", "VectorLabels", PATH, PATH2),
    "several images": Shape(
        '<Image name="@o" valueList="$images"/><RectangleLabels name="@c" toName="@o">'
        f"{CAR_TREE}</RectangleLabels>",
        [on_image("rectanglelabels", BOX | {"rectanglelabels": ["Car"]}, item_index=1)],
        {"rectanglelabels": ["Tree"]},
        {"relabelled"},
    ),
    "OCR": Shape(
        f'{IMAGE}<Labels name="@l" toName="@o">{CAR_TREE}</Labels><Rectangle name="@c" toName="@o"/>'
        '<TextArea name="@t" toName="@o" perRegion="true" editable="true" displayMode="region-list"/>',
        [
            on_image("rectangle", BOX),
            on_image("labels", BOX | {"labels": ["Car"]}, id="@rectxY", from_name="@l"),
            on_image(
                "textarea", BOX | {"text": ["NO 1"]}, id="@rectxY", from_name="@t", meta={"lead_time": 1.5}
            ),
        ],
        BOX2,
    ),
    "OcrLabels": labelled("ocrlabels", "OcrLabels", BOX | {"ocrtext": "NO 1"}, BOX2),
    "Relations": Shape(
        f'{IMAGE}<RectangleLabels name="@c" toName="@o">{CAR_TREE}</RectangleLabels>'
        '<Relations><Relation value="beside"/><Relation value="above"/></Relations>',
        [
            on_image("rectanglelabels", BOX | {"rectanglelabels": ["Car"]}),
            on_image("rectanglelabels", BOX2 | {"rectanglelabels": ["Tree"]}, id="@two"),
            {
                "type": "relation",
                "from_id": "@rectxY",
                "to_id": "@two",
                "direction": "right",
                "labels": ["beside"],
            },
        ],
        {"rectanglelabels": ["Tree"]},
        {"relabelled"},
    ),
    "answers per region": Shape(
        f'{IMAGE}<RectangleLabels name="@c" toName="@o">{CAR_TREE}</RectangleLabels>'
        f'<Choices name="@q" toName="@o" perRegion="true">{CHOICE}</Choices>'
        '<Rating name="@r" toName="@o" perRegion="true"/><Number name="@n" toName="@o" perRegion="true"/>',
        [
            on_image("rectanglelabels", BOX | {"rectanglelabels": ["Car"]}),
            on_image("choices", BOX | {"choices": ["Good"]}, id="@rectxY", from_name="@q"),
            on_image("rating", BOX | {"rating": 4}, id="@rectxY", from_name="@r"),
            on_image("number", BOX | {"number": 7.5}, id="@rectxY", from_name="@n"),
        ],
        {"rectanglelabels": ["Tree"]},
        {"relabelled"},
    ),
    # On text.
    "Labels": labelled("labels", "Labels", SPAN, {"start": 3}, TEXT),
    "Labels of the task": Shape(
        f'{TEXT}<Labels name="@c" toName="@o" value="$labels"/>',
        [region("labels", SPAN | {"labels": ["Whatever"]})],
        {"labels": ["Other"]},
        {"relabelled"},
    ),
    "HyperTextLabels": labelled(
        "hypertextlabels",
        "HyperTextLabels",
        IN_HTML,
        {"endOffset": 4, "globalOffsets": {"start": 8, "end": 12}, "text": "brow"},
        HTML,
    ),
    "ParagraphLabels": labelled(
        "paragraphlabels", "ParagraphLabels", IN_TALK, {"endOffset": 3, "text": "Goo"}, TALK
    ),
    "Relation": Shape(
        f'{TEXT}<Labels name="@c" toName="@o">{CAR_TREE}</Labels>'
        '<Relations><Relation value="is"/></Relations>',
        [
            region("labels", SPAN | {"labels": ["Car"]}),
            region("labels", {"start": 14, "end": 17, "text": "fox", "labels": ["Tree"]}, id="@two"),
            {"type": "relation", "from_id": "@labexY", "to_id": "@two", "direction": "bi", "labels": []},
        ],
        {"labels": ["Tree"]},
        {"relabelled"},
    ),
    # Answers.
    "Choices": answer("Choices", ["Good"], ["bad"], "relabelled", CHOICE),
    "several Choices": answer(
        "Choices", ["Good", "Bad"], ["Good"], "relabelled", CHOICE, 'choice="multiple"'
    ),
    "nested Choices": answer(
        "Choices", [["Animal", "Fox"]], [["Animal", "Hen"]], "relabelled", NESTED, 'allowNested="true"'
    ),
    "Choices of the task": answer("Choices", ["Fox"], ["Hen"], "relabelled", attributes='value="$tree"'),
    "Taxonomy": answer(
        "Taxonomy", [["Animal", "Fox"], ["Plant"]], [["Animal", "Hen"], ["Plant"]], "relabelled", NESTED
    ),
    "TextArea": answer("TextArea", ["=1+1", "“two”\nlines, ü"], ["=1+1", "“two” lines"], "text"),
    "Rating": answer("Rating", 4, 5, "attribute", attributes='maxRating="7"'),
    "Number": answer("Number", 0.1, 0.2, "attribute"),
    "DateTime": answer("DateTime", "2026-01-02T10:00", "2026-01-03", "attribute"),
    "Pairwise": Shape(
        f'{TEXT}<Text name="@p" value="$text"/><Pairwise name="@c" toName="@o,@p"/>',
        [region("pairwise", {"selected": "left"}, to_name="@o,@p")],
        {"selected": "right"},
        {"relabelled"},
    ),
    "Ranker": Shape(
        '<List name="@o" value="$items" title="Best first"/><Ranker name="@c" toName="@o"/>',
        [region("ranker", {"ranker": {"rank": ["b", "a"]}})],
        {"ranker": {"rank": ["a", "b"]}},
        {"attribute"},
    ),
    "Buckets": Shape(
        '<List name="@o" value="$items"/><Ranker name="@c" toName="@o"><Bucket name="@good" title="Good"/>'
        '<Bucket name="@bad" title="Bad" default="true"/></Ranker>',
        [region("ranker", {"ranker": {"@good": ["a"], "@bad": ["b"]}})],
        {"ranker": {"Buckets_good": ["a", "b"], "Buckets_bad": []}},
        {"attribute"},
    ),
    # Time.
    "Audio": labelled("labels", "Labels", SOUND, {"end": 1.3}, AUDIO, original_length=10.5),
    "AudioPlus": labelled(
        "labels", "Labels", SOUND, {"end": 1.3}, AUDIO.replace("Audio", "AudioPlus"), original_length=10.5
    ),
    "transcription": Shape(
        f'{AUDIO}<Labels name="@c" toName="@o">{CAR_TREE}</Labels>'
        '<TextArea name="@t" toName="@o" perRegion="true"/>',
        [
            region("labels", SOUND | {"labels": ["Car"]}, original_length=10.5),
            region(
                "textarea",
                SOUND | {"text": ["Good morning"]},
                id="@labexY",
                from_name="@t",
                original_length=10.5,
            ),
        ],
        {"start": 0.25},
    ),
    "TimeSeriesLabels": labelled(
        "timeserieslabels", "TimeSeriesLabels", TIMES, {"start": 1757612213681.5}, SERIES
    ),
    "TimelineLabels": labelled(
        *("timelinelabels", "TimelineLabels", {"ranges": [{"start": 1, "end": 9}]}),
        {"ranges": [{"start": 2, "end": 9}]},
        VIDEO,
    ),
    "VideoRectangle": Shape(
        f'{VIDEO}<Labels name="@l" toName="@o">{CAR_TREE}</Labels><VideoRectangle name="@c" toName="@o"/>',
        [region("videorectangle", TRACK, meta={"text": ["fast"]})],
        TRACK2,
    ),
    "VideoVector": Shape(
        f'{VIDEO}<VideoVector name="@c" toName="@o"/>',
        [region("videovector", {"duration": 4.004, "sequence": VECTORS})],
        {"sequence": [VECTORS[0] | {"closed": True}]},
    ),
    "VideoVectorLabels": Shape(
        f'{VIDEO}<VideoVectorLabels name="@c" toName="@o">{CAR_TREE}</VideoVectorLabels>',
        [region("videovectorlabels", {"duration": 4.004, "sequence": VECTORS, "videovectorlabels": ["Car"]})],
        {"videovectorlabels": ["Tree"]},
        {"relabelled"},
    ),
    # Other objects.
    "Video": Shape(
        f'{VIDEO}<Choices name="@c" toName="@o">{CHOICE}</Choices>',
        [region("choices", {"choices": ["Good"]})],
        {"choices": ["Bad"]},
        {"relabelled"},
    ),
    "Table": Shape(
        '<Table name="@o" value="$row"/><TextArea name="@c" toName="@o"/>',
        [region("textarea", {"text": ["Four legs"]})],
        {"text": ["4 legs"]},
        {"text"},
    ),
    "Pdf": Shape(
        '<Pdf name="@o" value="$pdf"/><Rating name="@c" toName="@o"/>',
        [region("rating", {"rating": 3})],
        {"rating": 2},
        {"attribute"},
    ),
    "PdfLabels": labelled("pdflabels", "PdfLabels", BOX, BOX2, '<Pdf name="@o" value="$pdf"/>', item_index=2),
    "Chat": Shape(
        '<Chat name="@o" value="$chat" minMessages="1"/>',
        [
            region(
                "chatmessage",
                {"chatmessage": {"role": "user", "content": "Hello there", "createdAt": 1757612212681}},
                from_name="@o",
            )
        ],
        {"chatmessage": {"role": "user", "content": "Hello, you", "createdAt": 1757612212681}},
        {"text"},
    ),
    "ReactCode": Shape(
        '<ReactCode name="@o" data="$work" src="https://widgets.example.org/w.js"/>',
        [
            region(
                "reactcode",
                {"reactcode": {"at": 1757612212681, "cells": [[1, None], ["x", True]]}},
                from_name="@o",
            )
        ],
        {"reactcode": {"at": 1757612212681, "cells": [[2, None], ["x", True]]}},
        {"attribute"},
    ),
    "CubeLabels": labelled("cubelabels", "CubeLabels", BOX, BOX2, '<Object3D name="@o" value="$cloud"/>'),
    # What arranges the page.
    "Repeater": Shape(
        '<Repeater on="$parts" indexFlag="{{idx}}"><Text name="@o_{{idx}}" value="$parts[{{idx}}].text"/>'
        f'<Choices name="@c_{{{{idx}}}}" toName="@o_{{{{idx}}}}">{CHOICE}</Choices></Repeater>',
        [
            region("choices", {"choices": ["Good"]}, from_name="@c_0", to_name="@o_0"),
            region("choices", {"choices": ["Bad"]}, id="@two", from_name="@c_1", to_name="@o_1"),
        ],
        {"choices": ["Bad"]},
        {"relabelled"},
    ),
    "layout": Shape(
        '<Style>.a { color: red; }</Style><Header value="$text"/><Markdown value="**Read** $text"/>'
        f'<Collapse><Panel value="More"><View className="a">{TEXT}</View></Panel></Collapse>'
        f'<Filter name="@f" toName="@c" minlength="0"/>'
        f'<Choices name="@c" toName="@o" showInline="true">{CHOICE}</Choices>'
        '<View visibleWhen="choice-selected" whenTagName="@c" whenChoiceValue="Bad">'
        '<TextArea name="@t" toName="@o"><Shortcut alias="OK" value="Fine" hotkey="ctrl+q"/></TextArea>'
        "</View>",
        [
            region("choices", {"choices": ["Bad"]}),
            region("textarea", {"text": ["Fine"]}, id="@two", from_name="@t"),
        ],
        {"choices": ["Good"]},
        {"relabelled"},
    ),
    "a path in the data": Shape(
        '<Text name="@o" value="$work.items[0].value"/>'
        '<choices name="@c" toname="@o"><choice value="A &amp; B"/>'
        '<choice value="&lt;5"/></choices>',
        [region("choices", {"choices": ["A & B"]})],
        {"choices": ["<5"]},
        {"relabelled"},
    ),
    "several objects": Shape(
        f'{TEXT}<Text name="@p" value="$text"/><Choices name="@c" toName="@o,@p">{CHOICE}</Choices>',
        [region("choices", {"choices": ["Good"]}, to_name="@p")],
        {"choices": ["Bad"]},
        {"relabelled"},
    ),
}
NAMED = {name: shape.named(name.replace(" ", "_")) for name, shape in SHAPES.items()}
ALL = "<View>" + "\n".join(shape.config for shape in NAMED.values()) + "</View>"
