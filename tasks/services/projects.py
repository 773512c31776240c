"""Everything that writes a project and its settings."""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict
from django.utils import timezone

from users.capabilities import Role
from users.models import User
from users.recent_reads import ROLES
from users.sentences import sentence as _

from .. import counters, events
from ..concurrency import require_unchanged
from ..errors import Refused
from ..labelconfig import require_valid
from ..models import Membership, Project, ProjectChange, ProjectTotal, Task
from ..origins import check_origins
from ..roles import forget_roles
from ..safe_html import SafeHTMLField, safe_html
from . import label_configs

# What decides when a task counts as finished or reviewed, and what enters the review queue.
REVIEW_SETTINGS = {
    "maximum_annotations",
    "review_criteria",
    "enable_review_workflow",
    "only_finished_tasks",
    "review_task_limit_percent",
}
DELETED = "deleted_at"  # among the changes of a project: when it was deleted
MAX_REASONS = 100
MAX_REASON_CODE = 64  # as a review stores it
MAX_REASON_TEXT = 500


def create(*, actor: User, **fields: Any) -> Project:
    """A new project. Its creator becomes its manager."""
    if not (actor.may_create_projects or actor.runs_site):
        raise Refused(
            "may_not_create_projects",
            _("You are not allowed to create projects. Ask an administrator of the site."),
            status=403,
        )
    with transaction.atomic():
        if fields.get("title") is None:
            fields["title"] = _next_title(actor)
        project = Project(created_by=actor, **fields)
        require_valid(project.label_config)
        _check(project)
        project.save()
        label_configs.append(project, actor=actor)
        project.save(update_fields=["label_config_version"])
        ProjectTotal.objects.create(project=project)
        Membership.objects.create(project=project, user=actor, role=Role.MANAGER)
        forget_roles(actor)
        events.emit(events.PROJECT_CREATED, project, actor=actor)
    return project


def _next_title(actor: User) -> str:
    """As Label Studio names a project that is created without a title."""
    return f"New Project #{Project.objects.filter(created_by=actor).count() + 1}"


def update(
    project: Project,
    changes: dict[str, Any],
    *,
    actor: User,
    force: bool = False,
    if_match: str | None = None,
) -> Project:
    """Change settings and record who changed them.

    Without `force`, refuses a configuration that orphans annotations. Raises Refused(stale) if `if_match` is
    of an older state.
    """
    with transaction.atomic():
        project = _lock(project)
        require_unchanged(project, if_match)
        before = model_to_dict(project, fields=list(changes))
        changes = {name: _as_stored(name, value) for name, value in changes.items()}
        # A form sends every setting: only real changes are recorded and told.
        changed = {name: value for name, value in changes.items() if before[name] != value}
        if "label_config" in changed:
            require_valid(changed["label_config"])
            if not force:
                label_configs.refuse_orphans(project, changed["label_config"])
        for name, value in changed.items():
            setattr(project, name, value)
        _check(project)
        if "label_config" in changed:
            label_configs.append(project, actor=actor)
        project.save(update_fields=[*changed, "label_config_version", "updated_at"])
        if "anonymize_annotations" in changed:
            ROLES.drop()  # whose pseudonyms a reviewer sees is kept with their roles
        ProjectChange.objects.bulk_create(
            ProjectChange(
                project=project, setting=name, old=_plain(before[name]), new=_plain(value), changed_by=actor
            )
            for name, value in changed.items()
        )
        _follow(project, changed, actor)
    return project


def _as_stored(name: str, value: Any) -> Any:
    """HTML is cleaned when it is stored."""
    return safe_html(value) if isinstance(Project._meta.get_field(name), SafeHTMLField) else value


def _lock(project: Project) -> Project:
    rows = Project.objects.select_for_update(no_key=True, of=("self",))
    locked = rows.filter(pk=project.pk, deleted_at=None).first()
    if locked is None:
        raise Refused("not_found", _("This project no longer exists."), status=404)
    return locked


def _plain(value: Any) -> Any:
    """As JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _check(project: Project) -> None:
    """What no single field can validate."""
    check_origins(project.media_origins)
    if not project.allowed_reject_actions:
        raise Refused(
            "no_reject_action",
            _("At least one reject action must be allowed."),
            field="allowed_reject_actions",
        )
    if project.default_reject_action not in project.allowed_reject_actions:
        raise Refused(
            "reject_action_not_allowed",
            _("The default reject action must be one of the allowed ones."),
            field="default_reject_action",
        )
    _check_reasons(project.reject_reasons)


def _check_reasons(reasons: Any) -> None:
    if not isinstance(reasons, list) or len(reasons) > MAX_REASONS:
        raise _bad_reason(_("Reject reasons are a list of at most %(max_reasons)s.", max_reasons=MAX_REASONS))
    seen = set()
    for reason in reasons:
        code, text = (reason.get("code"), reason.get("text")) if isinstance(reason, dict) else (None, None)
        if not (isinstance(code, str) and isinstance(text, str) and code.strip() and text.strip()):
            raise _bad_reason(_('Each reject reason needs a "code" and a "text", both not empty.'))
        if len(code) > MAX_REASON_CODE or len(text) > MAX_REASON_TEXT:
            raise _bad_reason(
                _(
                    "The code of a reject reason has at most %(max_reason_code)s characters,"
                    " its text %(max_reason_text)s.",
                    max_reason_code=MAX_REASON_CODE,
                    max_reason_text=MAX_REASON_TEXT,
                )
            )
        if code in seen:
            raise _bad_reason(_("Two reject reasons have the code %(code)r.", code=code))
        seen.add(code)


def _bad_reason(detail: str) -> Refused:
    return Refused("bad_reject_reason", detail, field="reject_reasons")


def _follow(project: Project, changed: dict[str, Any], actor: User) -> None:
    if REVIEW_SETTINGS & changed.keys():
        events.emit(events.REVIEW_SETTINGS_CHANGED, project, actor=actor, detail={"changed": sorted(changed)})
    if changed:
        events.emit(events.PROJECT_UPDATED, project, actor=actor, detail={"changed": sorted(changed)})


def set_overlap(tasks: Collection[Task], overlap: int) -> None:
    """Change the overlap of these locked tasks, and count again whether they are finished."""
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(overlap=overlap)
    for task in tasks:
        task.overlap = overlap
    counters.recount(tasks)


def delete(project: Project, *, actor: User, if_match: str | None = None) -> None:
    """Mark the project deleted. Everything in it is kept, but hidden."""
    with transaction.atomic():
        project = _lock(project)
        require_unchanged(project, if_match)
        events.emit(events.PROJECT_DELETED, project, actor=actor)
        project.deleted_at = timezone.now()
        project.save(update_fields=["deleted_at", "updated_at"])
        # Who deleted it is shown to those who may restore it.
        at = project.deleted_at.isoformat()
        ProjectChange.objects.create(project=project, setting=DELETED, new=at, changed_by=actor)
