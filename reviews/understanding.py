"""What a verdict means, given who wrote what stands, and whether it only says again what stands already."""

from typing import Any

from tasks.choices import ActionType
from tasks.models import Annotation, History
from tasks.results import same_result

from . import outcomes
from .decisions import Intent, Sentence
from .models import Review


def understand(annotation: Annotation, intent: Intent, actor: Any) -> Sentence:
    """Accepting one's own plain edit of somebody's work is a fix; "before" is the annotator's last version."""
    own_edit = annotation.version_author_id == actor.pk and not annotation.is_work_of(actor)
    if intent.verdict == ActionType.REJECTED or not own_edit:
        return Sentence(annotation, intent)
    before = last_of_annotator(annotation)
    if intent.verdict == ActionType.FIXED_AND_ACCEPTED:
        return Sentence(annotation, intent, before=before)
    if before is None or same_result(before.result or [], annotation.result):
        return Sentence(annotation, intent)
    signed = intent.on(verdict=ActionType.FIXED_AND_ACCEPTED, result=annotation.result)
    return Sentence(annotation, signed, before=before, signs_edit=True)


def repeated(sentence: Sentence, actor: Any) -> Review | None:
    """The standing review, when `sentence` only says it again (rules §2)."""
    annotation, intent = sentence.annotation, sentence.intent
    if annotation.standing_review_id is None:
        return None
    standing = Review.objects.get(pk=annotation.standing_review_id)
    same_words = (standing.created_by_id, standing.verdict, standing.imported_by_id) == (
        actor.pk,
        intent.verdict,
        None,
    )
    same_comment = intent.comment in ("", standing.comment)
    same_outcome = (
        intent.verdict != ActionType.REJECTED
        or outcomes.resolve(annotation, intent)[0] == standing.reject_action
    )
    same_reason = intent.reason in ("", standing.reason)
    same_fix = intent.verdict != ActionType.FIXED_AND_ACCEPTED or (
        intent.result is not None and same_result(intent.result, annotation.result)
    )
    return standing if same_words and same_comment and same_outcome and same_reason and same_fix else None


def last_of_annotator(annotation: Annotation) -> History | None:
    versions = History.objects.filter(annotation=annotation).versions()
    return (
        versions.filter(author__in=(annotation.completed_by_id, annotation.written_by_id))
        .order_by("-id")
        .first()
    )
