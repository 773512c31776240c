"""Regions as the editor writes them."""

from typing import Any

Region = dict[str, Any]
SQUARE = {"original_width": 100, "original_height": 100}


def region(id: str, type: str, control: str, **value: Any) -> Region:
    return {"id": id, "from_name": control, "to_name": "seen", "type": type, "value": value}


def box(id: str = "b1", label: str = "Car", **place: Any) -> Region:
    where = {"x": 10.0, "y": 10.0, "width": 20.0, "height": 10.0, "rotation": 0} | place
    return SQUARE | region(id, "rectanglelabels", "box", **where, rectanglelabels=[label])


def ellipse(id: str = "e1", **place: Any) -> Region:
    where = {"x": 50.0, "y": 50.0, "radiusX": 10.0, "radiusY": 10.0, "rotation": 0} | place
    return SQUARE | region(id, "ellipselabels", "round", **where, ellipselabels=["Car"])


def polygon(*points: list[float], id: str = "p1") -> Region:
    return SQUARE | region(
        id, "polygonlabels", "outline", points=list(points), closed=True, polygonlabels=["Car"]
    )


def keypoint(id: str = "k1", **place: Any) -> Region:
    return SQUARE | region(
        id, "keypointlabels", "spot", **({"x": 10, "y": 10, "width": 1} | place), keypointlabels=["Eye"]
    )


def mask(*rle: int, id: str = "m1") -> Region:
    return SQUARE | region(id, "brushlabels", "brush", format="rle", rle=list(rle), brushlabels=["Sky"])


def span(start: int, end: int, *labels: str, id: str = "s1") -> Region:
    return region(
        id,
        "labels",
        "entity",
        start=start,
        end=end,
        text="x" * (end - start),
        labels=list(labels or ("Person",)),
    )


def video(*keyframes: tuple[int, float], id: str = "v1") -> Region:
    """A box of 10 by 10 at (frame, x) each."""
    sequence = [
        {"frame": f, "x": x, "y": 0, "width": 10, "height": 10, "rotation": 0, "enabled": True}
        for f, x in keyframes
    ]
    return region(id, "videorectangle", "track", framesCount=100, sequence=sequence, labels=["Car"])


def choices(*chosen: str, id: str = "c1", control: str = "mood") -> Region:
    return region(id, "choices", control, choices=list(chosen))


def typed(*lines: str, id: str = "t1") -> Region:
    return region(id, "textarea", "said", text=list(lines))


def answer(type: str, value: Any, *, id: str = "a1", key: str = "") -> Region:
    return region(id, type, "asked", **{key or type: value})


def about(region: Region, part: Region) -> Region:
    """`part` asked about `region`: it bears its id and repeats where it is."""
    where = {key: value for key, value in region["value"].items() if not key.endswith("labels")}
    return part | {"id": region["id"], "value": where | part["value"]}


def tied(one: str, other: str, **more: Any) -> Region:
    return {"type": "relation", "from_id": one, "to_id": other, "direction": "right", **more}
