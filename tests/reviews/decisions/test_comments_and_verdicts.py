"""Whether a comment belongs to one decision or to the next."""

import pytest

from reviews import comments
from reviews.models import Comment
from reviews.service import AnnotationReviewService
from tasks.models import History
from tests.factories import reviewed
from tests.reviews.steps import settings
from users.errors import Refused


def test_the_comment_of_a_verdict_does_not_satisfy_the_next_one(house):
    settings(house, require_review_comment_on_reject=True)
    reviewed(house.annotation, house.reviewer, comment="Looks right")

    with pytest.raises(Refused) as refused:
        AnnotationReviewService(house.reviewer).reject(house.annotation)

    assert refused.value.code == "comment_required"


def test_a_reject_without_words_keeps_none_of_an_earlier_verdict(house):
    reviewed(house.annotation, house.reviewer, comment="Looks right")

    decision = reviewed(house.annotation, house.reviewer, "rejected")

    assert (decision.review.comment, decision.review.comment_object_id) == ("", None)


def test_a_comment_made_since_belongs_to_the_next_verdict(house):
    settings(house, require_review_comment_on_reject=True)
    reviewed(house.annotation, house.reviewer, comment="Looks right")
    comments.create(house.annotation, "On second thoughts, no", actor=house.reviewer)

    decision = reviewed(house.annotation, house.reviewer, "rejected")

    assert decision.review.comment == "On second thoughts, no"


def test_a_comment_and_its_verdict_are_of_one_instant(house):
    decision = reviewed(house.annotation, house.reviewer, comment="Looks right")

    row = History.objects.get(review_id=decision.review.pk)
    assert Comment.objects.get().created_at == row.created_at == decision.review.created_at
