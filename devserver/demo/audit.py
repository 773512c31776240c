"""Loads the demo's audit: a made-up filter for comments, and people at every step of judging it."""

from collections.abc import Callable

from audits import audit_models, datasets, fitting, labelling, loading, reports, results, scaffolds
from audits.generator import SIZES, generate
from audits.jobs import start_base_fit
from audits.maths.formulas import ErrorType
from audits.models import AuditModel, Comment, Dataset, Kind, ReportErrorType, Scaffold
from jobs.models import State
from tasks.models import Project
from users.models import User

SEED = 7
TITLE = "What does the comment filter remove?"
WARNING = "All comments are made up. Some are rude, in harmless words."
DESCRIPTION = (
    "A newspaper lets a filter rate each comment from 0, not at all toxic, to 4, and removes what it rates 2 "
    "or more. Does it draw the line where you would? Nobody wrote these comments: they and the ratings of 60 "
    "people are generated."
)
SUMMARY = (
    "The comments below are blunt, but aimed at nobody. They are what regulars of this topic say to each "
    "other, and the filter removes them while it keeps the same words elsewhere."
)

# How toxic somebody finds a comment, on the scale; None if they are unsure.
Opinion = Callable[[Comment], int | None]


def find() -> Dataset | None:
    return Dataset.objects.filter(title=TITLE).order_by("pk").first()


def load(project: Project, people: dict[str, User]) -> None:
    lead = people["lead"]
    dataset = loading.store(
        loading.generated(generate(SIZES["demo"], SEED)),
        actor=lead,
        project=project,
        title=TITLE,
        description=DESCRIPTION,
        content_warning=WARNING,
        min_tuning_comments=50,
        artifact_name="Comment filter of the demo",
        artifact_type="Model",
        developers=["Nobody"],
        deployers=["The newspaper of the demo"],
    )
    job = start_base_fit(dataset, lead, seed=SEED)
    assert job.state == State.SUCCEEDED, job.error
    begin(dataset, people["reviewer"])
    finish(dataset, people["reviewer2"])
    ask_a_group(dataset, lead)


def begin(dataset: Dataset, person: User) -> None:
    """Some labels too few for a model: the rest of the batch waits."""
    model = audit_models.create(dataset, actor=person, name="My judgement")
    label(model, labelling.next_batch(model)[:8], strict)


def finish(dataset: Dataset, person: User) -> None:
    """Two versions of a model, one for a topic, a complete report and one that is not."""
    model = audit_models.create(dataset, actor=person, name="My judgement")
    for _ in range(2):
        label(model, labelling.next_batch(model), relaxed)
        version = fitting.fit(model)
    large = datasets.suggested_topics(dataset, is_tuning=True)[0].topic
    tuned = audit_models.create(
        dataset, actor=person, name=f"About {large}", kind=Kind.TOPIC, parent=model, topic=large
    )
    label(tuned, labelling.next_batch(tuned, 10), relaxed)
    fitting.fit(tuned)
    scaffolds.start(model, Scaffold.PROMPTS, actor=person)
    worst = results.worst_topics(version)[ErrorType.OVER][0].topic
    report = reports.create(
        model,
        actor=person,
        title=f"It removes harmless talk about {worst}",
        error_type=ReportErrorType.OVER,
        category="accuracy",
        summary=SUMMARY,
    )
    removed = results.select(dataset, version, results.Query(topic=worst, error_type=ErrorType.OVER))
    reports.add_evidence(report, [row.comment.pk for row in removed.rows(0, 4)], actor=person)


def ask_a_group(dataset: Dataset, person: User) -> None:
    group = audit_models.create(
        dataset, actor=person, name="Women of the ratings", kind=Kind.GROUP, filters={"gender": "female"}
    )
    fitting.fit(group)


def label(model: AuditModel, comments: list[Comment], opinion: Opinion) -> None:
    labelling.put_labels(model, [(comment.pk, opinion(comment)) for comment in comments])


def strict(comment: Comment) -> int | None:
    """What the filter says and one more; unsure about every seventh."""
    return None if comment.pk % 7 == 0 else min(4, round(comment.system) + 1)


def relaxed(comment: Comment) -> int | None:
    """Less than the filter, but not in all topics."""
    if comment.pk % 11 == 0:
        return None
    return max(0, min(4, round(comment.system - 0.6 + 0.6 * (comment.topic.number % 3))))
