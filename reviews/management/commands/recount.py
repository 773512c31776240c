"""Compare every stored counter with what it counts, and repair differences."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from reviews import drift
from tasks import triggers
from tasks.models import Project

MAX_LINES = 50


class Command(BaseCommand):
    help = "Recompute counters of tasks and totals of projects, repair differences (--check: only report)."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Change nothing; exit with 1 if anything differs."
        )
        parser.add_argument("--project", type=int, help="Only the project with this id.")

    def handle(self, *, check: bool, project: int | None, **options: Any) -> None:
        projects = Project.objects.filter(deleted_at=None).order_by("pk")
        if project is not None:
            projects = projects.filter(pk=project)
        tasks, found = 0, []
        with tqdm(unit="task", disable=options["verbosity"] == 0) as bar:
            for one in projects:
                for ids in drift.chunks(one):
                    found += self._tasks(ids, check=check)
                    tasks += len(ids)
                    bar.update(len(ids))
                found += self._totals(one, check=check)
                found += self._more(one, check=check)
        self._triggers(check=check)
        self._conclude(found, f"{len(projects)} projects, {tasks} tasks", check=check)

    def _triggers(self, *, check: bool) -> None:
        """Without them, SQL could change verdicts and history."""
        if (found := triggers.differences()) and not check:
            self.stdout.write("\n".join(found))
            triggers.install()
            found = triggers.differences()
        if found:
            raise CommandError("\n".join(found))

    def _tasks(self, ids: list[int], *, check: bool) -> list[drift.Drift]:
        found = drift.drift_of_tasks(ids)
        if found and not check:
            drift.repair_tasks({one.task for one in found if one.task})
        return found

    def _totals(self, project: Project, *, check: bool) -> list[drift.Drift]:
        found = drift.drift_of_totals(project)
        if found and not check:
            drift.repair_totals(project)
        return found

    def _more(self, project: Project, *, check: bool) -> list[drift.Drift]:
        found = []
        for counters in drift.MORE:
            if differing := counters.find(project):
                found += differing
                if not check:
                    counters.repair(project)
        return found

    def _conclude(self, found: list[drift.Drift], counted: str, *, check: bool) -> None:
        for one in found[:MAX_LINES]:
            self.stdout.write(str(one))
        if len(found) > MAX_LINES:
            self.stdout.write(f"… and {len(found) - MAX_LINES} more")
        forged = [one for one in found if one.what.startswith(drift.VERDICT)]
        if not found:
            self.stdout.write(f"no drift: {counted}")
        elif check:
            raise CommandError(f"{len(found)} differences in {counted}. Repair them: manage.py recount")
        elif forged:
            raise CommandError(
                f"{len(forged)} verdicts have no standing review: they were written with triggers disabled."
                " Check them by hand."
            )
        else:
            self.stdout.write(f"repaired {len(found)} differences in {counted}")
