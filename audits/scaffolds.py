"""What reports can begin with, so that nobody starts at an empty page."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from users.errors import Refused
from users.models import User

from . import datasets, fitting, reports, results
from .labelling import locked as locked_model
from .maths.formulas import ErrorType
from .models import AuditModel, Report, ReportErrorType, Scaffold, Topic, Version

OF_EACH_TYPE = 5
LARGEST = 5


@dataclass(frozen=True)
class Beginning:
    """A report that a scaffold proposes. A model has each `key` of a scaffold at most once."""

    key: str
    title: str
    error_type: str = ""
    topic: Topic | None = None


@dataclass(frozen=True)
class Prompt:
    title: str | Promise  # Promise: translated when it is shown
    question: str | Promise
    error_type: str


PROMPTS = {
    "own words": Prompt(
        gettext_lazy("Words we use among ourselves"),
        gettext_lazy(
            "Which words or names do people of your community use for each other that an outsider could "
            "take for an insult? Search for some of them. Does the system remove friendly comments because "
            "of them?"
        ),
        ReportErrorType.OVER,
    ),
    "polite hostility": Prompt(
        gettext_lazy("Hostility in polite words"),
        gettext_lazy(
            "How do people put your community down without one rude word: with hints, jokes, or terms that "
            "only insiders know? Does the system keep such comments?"
        ),
        ReportErrorType.UNDER,
    ),
    "our subjects": Prompt(
        gettext_lazy("Subjects that are ours"),
        gettext_lazy(
            "Which subjects matter to your community and quickly sound like a quarrel to others? Can one "
            "talk about them calmly without being removed?"
        ),
        ReportErrorType.OVER,
    ),
    "some more than others": Prompt(
        gettext_lazy("Some of us more than others"),
        gettext_lazy(
            "Who within your community is attacked most: the young, the old, women, newcomers, believers? "
            "Does the system judge comments about them otherwise than comments about the rest?"
        ),
        ReportErrorType.BOTH,
    ),
    "driven away": Prompt(
        gettext_lazy("What drives people away"),
        gettext_lazy(
            "Think of somebody who stopped taking part. Which comments made them leave, and would the system "
            "have removed them?"
        ),
        ReportErrorType.UNDER,
    ),
}


def start(model: AuditModel, scaffold: str, *, actor: User) -> tuple[list[Report], bool]:
    """The reports of a scaffold, and whether any of them is new. Those that were begun before are not made
    again, and stay as they are; an empty one always is new."""
    if scaffold not in Scaffold.values:
        sentence = _("One of {values}.").format(values=", ".join(Scaffold.values))
        raise Refused("invalid_scaffold", sentence, field="scaffold")
    if scaffold == Scaffold.EMPTY:
        return [reports.create(model, actor=actor)], True
    with transaction.atomic():
        model = locked_model(model, actor)
        version = fitting.newest(model)
        version = fitting.require_version(model) if version or scaffold == Scaffold.PERSONAL else None
        beginnings = _beginnings(model, version, scaffold)
        begun = Report.objects.filter(model=model, scaffold=scaffold).select_related("topic")
        there = {report.scaffold_key: report for report in begun}
        new = [_report(model, scaffold, one) for one in beginnings if one.key not in there]
        reports.require_room(model, len(new))
        Report.objects.bulk_create(new)
        there |= {report.scaffold_key: report for report in new}
        if new and scaffold == Scaffold.TUTORIAL:
            _add_example(new[0], version, actor)
    return [there[one.key] for one in beginnings], bool(new)


def hint(report: Report) -> str:
    """What its author may look for, in the language of the page; empty without a scaffold."""
    topic = report.topic.label if report.topic else report.title
    match report.scaffold:
        case Scaffold.PROMPTS:
            return str(PROMPTS[report.scaffold_key].question)
        case Scaffold.TUTORIAL:
            return _(
                "Your first report. One comment about “{topic}” is here as evidence; look at others, add "
                "those that you find wrong, and remove it if you agree with the system. Then say what they "
                "have in common, as you would tell the people who built it."
            ).format(topic=topic)
        case Scaffold.FIXED:
            return _(
                "“{topic}” is one of the largest topics, and everybody is asked about it. Does the system "
                "remove too much or too little of it?"
            ).format(topic=topic)
        case Scaffold.PERSONAL if report.scaffold_key.startswith(ErrorType.UNDER):
            return _(
                "By your model, the system keeps many comments about “{topic}” that you would remove. Look "
                "at them: is it so?"
            ).format(topic=topic)
        case Scaffold.PERSONAL:
            return _(
                "By your model, the system removes many comments about “{topic}” that you would keep. Look "
                "at them: is it so?"
            ).format(topic=topic)
    return ""


def _beginnings(model: AuditModel, version: Version | None, scaffold: str) -> list[Beginning]:
    match scaffold:
        case Scaffold.PERSONAL:
            assert version is not None
            return _worst(version)
        case Scaffold.PROMPTS:
            return [Beginning(key, str(one.title), one.error_type) for key, one in PROMPTS.items()]
        case Scaffold.FIXED:
            largest = datasets.suggested_topics(model.dataset)[:LARGEST]
            return [
                Beginning(f"topic {row.topic.number}", row.topic.label, topic=row.topic) for row in largest
            ]
    topic = _topic_to_learn_on(model, version)
    return [Beginning("first", _("My first report"), topic=topic)]


def _worst(version: Version) -> list[Beginning]:
    titles = {
        ErrorType.UNDER: _("Too little is removed: {topic}"),
        ErrorType.OVER: _("Too much is removed: {topic}"),
    }
    return [
        Beginning(
            f"{kind} {row.topic.number}", titles[kind].format(topic=row.topic.label)[:200], kind, row.topic
        )
        for kind, rows in results.worst_topics(version, OF_EACH_TYPE).items()
        for row in rows
    ]


def _topic_to_learn_on(model: AuditModel, version: Version | None) -> Topic | None:
    """Where there is most to see: of errors, or of comments."""
    found = (
        [row.topic for rows in results.worst_topics(version, 1).values() for row in rows] if version else []
    )
    found += [row.topic for row in datasets.suggested_topics(model.dataset)[:1]]
    return found[0] if found else None


def _report(model: AuditModel, scaffold: str, one: Beginning) -> Report:
    return Report(
        model=model,
        scaffold=scaffold,
        scaffold_key=one.key,
        title=one.title,
        error_type=one.error_type,
        topic=one.topic,
    )


def _add_example(report: Report, version: Version | None, actor: User) -> None:
    """The comment of its topic on which the model and the system differ most, or which the system finds
    worst."""
    found = results.select(report.model.dataset, version, results.Query(topic=report.topic))
    if len(found):
        reports.add_evidence(report, [int(found.ids[0])], actor=actor)
