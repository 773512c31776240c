"""The system alone, before anybody has labelled a comment."""

from django.http import HttpRequest, HttpResponse

from users.requests import user_of

from .. import datasets, results
from ..models import AuditModel, Dataset
from .page import dataset_page, render_page

EXAMPLES = 8
TOPICS = 8


@dataset_page
def page(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    topics = results.topics(dataset)
    context = {
        "examples": datasets.examples(dataset, EXAMPLES),
        "topics": topics[:TOPICS],
        "all_topics": len(topics),
        "models": AuditModel.objects.visible_to(user_of(request)).filter(dataset=dataset),
        "base": datasets.current_base(dataset),
    }
    return render_page(request, "explore", context, step="explore", dataset=dataset)
