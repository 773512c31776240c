"""What the pages of audits have in common: who sees them, in which language, after which warning, the step
bar."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from users.errors import Refused
from users.requests import user_of

from .. import audit_models, datasets, fitting
from ..models import AuditModel, Dataset, Kind

View = Callable[..., HttpResponse]
WARNED = "audit_warnings"  # in the session: ids of the data sets whose warning was read


def in_chosen_language(view: View) -> View:
    """In the language of the cookie, or else of the browser. Not LocaleMiddleware: its language would stay
    with the thread, and the next page of the admin would be Chinese."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        language = translation.get_language_from_request(request)
        with translation.override(language):
            response = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return answer


def audit_page(view: View) -> View:
    """For who is signed in. What a service refuses is answered by a page with its sentence."""

    @never_cache
    @login_required
    @in_chosen_language
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            if refused.status == 404:
                raise Http404
            return render_page(request, "refused", {"refusal": refused}, status=refused.status)

    return answer


def dataset_page(view: View) -> View:
    """The view gets the data set whose id is in the address. Its content warning comes first."""

    @audit_page
    @wraps(view)
    def answer(request: HttpRequest, pk: int, *args: Any, **kwargs: Any) -> HttpResponse:
        dataset = datasets.get_visible(user_of(request), pk)
        return warning_first(request, dataset) or view(request, dataset, *args, **kwargs)

    return answer


def model_page(view: View) -> View:
    """Likewise with a model of the reader, and the warning of its data set."""

    @audit_page
    @wraps(view)
    def answer(request: HttpRequest, pk: int, *args: Any, **kwargs: Any) -> HttpResponse:
        model = audit_models.get_visible(user_of(request), pk)
        return warning_first(request, model.dataset) or view(request, model, *args, **kwargs)

    return answer


def warning_first(request: HttpRequest, dataset: Dataset) -> HttpResponse | None:
    """A redirect to the content warning, once in a session. A form that is sent was seen before."""
    is_read = not dataset.content_warning or dataset.pk in request.session.get(WARNED, [])
    if is_read or request.method not in ("GET", "HEAD"):
        return None
    query = urlencode({"next": request.get_full_path()})
    return redirect(f"{reverse('audit-warning', args=[dataset.pk])}?{query}")


@dataclass(frozen=True)
class Step:
    name: str
    label: str
    url: str | None  # None: not possible yet
    is_current: bool


def steps(current: str, dataset: Dataset | None, model: AuditModel | None) -> list[Step]:
    """The way through an audit. Of a group's model without labelling: it learns from other people. Topics
    and comments are compared with a version."""
    of_dataset = [("explore", _("Explore"), "audit-dataset")]
    of_model = [
        ("label", _("Label"), "audit-label"),
        ("model", _("My model"), "audit-model"),
    ]
    of_version = [("topics", _("Topics"), "audit-topics"), ("comments", _("Comments"), "audit-comments")]
    reports = [("reports", _("Report"), "audit-reports")]
    if model and model.kind == Kind.GROUP:
        del of_model[0]
    fitted = model if model and fitting.versions(model).exists() else None
    parts = [(of_dataset, dataset), (of_model, model), (of_version, fitted), (reports, model)]
    rows = [(*one, of) for part, of in parts for one in part]
    return [Step(name, label, url_of(url_name, of), name == current) for name, label, url_name, of in rows]


def url_of(name: str, of: Dataset | AuditModel | None) -> str | None:
    try:
        return reverse(name, args=[of.pk]) if of else None
    except NoReverseMatch:
        return None


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    step: str = "",
    dataset: Dataset | None = None,
    model: AuditModel | None = None,
    status: int = 200,
) -> HttpResponse:
    """templates/audits/<template>.html. `step` is the one of the step bar that is current: explore, label,
    model, topics, comments or reports; without it there is no bar."""
    dataset = model.dataset if model else dataset
    shared = {"dataset": dataset, "model": model, "steps": steps(step, dataset, model) if step else []}
    return render(request, f"audits/{template}.html", shared | (context or {}), status=status)
