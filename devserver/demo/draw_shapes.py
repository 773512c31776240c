"""Draw the images of the box project: each annotated box gets the shape that its label names.

The images are committed; run `python -m devserver.demo.draw_shapes` again when the export changes.
Standard library only.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from math import atan2, cos, hypot, pi
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EXPORT = HERE / "data" / "label-studio-export-boxes.json"
ROOT = HERE.parent
WIDTH, HEIGHT = 640, 480
TABLE, EDGE = 0, 1
PALETTE = [
    (238, 233, 222),
    (222, 215, 200),
    (46, 134, 110),
    (52, 101, 164),
    (214, 122, 48),
    (96, 168, 142),
    (110, 150, 204),
    (232, 168, 104),
]
COLOURS = {"Circle": (2, 5), "Square": (3, 6), "Star": (4, 7)}  # filled with one of two tones
STAR_POINTS = 5
STAR_WAIST = 0.45  # how far the notches are from the middle, of the points' distance

Pixels = list[bytearray]
Inside = Callable[[float, float], bool]  # of a square from -1 to 1


def in_circle(x: float, y: float) -> bool:
    return hypot(x, y) <= 1


def in_square(x: float, y: float) -> bool:
    return True


def in_star(x: float, y: float) -> bool:
    """Between two neighbouring points the edge runs straight to the notch half way."""
    turn = pi / STAR_POINTS
    angle = abs((atan2(x, -y) + turn) % (2 * turn) - turn)
    tip = (1.0, 0.0)
    notch = (STAR_WAIST * cos(turn), STAR_WAIST * (1 - cos(turn) ** 2) ** 0.5)
    px, py = hypot(x, y) * cos(angle), hypot(x, y) * (1 - cos(angle) ** 2) ** 0.5
    return (notch[0] - tip[0]) * (py - tip[1]) - (notch[1] - tip[1]) * (px - tip[0]) >= 0


SHAPES: dict[str, Inside] = {"Circle": in_circle, "Square": in_square, "Star": in_star}


def table() -> Pixels:
    """The background, with a darker rim."""
    rim = bytes([EDGE]) * WIDTH
    row = bytes([EDGE]) * 6 + bytes([TABLE]) * (WIDTH - 12) + bytes([EDGE]) * 6
    return [bytearray(rim if y < 6 or y >= HEIGHT - 6 else row) for y in range(HEIGHT)]


def draw(pixels: Pixels, box: dict[str, Any], tone: int) -> None:
    """The shape of `box` (in percent of the picture), a little inside of it."""
    label = box["rectanglelabels"][0]
    left, top = box["x"] / 100 * WIDTH, box["y"] / 100 * HEIGHT
    half_width, half_height = box["width"] / 200 * WIDTH, box["height"] / 200 * HEIGHT
    for y in range(max(0, round(top)), min(HEIGHT, round(top + 2 * half_height))):
        for x in range(max(0, round(left)), min(WIDTH, round(left + 2 * half_width))):
            across = (x + 0.5 - left - half_width) / half_width / 0.94
            down = (y + 0.5 - top - half_height) / half_height / 0.94
            if max(abs(across), abs(down)) <= 1 and SHAPES[label](across, down):
                pixels[y][x] = COLOURS[label][tone % 2]


def png(pixels: Pixels) -> bytes:
    """Eight bits per pixel, with a palette."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    palette = b"".join(bytes(colour) for colour in PALETTE)
    rows = b"".join(b"\0" + bytes(row) for row in pixels)
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def images() -> Iterator[tuple[Path, bytes]]:
    """The path at which the export expects each image, and its content."""
    for task in json.loads(EXPORT.read_text()):
        pixels = table()
        boxes = [region["value"] for annotation in task["annotations"] for region in annotation["result"]]
        # Large ones first, so that they do not cover the small ones.
        for tone, box in enumerate(sorted(boxes, key=lambda box: -box["width"] * box["height"])):
            draw(pixels, box, tone)
        yield ROOT / task["data"]["image"].lstrip("/"), png(pixels)


def main() -> None:
    for path, image in images():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)


if __name__ == "__main__":
    main()
