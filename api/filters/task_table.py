"""Which tasks a request is about: `view=` comes first, then `query=`, then the body, as in Label Studio."""

from typing import Any

from rest_framework.request import Request

from reviews.task_table.errors import bad_query
from reviews.task_table.filters import Reader
from reviews.task_table.query import Query, parse_json_text, parse_query, refuse_unknown_parts
from reviews.task_table.selection import Selection, parse_selection
from tasks.errors import Refused
from tasks.models import Project, View
from users.models import User
from users.sentences import sentence as _

from ..views.base import user_of, visible
from .parameters import id_from


def body(request: Request) -> dict[str, Any]:
    """The body as an object; of a form, the last value of each field."""
    if not isinstance(request.data, dict):
        raise bad_query(_("The body must be a JSON object."))
    return dict(request.data.items())


def id_named(request: Request, name: str) -> int | None:
    """An id from the query string, or from the body."""
    return id_from(request.query_params.get(name) or body(request).get(name), name)


def project_of(request: Request) -> Project:
    pk = id_named(request, "project")
    if pk is None:
        raise Refused("project_required", _("Name the project: ?project=<id>."), field="project")
    return visible(Project.objects, request, pk)


def saved_query(view: View, user: User) -> Query:
    return parse_query(view.data, Reader(user, view.project, sends_real_ids=True))


def listed(request: Request) -> tuple[Query | None, Project | None]:
    """The query of a list of tasks and its project; None where only plain parameters were sent."""
    if (view := _view(request)) is not None:
        return saved_query(view, user_of(request)), view.project
    if "query" in request.query_params:
        project = project_of(request)
        refuse_unknown_parts(request.query_params["query"])
        return parse_query(request.query_params["query"], Reader(user_of(request), project)), project
    return None, None


def selected(request: Request, project: Project) -> Query:
    """The query of an action: which tasks it is to change."""
    if (view := _view(request)) is not None:
        query = saved_query(view, user_of(request))
        saved = parse_selection(view.selected_items) if view.selected_items else None
        # A selection in the request is newer than the one saved with the tab.
        return Query(query.where, query.order, _sent_selection(request) or saved)
    return parse_query(request.query_params.get("query") or body(request), Reader(user_of(request), project))


def _sent_selection(request: Request) -> Selection | None:
    sent = parse_json_text(body(request).get("selectedItems"), "selectedItems")
    return None if sent is None else parse_selection(sent)


def _view(request: Request) -> View | None:
    pk = id_named(request, "view")
    if pk is None:
        return None
    view = visible(View.objects.select_related("project"), request, pk)
    # Label Studio sends both; a mismatch would act on tasks the caller does not see in the table.
    if id_named(request, "project") not in (None, view.project_id):
        raise Refused(
            "view_of_other_project", _("View %(view)s belongs to another project.", view=pk), field="view"
        )
    return view
