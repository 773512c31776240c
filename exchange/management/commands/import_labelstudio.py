"""Bring a Label Studio export into a project."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rest_framework.exceptions import ParseError

from jobs.progress import progress_bar
from tasks.errors import Refused
from tasks.models import Project
from tasks.services import projects
from tasks.strict_json import parse_json
from users.models import User

from ...importing.importer import import_file
from ...importing.options import BY_ID, MATCH_ON, ON_DUPLICATE, SKIP
from ..arguments import add_actor, person_named, project_named

PROJECT_KEYS = (
    "title",
    "description",
    "label_config",
    "expert_instruction",
    "show_instruction",
    "color",
    "maximum_annotations",
)


class Command(BaseCommand):
    help = (
        "Import tasks with annotations, predictions and reviews from a Label Studio JSON export, all or none."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--project",
            required=True,
            help="Id or title of a project, or the path of a project's JSON to find or create it by.",
        )
        parser.add_argument(
            "--users", type=Path, help="JSON with the people behind the user ids in the file."
        )
        add_actor(parser)
        parser.add_argument(
            "--on-duplicate",
            choices=ON_DUPLICATE,
            default=SKIP,
            help="What to do with tasks that exist already (default: skip).",
        )

        parser.add_argument(
            "--match-on",
            choices=MATCH_ON,
            default=BY_ID,
            help="How such tasks are recognised: by ids (default), or also by equal data.",
        )
        parser.add_argument("--strict", action="store_true", help="Refuse what would be a warning.")
        parser.add_argument("--encoding", default="", help="Of a file that is not UTF-8, as windows-1252.")

    def handle(
        self,
        *,
        file: Path,
        project: str,
        users: Path | None,
        actor: str | None,
        on_duplicate: str,
        **options: Any,
    ) -> None:
        try:
            person = person_named(actor)
            target = _project(project, person)
            is_shown = options["verbosity"] > 0
            with file.open("rb") as opened, progress_bar(unit="task", is_shown=is_shown) as progress:
                outcome = import_file(
                    target,
                    opened,
                    actor=person,
                    users=_read(users) if users else None,
                    on_duplicate=on_duplicate,
                    **{name: options[name] for name in ("match_on", "strict", "encoding")},
                    name=file.name,
                    progress=progress,
                )
        except Refused as refused:
            raise CommandError("\n".join(_sentences(refused)))
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}")
        where = f'"{target.title}" (project {target.pk})'
        self.stdout.write(f"Import {outcome.record.pk} into {where}, {outcome.seconds:.1f} s:")
        for line in outcome.report.lines():
            self.stdout.write(f"  {line}")


def _sentences(refused: Refused) -> list[str]:
    listed = refused.extra.get("body", {}).get("errors", [])
    return [str(one["detail"]) for one in listed] or [str(refused.detail)]


def _project(named: str, person: User) -> Project:
    if Path(named).is_file():
        return _described(_read(Path(named)), person)
    return project_named(named, person)


def _described(described: Any, person: User) -> Project:
    """The project of that title, or a new one."""
    if not isinstance(described, dict) or not isinstance(described.get("title"), str):
        raise CommandError('The project file must be an object with a "title".')
    found = Project.objects.managed_by(person).filter(title=described["title"]).order_by("pk").first()
    return found or projects.create(
        actor=person, **{key: described[key] for key in PROJECT_KEYS if key in described}
    )


def _read(path: Path) -> Any:
    try:
        return parse_json(path.read_bytes())
    except ParseError as error:
        raise CommandError(f"{path}: {error.detail}")
