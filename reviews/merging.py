"""When a placeholder is merged into a person (users/merging.py): move its comments, update queue entries, and
report reviews that turn out to be self-reviews. Reviews are append-only, so they keep naming the placeholder.
"""

from django.db.models import Q
from django.dispatch import receiver

from tasks.models import Annotation
from users.merging import Merging, person_merging

from .models import Comment, Review
from .queue import entries

LISTED = 100  # self-reviews in the report; the rest is only counted
BATCH = 1000  # annotations


@receiver(person_merging)
def move_comments(merging: Merging, **_: object) -> None:
    """Runs after the receiver in tasks, which has moved the annotations and locked their tasks."""
    merging.counts["comments"] = Comment.objects.filter(created_by=merging.placeholder).update(
        created_by=merging.person
    )
    merging.counts["self_review_count"] = 0
    merging.notes["self_reviews"] = []
    annotations = merging.ids["annotations"]
    for start in range(0, len(annotations), BATCH):
        batch = annotations[start : start + BATCH]
        entries.sync(list(Annotation.objects.filter(pk__in=batch).values_list("task", flat=True).distinct()))
        _note_self_reviews(batch, merging)


def _note_self_reviews(annotations: list[int], merging: Merging) -> None:
    """Standing reviews by the person on what turned out to be their own work. They keep standing."""
    own = Q(annotation__completed_by=merging.person) | Q(annotation__written_by=merging.person)
    found = Review.objects.standing().filter(own, annotation__in=annotations, created_by=merging.person)
    for review in found.order_by("pk").values("id", "annotation", "task", "project"):
        merging.counts["self_review_count"] += 1
        if len(merging.notes["self_reviews"]) < LISTED:
            merging.notes["self_reviews"].append(review)
