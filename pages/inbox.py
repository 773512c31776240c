"""What waits for the reader, and the progress of projects. htmx reloads the parts that change."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache

from reviews import comments
from reviews.dead_ends import resolving
from reviews.dead_ends.listing import Stuck, described, stuck_in
from reviews.dead_ends.reasons import REASONS, Reason
from reviews.inbox.inbox import Count, Inbox, inbox_of
from reviews.inbox.kinds import BOUND, Kind
from reviews.inbox.waiting_on import waiting_on
from reviews.models import Comment
from tasks.errors import Refused
from tasks.models import Project, Task
from tasks.progress import progress_of
from tasks.services import members
from users.models import User
from users.requests import parse_id, user_of

from .requests import project_of

PAGE_SIZE = 50
# Projects of a lead on one page.
MAX_LED = 20
# Tasks of one reason on one page.
MAX_STUCK = 10


@dataclass(frozen=True)
class Tab:
    """One kind of work with its count; an empty `kind` means all kinds."""

    kind: str
    label: str
    count: Count


@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        resolve_comment(request)
    context = own_items(request)
    # htmx reloads only the list.
    if request.headers.get("HX-Request"):
        return render(request, "screens/inbox_items.html", context)
    led = Project.objects.managed_by(user_of(request)).order_by("-id")[:MAX_LED]
    return render(request, "screens/inbox.html", context | {"led": led, "max_led": MAX_LED})


def resolve_comment(request: HttpRequest) -> None:
    """Mark a comment as one that needs no answer."""
    user, pk = user_of(request), parse_id(request.POST.get("resolve"))
    comment = get_object_or_404(Comment.objects.visible_to(user), pk=pk)
    try:
        comments.update(comment, actor=user, is_resolved=True)
    except Refused as refused:
        raise PermissionDenied(refused.detail)


def own_items(request: HttpRequest) -> dict[str, Any]:
    """The counts of all kinds, and the items of the kind in the address (all kinds if there is none)."""
    inbox, kind = inbox_of(user_of(request)), request.GET.get("kind", "")
    kind = kind if kind in Kind.values else ""
    listed = [item for item in inbox.items if not kind or item.kind == kind]
    # get_page never fails: a number that is too high shows the last page.
    items = Paginator(listed, PAGE_SIZE).get_page(parse_id(request.GET.get("page")) or 1)
    projects = Project.objects.in_bulk({item.project for item in items})
    progress = progress_of(projects.values(), user_of(request))
    # A project may have been deleted since the items were read.
    rows = [
        (item, projects[item.project], progress[item.project]) for item in items if item.project in projects
    ]
    return {"rows": rows, "items": items, "kind": kind, "tabs": tabs_of(inbox), "total": inbox.total}


def tabs_of(inbox: Inbox) -> list[Tab]:
    of_kinds = [Tab(kind.value, kind.label, count) for kind, count in inbox.counts.items() if count.number]
    return [Tab("", "Everything", inbox.total), *of_kinds]


@never_cache
@login_required
def count(request: HttpRequest) -> HttpResponse:
    """The number next to the link in the header."""
    return render(request, "screens/inbox_count.html", {"total": inbox_of(user_of(request)).total})


@never_cache
@login_required
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress bar of one project."""
    project = project_of(request, pk)
    context = {
        "project": project,
        "progress": progress_of([project], user_of(request))[project.pk],
        "live": True,
    }
    return render(request, "screens/progress.html", context)


# --- for leads ---------------------------------------------------------------------------------------


@never_cache
@login_required
def project_section(request: HttpRequest, pk: int) -> HttpResponse:
    """One project of a lead: who has work waiting, and the stuck tasks with the buttons to resolve them."""
    project = get_object_or_404(Project.objects.managed_by(user_of(request)), pk=pk)
    refusal, is_post = "", request.method == "POST"
    if is_post:
        try:
            resolve_stuck(request, project)
        except Refused as refused:
            refusal = refused.detail
    context = project_context(project, user_of(request)) | {
        "refusal": refusal,
        "done": is_post and not refusal,
    }
    is_htmx = request.headers.get("HX-Request")
    name = "screens/inbox_project_section.html" if is_htmx else "screens/inbox_project.html"
    return render(request, name, context)


def project_context(project: Project, lead: User) -> dict[str, Any]:
    found = stuck_in(project)
    rows = [(name, task, since) for name, tasks in found.items() for task, since in tasks[:MAX_STUCK]]
    # Only the tasks that are shown are read in full; the others are only counted.
    stuck = described(project, rows)
    waiting = waiting_on([project.pk])[:PAGE_SIZE]
    active = list(members.active_members(project).select_related("user").order_by("user__email"))
    concerned = {row.person for row in waiting} | {one.person for one in stuck}
    return {
        "project": project,
        "progress": progress_of([project], lead)[project.pk],
        "reasons": [
            Group(REASONS[name], tasks, [s for s in stuck if s.reason.name == name])
            for name, tasks in found.items()
        ],
        "waiting": waiting,
        "people": User.objects.in_bulk({person for person in concerned if person}),
        "members": active,
    }


@dataclass(frozen=True)
class Group:
    """The tasks that are stuck for one reason; `shown` are the first few, with their buttons."""

    reason: Reason
    tasks: list
    shown: list[Stuck]

    @property
    def number(self) -> int:
        return min(len(self.tasks), BOUND)

    @property
    def is_estimate(self) -> bool:
        return len(self.tasks) > BOUND


def resolve_stuck(request: HttpRequest, project: Project) -> None:
    """What the pressed button says. Raises Refused."""
    form = request.POST
    tasks = Task.objects.filter(project=project, deleted_at=None)
    task = get_object_or_404(tasks, pk=parse_id(form.get("task")))
    # Only active members: the form may be older than somebody's removal.
    to = members.active_members(project).filter(user=parse_id(form.get("to"))).first()
    resolving.resolve_stuck(
        task,
        form.get("press", ""),
        actor=user_of(request),
        reason=form.get("reason") or None,
        to=to.user if to else None,
        closing_reason=form.get("because", ""),
    )
