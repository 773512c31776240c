"""Picking answers from the list of annotations: each selected annotation becomes the answer of its task."""

from collections import Counter, defaultdict

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest

from tasks.errors import Refused
from tasks.models import Annotation
from users.admin.base import signed_in

from .. import picks


def pick_each(request: HttpRequest, annotations: list[Annotation]) -> None:
    """What is refused is told by reason, the rest is picked. Raises Refused when one task would get two answers."""
    refuse_two_of_a_task(annotations)
    refused: dict[str, list[int]] = defaultdict(list)
    for annotation in sorted(annotations, key=lambda annotation: annotation.task_id):
        try:
            with transaction.atomic():
                picks.pick(annotation.task, annotation.pk, actor=signed_in(request))
        except Refused as refusal:
            refused[refusal.detail].append(annotation.pk)
    picked = len(annotations) - sum(map(len, refused.values()))
    if picked:
        messages.success(request, f"Picked: {picked} {'answer' if picked == 1 else 'answers'}.")
    for reason, ids in refused.items():
        messages.warning(request, f"Left as they are, {len(ids)}: {reason}")


def refuse_two_of_a_task(annotations: list[Annotation]) -> None:
    task, number = Counter(annotation.task_id for annotation in annotations).most_common(1)[0]
    if number > 1:
        raise Refused(
            "one_answer",
            f"{number} annotations of task {task} are selected, and a task has one answer: select one.",
        )
