"""Where an audit begins: which data sets there are, and the content warning of each."""

from collections import defaultdict
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from users.requests import user_of

from .. import datasets
from ..models import AuditModel, Dataset
from .page import WARNED, audit_page, render_page

PAGE_SIZE = 20


@audit_page
def index(request: HttpRequest) -> HttpResponse:
    rows = Dataset.objects.visible_to(user_of(request)).select_related("project")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    models: dict[int, list[AuditModel]] = defaultdict(list)
    for model in AuditModel.objects.visible_to(user_of(request)).filter(dataset__in=[one.pk for one in page]):
        models[model.dataset_id].append(model)
    context: dict[str, Any] = {"page": page, "rows": [(one, models[one.pk]) for one in page]}
    return render_page(request, "index", context)


@audit_page
def warning(request: HttpRequest, pk: int) -> HttpResponse:
    """What one should know before the first comment. To have read it is kept in the session."""
    dataset = datasets.get_visible(user_of(request), pk)
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        wanted = reverse("audit-dataset", args=[pk])
    if request.method == "POST":
        read = request.session.get(WARNED, [])
        request.session[WARNED] = [*(one for one in read if one != pk), pk]
        return redirect(wanted)
    return render_page(request, "warning", {"next": wanted}, dataset=dataset)
