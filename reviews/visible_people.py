"""Which people somebody may see: those they share a project with, and those whose annotations or reviews
they see.

In a project with `anonymize_annotations`, reviewers see pseudonyms instead.
"""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from tasks.errors import Refused
from tasks.models import Membership, Project, TaskAnnotator
from tasks.pseudonyms import pseudonym_of, pseudonym_user
from tasks.roles import may, projects_hiding_people, projects_where
from users.models import User

from .models import TaskReviewer


def visible_people(user: User) -> QuerySet[User]:
    """Those visible under their real names."""
    shared = projects_where(user, "view_project")
    if shared is None:
        return User.objects.all()
    hidden = set(projects_hiding_people(user))
    named, seen = set(shared) - hidden, set(projects_where(user, "view_all_annotations") or ()) - hidden
    members = Membership.objects.filter(project__in=named).values("user")
    return User.objects.filter(Q(pk=user.pk) | Q(pk__in=members) | _worked_in(seen))


def people_shown_to(user: User) -> QuerySet[User] | list[User]:
    """The same and the pseudonyms that `user` sees, by id. Pseudonyms have higher ids than people."""
    named, hiding = visible_people(user).order_by("pk"), projects_hiding_people(user)
    masked = [
        pseudonym_user(pseudonym_of(person, project))
        for project, person in _pairs(hiding)
        if person != user.pk
    ]
    return [*named, *sorted(masked, key=lambda one: one.pk)] if hiding else named


def _pairs(projects: list[int]) -> set[tuple[int, int]]:
    """Project and person: whoever belongs to it or left work or verdicts in it.

    One query for all projects.
    """
    members, authors, reviewers = (
        model._default_manager.filter(project__in=projects).order_by().values_list("project_id", "user_id")
        for model in (Membership, TaskAnnotator, TaskReviewer)
    )
    return set(members.union(authors, reviewers)) if projects else set()


def people_of(project: int) -> QuerySet[User]:
    """Members of the project, and everybody who annotated or reviewed in it."""
    members = Membership.objects.filter(project=project).values("user")
    return User.objects.filter(Q(pk__in=members) | _worked_in([project])).order_by("pk")


def _worked_in(projects: Iterable[int]) -> Q:
    authors = TaskAnnotator.objects.filter(project__in=projects).values("user")
    reviewers = TaskReviewer.objects.filter(project__in=projects).values("user")
    return Q(pk__in=authors) | Q(pk__in=reviewers)


def annotators_shown_to(reader: User, project: Project) -> QuerySet[User]:
    """Who annotated something in the project; to an annotator, only themselves."""
    annotated = TaskAnnotator.objects.filter(project=project)
    if not may(reader, "view_all_annotations", project):
        annotated = annotated.filter(user=reader)
    return User.objects.filter(pk__in=annotated.values("user"))


def find_person(actor: User, *, pk: int | None = None, email: str = "") -> User:
    """Somebody to add to a project: by id if the actor may know of them, or by e-mail. Raises Refused."""
    people = User.objects.people()
    if pk:
        person, field = people.filter(pk__in=visible_people(actor).filter(pk=pk).values("pk")).first(), "user"
    else:
        person, field = people.filter(email__iexact=email).first(), "email"
    if person is None:
        raise Refused(
            "unknown_person",
            "No such person. Name somebody you share a project with, or the e-mail of an account.",
            field=field,
        )
    return person
