"""What reviewers are asked, as data of the campaign: questions with a score and tags, and when to comment.

Texts are objects by language. A question:

    {"key": "tg", "title": {"en": …, "zh": …}, "explain": {…},
     "tags": [{"name": "ref_type", "field": "tg_ref_type", "title": {…}, "options": ["image", …]}]}

`field` is the name in the form; `name` the key in the review's JSON.
"""

import re
from typing import Any

from django.core.exceptions import ValidationError

from users.sentences import sentence as _

LANGUAGES = ("en", "zh")
MAX_QUESTIONS, MAX_TAGS, MAX_OPTIONS = 12, 4, 60
TAG_LENGTH = 64
KEY = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
# Keys of the review's JSON and of the form that are not questions.
RESERVED = {"reviewer_id", "anno_id", "ts", "comment", "score", "meta"}

# Outcomes, colours and the keys 1, 2, 3 are defined on this scale.
SCALE = [1, 2, 3]

Rubric = dict[str, Any]

_REFERENCES = ["image", "text", "audio", "video"]
_KINDS = ["counting", "spatial", "temporal", "attribute", "action", "identity", "causal", "other"]


def built_in() -> Rubric:
    """The three questions about a moment in time, a place, and a fact."""
    return {
        "questions": [
            _question("tg", "When", "时间", "Is the time span right?", "时间段对吗？"),
            _question("sg", "Where", "位置", "Are the boxes in the right places?", "方框的位置对吗？"),
            _question("qa", "Answer", "答案", "Is the answer right?", "答案对吗？")
            | {
                "tags": [_reference("qa"), _tag("qa_type", "qa_type", "Type of question", "问题类型", _KINDS)]
            },
        ],
        "scale": [
            {"value": 1, "colour": "red", "label": {"en": "Delete", "zh": "删除"}},
            {"value": 2, "colour": "yellow", "label": {"en": "Needs a fix", "zh": "需要修改"}},
            {"value": 3, "colour": "green", "label": {"en": "Keep", "zh": "保留"}},
        ],
        "comment": {"at_or_below": 2, "min_length": 5},
    }


def _question(key: str, title: str, title_zh: str, explain: str, explain_zh: str) -> dict[str, Any]:
    return {
        "key": key,
        "title": {"en": title, "zh": title_zh},
        "explain": {"en": explain, "zh": explain_zh},
        "tags": [_reference(key)],
    }


def _reference(key: str) -> dict[str, Any]:
    return _tag("ref_type", f"{key}_ref_type", "Needs", "所需参考", _REFERENCES)


def _tag(name: str, field: str, title: str, title_zh: str, options: list[str]) -> dict[str, Any]:
    return {"name": name, "field": field, "title": {"en": title, "zh": title_zh}, "options": options}


def score_field(question: dict[str, Any]) -> str:
    return f"{question['key']}_score"


def scores_of(rubric: Rubric) -> list[int]:
    return [step["value"] for step in rubric["scale"]]


def question_keys(rubric: Rubric) -> list[str]:
    return [question["key"] for question in rubric["questions"]]


def validate_rubric(rubric: Any) -> None:
    """Raises ValidationError naming the first part that is wrong."""
    if not isinstance(rubric, dict):
        raise ValidationError(_("The rubric is an object with questions, scale and comment."))
    questions = rubric.get("questions")
    if not isinstance(questions, list) or not 1 <= len(questions) <= MAX_QUESTIONS:
        raise ValidationError(
            _("questions: 1 to %(max_questions)s questions are needed.", max_questions=MAX_QUESTIONS)
        )
    names: set[str] = set()
    for position, question in enumerate(questions):
        _validate_question(f"questions[{position}]", question, names)
    _validate_scale(rubric.get("scale"))
    _validate_comment(rubric.get("comment"), scores_of(rubric))


def _validate_question(path: str, question: Any, names: set[str]) -> None:
    if not isinstance(question, dict) or not _is_key(question.get("key")):
        raise ValidationError(
            _("%(path)s.key: lowercase letters, digits and underscores, at most 32.", path=path)
        )
    if question["key"] in RESERVED:
        raise ValidationError(
            _(
                "%(path)s.key: %(question)s is a key of every review. Choose another one.",
                path=path,
                question=question["key"],
            )
        )
    _validate_text(f"{path}.title", question.get("title"))
    tags = question.get("tags", [])
    if not isinstance(tags, list) or len(tags) > MAX_TAGS:
        raise ValidationError(
            _("%(path)s.tags: a list of at most %(max_tags)s tags.", path=path, max_tags=MAX_TAGS)
        )
    fields = [score_field(question)]
    for number, tag in enumerate(tags):
        _validate_tag(f"{path}.tags[{number}]", tag)
        fields.append(tag["field"])
    for field in (question["key"], *fields):
        if field in names:
            raise ValidationError(_("%(path)s: %(field)s is used twice.", path=path, field=field))
        names.add(field)


def _validate_tag(path: str, tag: Any) -> None:
    if not isinstance(tag, dict) or not _is_key(tag.get("name")) or not _is_key(tag.get("field")):
        raise ValidationError(
            _("%(path)s: name and field are needed: lowercase letters, digits, underscores.", path=path)
        )
    if tag["name"] in RESERVED or tag["field"] in RESERVED:
        raise ValidationError(
            _("%(path)s: %(tag)s is a key of every review. Choose another one.", path=path, tag=tag["name"])
        )
    _validate_text(f"{path}.title", tag.get("title"))
    options = tag.get("options")
    if not isinstance(options, list) or not 1 <= len(options) <= MAX_OPTIONS or not all(map(is_tag, options)):
        raise ValidationError(
            _(
                "%(path)s.options: 1 to %(max_options)s short texts on one line each.",
                path=path,
                max_options=MAX_OPTIONS,
            )
        )


def _validate_scale(scale: Any) -> None:
    values = [step.get("value") if isinstance(step, dict) else None for step in scale or ()]
    if values != SCALE:
        raise ValidationError(
            _("scale: three steps with the values 1 (delete), 2 (needs a fix) and 3 (keep).")
        )
    for position, step in enumerate(scale):
        _validate_text(f"scale[{position}].label", step.get("label"))


def _validate_comment(comment: Any, scores: list[int]) -> None:
    rule = comment if isinstance(comment, dict) else {}
    limit, length = rule.get("at_or_below"), rule.get("min_length")
    if limit not in (0, *scores) or isinstance(length, bool) or not isinstance(length, int):
        raise ValidationError(_("comment: at_or_below is a score or 0 (never needed), min_length a number."))
    if not 0 <= length <= 1000:
        raise ValidationError(_("comment.min_length: 0 to 1,000 characters."))


def _validate_text(path: str, text: Any) -> None:
    if not isinstance(text, dict) or not isinstance(text.get("en"), str) or not text["en"].strip():
        raise ValidationError(_("%(path)s: a text for en is needed.", path=path))
    if not all(isinstance(value, str) and len(value) <= 500 for value in text.values()):
        raise ValidationError(_("%(path)s: texts of at most 500 characters.", path=path))


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and KEY.match(value) is not None


def is_tag(value: Any) -> bool:
    """A short text on one line. Restored reviews may have tags that the rubric does not offer."""
    return isinstance(value, str) and len(value) <= TAG_LENGTH and value.isprintable()
