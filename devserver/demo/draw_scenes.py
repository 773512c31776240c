"""Draw what the items of the demo's campaign refer to: each object in its box, at any second.

Frames and references are drawn when the demo is loaded; `film_scenes` makes videos of the same scenes.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from math import pi, sin
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from crowd.importing.lines import Box, Content, Keyframe, Line, content_of, read_lines
from crowd.rubric import built_in

DATA = Path(__file__).parent / "data"
LINES = DATA / "crowd-annotations.jsonl"
VIDEOS = DATA / "videos"
WIDTH, HEIGHT = 1280, 720
REFERENCE = (480, 360)
WALLS = ("#e9e0cf", "#d7e2e4", "#e6d9dc", "#dde3d0")
TABLES = ("#a9805a", "#8d7f74", "#b08d68", "#7f8b83")
SKINS = ("#f0c3a0", "#c98d62", "#8a5a3c")
INK = "#2b2f36"
TABLE_TOP = 446

# Shapes in parts of the object's box, from back to front; each object touches all four sides.
Shape = tuple[str, tuple[float, ...], str]
OBJECTS: dict[str, list[Shape]] = {
    "kettle": [
        ("ring", (0.2, 0, 0.72, 0.7), INK),
        ("polygon", (0.68, 0.55, 1, 0.28, 1, 0.42, 0.76, 0.85), "#a3222a"),
        ("ellipse", (0.06, 0.28, 0.86, 1), "#c4303a"),
        ("rectangle", (0, 0.93, 0.9, 1), "#7d1a21"),
        ("ellipse", (0.32, 0.22, 0.6, 0.38), "#7d1a21"),
        ("ellipse", (0.2, 0.42, 0.34, 0.66), "#e58087"),
    ],
    "drawer": [
        ("rectangle", (0, 0, 1, 1), "#8a6239"),
        ("rectangle", (0.04, 0.06, 0.96, 0.46), "#b48552"),
        ("rectangle", (0.04, 0.54, 0.96, 0.94), "#b48552"),
        ("ellipse", (0.45, 0.2, 0.55, 0.32), "#f1d59b"),
        ("ellipse", (0.45, 0.68, 0.55, 0.8), "#f1d59b"),
    ],
    "window": [
        ("rectangle", (0, 0, 1, 1), "#f7f5ef"),
        ("rectangle", (0.07, 0.08, 0.47, 0.92), "#9cc9e6"),
        ("rectangle", (0.53, 0.08, 0.93, 0.92), "#b9dcf0"),
        ("rectangle", (0.07, 0.47, 0.93, 0.53), "#f7f5ef"),
        ("ellipse", (0.48, 0.46, 0.52, 0.58), INK),
    ],
    "plant": [
        ("ellipse", (0, 0.16, 0.52, 0.48), "#3b8f4e"),
        ("ellipse", (0.48, 0.1, 1, 0.44), "#2f7a41"),
        ("ellipse", (0.32, 0, 0.68, 0.66), "#4aa75f"),
        ("polygon", (0.2, 0.58, 0.8, 0.58, 0.7, 1, 0.3, 1), "#b5592f"),
        ("rectangle", (0.17, 0.56, 0.83, 0.66), "#974622"),
    ],
    "lamp": [
        ("rectangle", (0.45, 0.4, 0.55, 0.95), "#5d6470"),
        ("ellipse", (0.2, 0.88, 0.8, 1), "#5d6470"),
        ("polygon", (0.27, 0, 0.73, 0, 1, 0.5, 0, 0.5), "#e3b23c"),
    ],
    "phone": [
        ("rectangle", (0, 0, 1, 1), "#22262d"),
        ("rectangle", (0.07, 0.07, 0.93, 0.86), "#5aa0d8"),
        ("rectangle", (0.16, 0.16, 0.62, 0.26), "#d9ecfa"),
        ("ellipse", (0.43, 0.88, 0.57, 0.98), "#6b7280"),
    ],
    "door": [
        ("rectangle", (0, 0, 1, 1), "#4f6f8f"),
        ("rectangle", (0.12, 0.08, 0.88, 0.44), "#6488aa"),
        ("rectangle", (0.12, 0.54, 0.88, 0.92), "#6488aa"),
        ("ellipse", (0.84, 0.46, 0.96, 0.53), "#f1d59b"),
    ],
    "mug": [
        ("ring", (0.5, 0.2, 1, 0.8), "#2f6fae"),
        ("rectangle", (0, 0, 0.78, 1), "#3c84c9"),
        ("rectangle", (0, 0, 0.78, 0.12), "#2f6fae"),
    ],
    "book": [
        ("rectangle", (0, 0, 1, 1), "#6b4a93"),
        ("rectangle", (0.1, 0, 0.16, 1), "#4f356f"),
        ("rectangle", (0.3, 0.2, 0.85, 0.4), "#e9dff5"),
    ],
    "ball": [
        ("ellipse", (0, 0, 1, 1), "#e07b39"),
        ("ellipse", (0.2, 0.14, 0.45, 0.38), "#f3b58b"),
    ],
    "arm": [("polygon", (0.3, 0, 0.75, 0, 0.9, 1, 0.15, 1), "#53627c")],
    "hand": [
        ("ellipse", (0.16, 0.4, 0.9, 1), "skin"),
        ("ellipse", (0.16, 0.12, 0.36, 0.75), "skin"),
        ("ellipse", (0.36, 0, 0.56, 0.75), "skin"),
        ("ellipse", (0.56, 0.05, 0.76, 0.75), "skin"),
        ("ellipse", (0.76, 0.2, 1, 0.75), "skin"),
        ("ellipse", (0, 0.42, 0.32, 0.72), "skin"),
    ],
}
OTHERS = ("mug", "book", "ball")


@dataclass(frozen=True)
class Scene:
    """One item. `start` and `end`: when it happens, as the item's first answer says."""

    number: int
    content: Content
    object: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return (self.content.video_end or self.end) + 1

    @property
    def boxes(self) -> list[Box]:
        """In pixels of WIDTH × HEIGHT."""
        boxes = self.content.keyframes[0].boxes
        is_relative = all(max(box.x, box.y, box.w, box.h) <= 1 for box in boxes)
        x, y = (WIDTH, HEIGHT) if is_relative else (1, 1)
        return [Box(box.x * x, box.y * y, box.w * x, box.h * y, box.label) for box in boxes]

    @property
    def drawn(self) -> list[Box]:
        """With a place for the object if no box is around it. Large ones first: small ones are in front."""
        boxes = self.boxes
        if all(box.label in ("hand", "distractor") for box in boxes):
            boxes.append(next(place for place in PLACES if not any(_overlap(place, box) for box in boxes)))
        return sorted(boxes, key=lambda box: -box.w * box.h)


PLACES = [Box(x, y, 150, 150, "") for y in (330, 90) for x in (565, 1000, 130, 350, 800)]


def _overlap(one: Box, other: Box) -> bool:
    return abs(2 * one.x + one.w - 2 * other.x - other.w) < one.w + other.w and (
        abs(2 * one.y + one.h - 2 * other.y - other.h) < one.h + other.h
    )


@cache
def scenes() -> list[Scene]:
    keys = [question["key"] for question in built_in()["questions"]]
    with LINES.open("rb") as file:
        lines = [line for line in read_lines(file, keys, seen={}) if isinstance(line, Line)]
    return [_scene(int(line.anno_id[-6:]), content_of(line.raw, keys)) for line in lines]


def _scene(number: int, content: Content) -> Scene:
    asked = content.questions["tg"]
    named = next(name for name in OBJECTS if name in asked.question)
    return Scene(number, content, named, *asked.answer)


def draw_scene(scene: Scene, t: float, caption: str = "") -> Image.Image:
    """As it looks at second `t`. Everything is in its box from `start` until more than a second later."""
    chosen = random.Random(scene.number)
    wall, table, skin = chosen.choice(WALLS), chosen.choice(TABLES), chosen.choice(SKINS)
    image = Image.new("RGB", (WIDTH, HEIGHT), wall)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, TABLE_TOP, WIDTH, HEIGHT), fill=table)
    pen.rectangle((0, TABLE_TOP, WIDTH, TABLE_TOP + 6), fill=INK)
    hands = [_reaching(box, scene, t) for box in scene.drawn if box.label == "hand"]
    for hand in hands:
        _draw(pen, "arm", Box(hand.x, hand.y + hand.h * 0.8, hand.w, HEIGHT, ""))
    for box in scene.drawn:
        bottom = box.y + box.h
        if bottom < TABLE_TOP and box.label != "hand" and scene.object != "window":
            pen.rectangle((box.x - 12, bottom, box.x + box.w + 12, bottom + 8), fill=INK)  # a shelf
        if box.label == "distractor":
            _draw(pen, chosen.choice(OTHERS), box)
        elif box.label != "hand":
            _draw_object(pen, scene, box, t)
    for hand in hands:
        _draw(pen, "hand", hand, skin=skin)
    if caption:
        pen.rectangle((0, HEIGHT - 48, 170, HEIGHT), fill=INK)
        pen.text((16, HEIGHT - 42), caption, fill="white", font=ImageFont.load_default(32))
    return image


def _reaching(box: Box, scene: Scene, t: float) -> Box:
    """Hands come from below within the second before, and leave within the second after."""
    away = min(1, max(0, scene.start - 0.2 - t, t - scene.end))
    return Box(box.x, box.y + away * (HEIGHT - box.y), box.w, box.h, box.label)


def _draw_object(pen: ImageDraw.ImageDraw, scene: Scene, box: Box, t: float) -> None:
    moved = _moved(scene, t)
    middle = box.x + box.w / 2
    if scene.object == "lamp" and moved:
        pen.ellipse((middle - box.w, box.y - box.h * 0.3, middle + box.w, box.y + box.h), fill="#fff3b8")
    raised = 60 * moved if scene.object in ("kettle", "phone") else 0
    _draw(pen, scene.object, Box(box.x, box.y - raised, box.w, box.h, box.label))
    if scene.object in ("drawer", "window", "door") and moved:
        low, left = box.y + box.h * 0.92, box.x + box.w * 0.07
        pen.rectangle((left, low - box.h * 0.38 * moved, box.x + box.w * 0.93, low), fill=INK)
    if scene.object == "plant" and moved:
        for drop in range(5):
            x, y = box.x + box.w * (drop + 0.5) / 5, box.y - 70 + (t * 60 + drop * 23) % 70
            pen.ellipse((x - 5, y - 9, x + 5, y + 9), fill="#3f8fd6")


def _moved(scene: Scene, t: float) -> float:
    """From 0 to 1 and back to 0, beginning after both keyframes."""
    begin = min(scene.start + 1.2, scene.end - 0.5)
    return sin(pi * (t - begin) / (scene.end - begin)) if begin < t < scene.end else 0


def _draw(pen: ImageDraw.ImageDraw, name: str, box: Box, skin: str = "") -> None:
    for kind, places, colour in OBJECTS[name]:
        points = [
            (box.x + box.w * x, box.y + box.h * y) for x, y in zip(places[::2], places[1::2], strict=True)
        ]
        if kind == "ring":
            pen.ellipse(points, outline=colour, width=max(2, round(min(box.w, box.h) * 0.08)))
        elif colour == "skin":
            pen.ellipse(points, fill=skin, outline=INK)
        else:
            getattr(pen, kind)(points, fill=colour)


def draw_reference(scene: Scene, view: int) -> Image.Image:
    """The object alone: in front of a wall, against the light, and small on a table."""
    width, height = REFERENCE
    image = Image.new("RGB", REFERENCE, (WALLS[scene.number % 4], "#4b5563", "#f4f4f2")[view])
    pen = ImageDraw.Draw(image)
    size = (0.8, 0.7, 0.45)[view] * height
    if view == 2:
        pen.rectangle((0, height * 0.7, width, height), fill=TABLES[scene.number % 4])
    _draw(pen, scene.object, Box((width - size) / 2, height * 0.9 - size, size, size, ""))
    return image


def jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def images() -> Iterator[tuple[str, bytes]]:
    """The path by which an item names each image, and its content."""
    for scene in scenes():
        for frame in scene.content.keyframes:
            t = scene.start if frame.t is None else frame.t
            yield frame.image, jpeg(draw_scene(scene, t, f"{t:.1f} s").resize(_size(frame)))
        for view, reference in enumerate(scene.content.references):
            yield reference.url, jpeg(draw_reference(scene, view))


def _size(frame: Keyframe) -> tuple[int, int]:
    return round(frame.width or WIDTH), round(frame.height or HEIGHT)
