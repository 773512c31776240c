"""What waits for whoever looks, and how far projects are. The parts that change ask for themselves again (htmx)."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache

from reviews import comments
from reviews.dead_ends import REASONS, Reason
from reviews.inbox import buttons
from reviews.inbox.kinds import BOUND, Kind
from reviews.inbox.mine import Count, Inbox, inbox_of
from reviews.inbox.stuck import Stuck, described, stuck_in
from reviews.inbox.waiting import waiting_on
from reviews.models import Comment
from tasks.errors import Refused
from tasks.models import Project, Task
from tasks.progress import Progress, progress_of
from tasks.services import members
from users.models import User

from .requests import whole_number

PAGE = 50
LED = 20  # projects of a lead on one page
SHOWN_STUCK = 10  # tasks of one reason


@dataclass(frozen=True)
class Tab:
    """One kind of work, and how much of it; `kind` is empty for all."""

    kind: str
    words: str
    count: Count


@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        _resolve(request)
    shown = mine(request)
    if request.headers.get("HX-Request"):
        return render(request, "screens/inbox_items.html", shown)
    led = Project.objects.managed_by(request.user).order_by("-id")[:LED]  # type: ignore[arg-type]
    return render(request, "screens/inbox.html", shown | {"led": led, "most_led": LED})


def _resolve(request: HttpRequest) -> None:
    """A comment that needs no answer."""
    pk = whole_number(request.POST.get("resolve"))
    comment = get_object_or_404(Comment.objects.visible_to(request.user), pk=pk)
    try:
        comments.change(comment, actor=request.user, is_resolved=True)
    except Refused as refused:
        raise PermissionDenied(refused.detail)


def mine(request: HttpRequest) -> dict[str, Any]:
    """Counted whole, listed by the kind asked for."""
    inbox, kind = inbox_of(request.user), request.GET.get("kind", "")
    kind = kind if kind in Kind.values else ""
    listed = [item for item in inbox.items if not kind or item.kind == kind]
    items = Paginator(listed, PAGE).get_page(whole_number(request.GET.get("page")) or 1)
    projects = Project.objects.in_bulk({item.project for item in items})
    progress = progress_of(projects.values())
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
    """The number beside the link in the header."""
    return render(request, "screens/inbox_count.html", {"total": inbox_of(request.user).total})


@never_cache
@login_required
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The bar of one project."""
    project = get_object_or_404(Project.objects.visible_to(request.user), pk=pk)  # type: ignore[arg-type]
    found: Progress = progress_of([project])[project.pk]
    return render(request, "screens/progress.html", {"project": project, "progress": found, "live": True})


# --- for leads ---------------------------------------------------------------------------------------


@never_cache
@login_required
def lead(request: HttpRequest, pk: int) -> HttpResponse:
    """One project of a lead: what waits on whom, and what nobody takes up, with its buttons."""
    project = get_object_or_404(Project.objects.managed_by(request.user), pk=pk)  # type: ignore[arg-type]
    refusal, pressed = "", request.method == "POST"
    if pressed:
        try:
            _press(request, project)
        except Refused as refused:
            refusal = refused.detail
    shown = led(project) | {"refusal": refusal, "pressed": pressed and not refusal}
    name = (
        "screens/inbox_project_section.html"
        if request.headers.get("HX-Request")
        else "screens/inbox_project.html"
    )
    return render(request, name, shown)


def led(project: Project) -> dict[str, Any]:
    found = stuck_in(project)
    rows = [(name, task, since) for name, tasks in found.items() for task, since in tasks[:SHOWN_STUCK]]
    stuck = described(project, rows)
    waiting = waiting_on([project.pk])[:PAGE]
    active = list(members.active_members(project).select_related("user").order_by("user__email"))
    concerned = {row.person for row in waiting} | {one.person for one in stuck}
    return {
        "project": project,
        "progress": progress_of([project])[project.pk],
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
    """The tasks that stand under one reason, the first few with their buttons."""

    reason: Reason
    tasks: list
    shown: list[Stuck]

    @property
    def number(self) -> int:
        return min(len(self.tasks), BOUND)

    @property
    def is_estimate(self) -> bool:
        return len(self.tasks) > BOUND


def _press(request: HttpRequest, project: Project) -> None:
    said = request.POST
    task = get_object_or_404(
        Task.objects.filter(project=project, deleted_at=None), pk=whole_number(said.get("task"))
    )
    to = members.active_members(project).filter(user=whole_number(said.get("to"))).first()
    buttons.press(
        task,
        said.get("press", ""),
        actor=request.user,
        reason=said.get("reason") or None,
        to=to.user if to else None,
        because=said.get("because", ""),
    )
