"""Which people somebody may see: those they share a project with, and those whose annotations or reviews they
see. In a project with `anonymize_annotations`, reviewers see pseudonyms instead.
"""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from tasks.errors import Refused
from tasks.models import Membership, Project, TaskAnnotator
from tasks.pseudonyms import pseudonym_of, pseudonym_user
from tasks.roles import may, may_somewhere, projects_hiding_people, projects_where
from users.models import User
from users.sentences import sentence as _

from .models import TaskReviewer


def visible_people(user: User) -> QuerySet[User]:
    """Those visible with their real names."""
    shared = projects_where(user, "view_project")
    if shared is None:
        return User.objects.listed()
    hidden = set(projects_hiding_people(user))
    # Where reviewers read pseudonyms, not even the members are visible by name.
    named, seen = set(shared) - hidden, set(projects_where(user, "view_all_annotations") or ()) - hidden
    members = Membership.objects.filter(project__in=named).values("user")
    return User.objects.filter(Q(pk=user.pk) | Q(pk__in=members) | _worked_in(seen))


def people_and_pseudonyms(user: User) -> QuerySet[User] | list[User]:
    """The same, followed by the pseudonyms that `user` sees: their ids are higher than those of people."""
    named, hiding = visible_people(user).order_by("pk"), projects_hiding_people(user)
    masked = [
        pseudonym_user(pseudonym_of(person, project))
        for project, person in _pairs(hiding)
        if person != user.pk
    ]
    return [*named, *sorted(masked, key=lambda one: one.pk)] if hiding else named


def _pairs(projects: list[int]) -> set[tuple[int, int]]:
    """(project, person) of all members, annotators and reviewers, in one query."""
    members, authors, reviewers = (
        model._default_manager.filter(project__in=projects).order_by().values_list("project_id", "user_id")
        for model in (Membership, TaskAnnotator, TaskReviewer)
    )
    return set(members.union(authors, reviewers)) if projects else set()


def without_activity(people: Iterable[User], reader: User) -> list[User]:
    """When somebody last worked is not for annotators to know. The field is never null, so it shows when the
    account was made."""
    listed = list(people)
    for person in listed if not may_somewhere(reader, "view_all_annotations") else ():
        person.last_activity = person.last_activity if person.pk == reader.pk else person.date_joined
    return listed


def people_of(project: int) -> QuerySet[User]:
    """Members of the project, and everybody who has annotated or reviewed in it."""
    members = Membership.objects.filter(project=project).values("user")
    return User.objects.filter(Q(pk__in=members) | _worked_in([project])).order_by("pk")


def _worked_in(projects: Iterable[int]) -> Q:
    authors = TaskAnnotator.objects.filter(project__in=projects).values("user")
    reviewers = TaskReviewer.objects.filter(project__in=projects).values("user")
    return Q(pk__in=authors) | Q(pk__in=reviewers)


def visible_annotators(reader: User, project: Project) -> QuerySet[User]:
    """Everybody who has annotated in the project; for a reader who is an annotator, only themselves."""
    annotated = TaskAnnotator.objects.filter(project=project)
    if not may(reader, "view_all_annotations", project):
        annotated = annotated.filter(user=reader)
    return User.objects.filter(pk__in=annotated.values("user"))


def find_person(actor: User, *, pk: int | None = None, email: str = "") -> User:
    """A person to add to a project, by id if the actor may see them, or by e-mail. Raises Refused."""
    people = User.objects.people()
    if pk:
        person, field = people.filter(pk__in=visible_people(actor).filter(pk=pk).values("pk")).first(), "user"
    else:
        person, field = people.filter(email=email).first(), "email"
    if person is None:
        raise Refused(
            "unknown_person",
            _(
                "There is no such person. Name somebody you share a project with, "
                "or the e-mail of an account."
            ),
            field=field,
        )
    return person
