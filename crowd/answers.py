"""Checks what a reviewer sent against the rubric."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.errors import Refused

from .rubric import Rubric, is_tag, score_field, scores_of

COMMENT_LENGTH = 5000

# Both languages in one sentence: the person reads one of them, and programs see the same text always.
_SCORE_MISSING = (
    "Please give a score from {low} to {high} to every question. 请为每个问题打 {low} 到 {high} 分。"
)
_COMMENT_NEEDED = "Please say in at least {length} characters what is wrong. 请用至少 {length} 个字说明问题。"
_COMMENT_LONG = "The comment has more than {length} characters. 评论超过 {length} 个字。"
_CHARACTER = "The text has a character that cannot be stored. 文字含有无法保存的字符。"
_TAG = "This is not one of the tags offered. 这不是可选的标签。"


@dataclass(frozen=True)
class Answers:
    """`by_question`: key → {"score": 3, "ref_type": "image"}, in the rubric's order."""

    by_question: dict[str, dict[str, Any]]
    comment: str


def read_form(rubric: Rubric, sent: Mapping[str, str]) -> Answers:
    """Raises Refused naming the field."""
    answers = {question["key"]: _answer(rubric, question, sent) for question in rubric["questions"]}
    return Answers(answers, read_comment(rubric, answers, sent.get("comment", "")))


def _answer(rubric: Rubric, question: dict[str, Any], sent: Mapping[str, str]) -> dict[str, Any]:
    answer: dict[str, Any] = {"score": _score(rubric, score_field(question), sent)}
    for tag in question.get("tags", ()):
        value = sent.get(tag["field"], "").strip()
        if not is_tag(value):
            raise Refused("invalid_tag", _TAG, field=tag["field"])
        answer[tag["name"]] = value
    return answer


def _score(rubric: Rubric, field: str, sent: Mapping[str, str]) -> int:
    scores = scores_of(rubric)
    by_text = {str(score): score for score in scores}
    try:
        return by_text[sent.get(field, "").strip()]
    except KeyError:
        detail = _SCORE_MISSING.format(low=min(scores), high=max(scores))
        raise Refused("invalid_score", detail, field=field) from None


def read_comment(rubric: Rubric, answers: dict[str, dict[str, Any]], comment: str) -> str:
    """The comment, stripped, with LF line breaks. Raises Refused if it is missing or cannot be kept."""
    comment = comment.replace("\r\n", "\n").strip()
    if "\0" in comment or any("\ud800" <= char <= "\udfff" for char in comment):
        raise Refused("invalid_comment", _CHARACTER, field="comment")
    if len(comment) > COMMENT_LENGTH:
        raise Refused("comment_too_long", _COMMENT_LONG.format(length=COMMENT_LENGTH), field="comment")
    rule = rubric["comment"]
    lowest = min(answer["score"] for answer in answers.values())
    if lowest <= rule["at_or_below"] and len(comment) < rule["min_length"]:
        detail = _COMMENT_NEEDED.format(length=rule["min_length"])
        raise Refused("comment_required", detail, field="comment")
    return comment
