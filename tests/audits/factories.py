"""A data set with a fitted base model, and people who label it."""

from functools import cache

from audits import audit_models, fitting, labelling, loading
from audits.generator import SIZES, Generated, Size, generate
from audits.jobs import start_base_fit
from audits.models import AuditModel, Comment, Dataset, Version
from jobs.models import State
from tasks.models import Project
from tests.factories import person
from users.models import User

SEED = 7


SMALL = {"small": Size(raters=12, comments=60, ratings=240, topics=2)}


@cache
def made(size: str = "demo") -> Generated:
    return generate((SIZES | SMALL)[size], SEED)


def admin() -> User:
    return User.objects.filter(is_superuser=True).first() or person("root", is_superuser=True, is_staff=True)


def dataset(
    *,
    project: Project | None = None,
    actor: User | None = None,
    is_fitted: bool = True,
    size: str = "demo",
) -> Dataset:
    """The demo: 400 comments in 8 topics, and outliers."""
    actor = actor or (project.created_by if project else admin())
    stored = loading.store(
        loading.generated(made(size)),
        actor=actor,
        title="Made-up comments",
        project=project,
        min_tuning_comments=50,
    )
    if is_fitted:
        job = start_base_fit(stored, actor, seed=SEED)
        assert job.state == State.SUCCEEDED, job.error
    return stored


def personal(of: Dataset, owner: User, name: str = "Mine") -> AuditModel:
    return audit_models.create(of, actor=owner, name=name)


def answer(model: AuditModel, comments: list[Comment], strictness: float = 1.0) -> None:
    """As somebody who finds every comment so much more toxic than the system does."""
    answers = [(one.pk, max(0, min(4, round(one.system + strictness)))) for one in comments]
    labelling.put_labels(model, answers)


def labelled(of: Dataset, owner: User, strictness: float = 1.0, name: str = "Mine") -> AuditModel:
    model = personal(of, owner, name)
    answer(model, labelling.next_batch(model), strictness)
    return model


def fitted(of: Dataset, owner: User, strictness: float = 1.0, name: str = "Mine") -> Version:
    return fitting.fit(labelled(of, owner, strictness, name))


def small_dataset(
    project: Project | None, *, actor: User | None = None, title: str = "Two comments"
) -> Dataset:
    """Two comments of one rater in one topic, without a base model."""
    source = loading.Source(
        topics={0: "hats"},
        comments=[
            loading.CommentSource("c1", "Nice hat", 0, 0.5),
            loading.CommentSource("c2", "Awful hat", 0, 3),
        ],
        raters=[loading.RaterSource("r1", gender="female")],
        ratings=[(0, 0, 0), (0, 1, 3)],
    )
    actor = actor or (project.created_by if project else admin())
    return loading.store(source, actor=actor, title=title, project=project)
