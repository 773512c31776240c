import pytest

from crowd.importing.lines import BadLine, Box, Keyframe, Question, Reference, content_of, parse_line

QUESTIONS = ("tg", "sg", "qa")


def content(**keys):
    return content_of(keys, QUESTIONS)


@pytest.mark.parametrize("name", ["video", "video_link", "video_url"])
def test_the_video_has_three_names(name):
    assert content(**{name: "https://example.org/v.mp4"}).video_url == "https://example.org/v.mp4"


@pytest.mark.parametrize("name", ["refs", "ref_images", "reference_images"])
@pytest.mark.parametrize("reference", ["refs/a.jpg", {"url": "refs/a.jpg"}])
def test_references_are_texts_or_objects(name, reference):
    assert content(**{name: [reference]}).references == (Reference("refs/a.jpg", ""),)


@pytest.mark.parametrize(
    "keys",
    [
        {"boxes": [{"x": 1, "y": 2, "w": 3, "h": 4, "label": "target"}]},
        {"boxes": [{"bbox": [1, 2, 3, 4], "label": "target"}]},
        {"bbox": {"box": [1, 2, 3, 4], "label": "target"}},
    ],
)
def test_boxes_are_objects_or_corners(keys):
    frame = {"image": "kf/1.jpg", "width": 1280, "height": 720} | keys
    boxes = (Box(1, 2, 3, 4, "target"),)
    expected = Keyframe("kf/1.jpg", None, None, 1280, 720, boxes, overlaid=False)
    assert content(frames=[frame]).keyframes == (expected,)


def test_a_bare_corner_list_is_one_box():
    (frame,) = content(keyframes=[{"image": "kf/1.jpg", "bbox": [0.1, 0.2, 0.3, 0.4]}]).keyframes
    assert frame.boxes == (Box(0.1, 0.2, 0.3, 0.4, ""),)


def test_questions_may_be_flat():
    flat = content(tg_question="When?", tg_answer=[1, 2], qa_qa_type="counting")
    assert flat.questions["tg"] == Question("When?", [1, 2], (), {})
    assert flat.questions["qa"].tags == {"qa_type": "counting"}


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"video_url": "javascript:alert(1)"}, "video_url is neither an http address nor a path inside"),
        ({"video_url": "//evil.example/v.mp4"}, "video_url is neither"),
        ({"refs": ["../../etc/passwd"]}, "reference_images is neither"),
        ({"refs": ["a/../../b"]}, "reference_images is neither"),
        ({"refs": ["/etc/passwd"]}, "reference_images is neither"),
        ({"refs": "a.jpg"}, "reference_images is not a list"),
        ({"keyframes": [{"image": "a.jpg", "width": 0}]}, "keyframes.width is not positive"),
        ({"keyframes": [{"image": "a.jpg", "boxes": [[1, 2, 3]]}]}, "a box is not x, y, w, h"),
        ({"keyframes": [{"image": "a.jpg", "boxes": [{"x": 1}]}]}, "a box is not x, y, w, h"),
        ({"video_start": 9, "video_end": 3}, "video_end is before video_start"),
        ({"video_start": 10**350}, "video_start is not a number"),
        ({"tg": "When?"}, "tg is not an object"),
    ],
)
def test_content_that_cannot_be_shown_is_refused(keys, reason):
    with pytest.raises(BadLine, match=reason):
        content(**keys)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[]", "not an object"),
        (b'{"anno_id": NaN}', "not JSON: NaN is not a number"),
        (b'{"anno_id": "a", "x": "\\u0000"}', "NUL"),
        (b'{"anno_id": "caf\xe9"}', "not UTF-8 at byte 16"),
        (b'{"anno_id": ' + b"[" * 80 + b"]" * 80 + b"}", "nested deeper than 64"),
        (b'{"anno_id": 7}', "anno_id is not valid"),
    ],
)
def test_a_bad_line_says_why(text, reason):
    with pytest.raises(BadLine, match=reason):
        parse_line(2, text, QUESTIONS)
