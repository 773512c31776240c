"""Whom somebody may know of: the people they share a project with, and those whose work or verdicts they see."""

from django.db.models import Q, QuerySet

from tasks.models import Membership, TaskAnnotator
from tasks.roles import projects_where
from users.models import User

from .models import TaskReviewer


def visible_people(user: User) -> QuerySet[User]:
    shared = projects_where(user, "view_project")
    if shared is None:
        return User.objects.all()
    seen = projects_where(user, "view_all_annotations")
    members = Membership.objects.filter(project__in=shared).values("user")
    authors = TaskAnnotator.objects.filter(project__in=seen).values("user")
    reviewers = TaskReviewer.objects.filter(project__in=seen).values("user")
    return User.objects.filter(Q(pk=user.pk) | Q(pk__in=members) | Q(pk__in=authors) | Q(pk__in=reviewers))
