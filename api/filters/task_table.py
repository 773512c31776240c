"""From a request to the tasks it speaks of: `view=` first, then `query=` or the body (as Label Studio weighs them)."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from rest_framework.request import Request

from reviews.task_table import query, selection, values
from reviews.task_table.filters import Asker
from reviews.task_table.query import Query
from reviews.task_table.refusals import bad_query
from tasks.errors import Refused
from tasks.models import Annotation, Project, View

from ..views.base import visible


def body(request: Request) -> dict[str, Any]:
    """The body as an object; a form's fields as they were sent last."""
    if not isinstance(request.data, dict):
        raise bad_query("The body must be a JSON object.")
    return dict(request.data.items())


def whole(request: Request, name: str) -> int | None:
    """An id from the query string, or from the body."""
    raw = request.query_params.get(name) or body(request).get(name)
    if raw in (None, ""):
        return None
    try:
        return values.ids(raw)[0]
    except values.BadValue:
        raise Refused("invalid", f"{name} must be a whole number.", field=name)


def flag(request: Request, name: str) -> bool:
    try:
        return values.flag(request.query_params.get(name) or "false")
    except values.BadValue as error:
        raise Refused("invalid", f"{name} {error}.", field=name)


def project_of(request: Request) -> Project:
    pk = whole(request, "project")
    if pk is None:
        raise Refused("project_required", "Name the project: ?project=<id>.", field="project")
    return visible(Project.objects, request, pk)


def saved(view: View, user: Any) -> Query:
    return query.read(view.data, Asker(user, view.project, names_really=True))


def listed(request: Request) -> tuple[Query | None, Project | None]:
    """What a list of tasks is asked for beside its plain parameters; None where nothing is."""
    if (pk := whole(request, "view")) is not None:
        view = _view(request, pk)
        return saved(view, request.user), view.project
    if "query" in request.query_params:
        project = project_of(request)
        return query.read(request.query_params["query"], Asker(request.user, project)), project
    return None, None


def selected(request: Request, project: Project) -> Query:
    """What an action is asked to act on."""
    if (pk := whole(request, "view")) is not None:
        view = _view(request, pk)
        asked = saved(view, request.user)
        chosen = _sent_selection(request) or (
            selection.read(view.selected_items) if view.selected_items else None
        )
        return Query(asked.where, asked.order, chosen)
    return query.read(request.query_params.get("query") or body(request), Asker(request.user, project))


def _sent_selection(request: Request) -> selection.Selection | None:
    sent = query.as_json(body(request).get("selectedItems"), "selectedItems")
    return None if sent is None else selection.read(sent)


def _view(request: Request, pk: int) -> View:
    view = visible(View.objects.select_related("project"), request, pk)
    project = whole(request, "project")
    if project not in (None, view.project_id):
        raise Refused("view_of_other_project", f"View {pk} belongs to another project.", field="view")
    return view


def narrowed(tasks: QuerySet, request: Request) -> QuerySet:
    """`review=true`: with work that waits for a verdict; `only_annotated=true`: with any submitted work."""
    if flag(request, "review"):
        waiting = Annotation.objects.visible_to(request.user).listed().filter(
            task=OuterRef("pk"), was_cancelled=False, standing_review_id=None, returned_at=None
        )  # fmt: skip
        tasks = tasks.filter(Exists(waiting))
    if flag(request, "only_annotated"):
        tasks = tasks.filter(total_annotations__gt=0)
    return tasks
