"""What the two commands that make a data set have in common."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from jobs.models import State
from jobs.progress import progress_bar
from tasks.models import Project
from users.capabilities import SITE_ROLES
from users.models import User

from .. import datasets
from ..jobs import start_base_fit
from ..maths.base_fit import Algorithm
from ..models import Dataset


class LoadingCommand(BaseCommand):
    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--project", type=int, help="Id of the project whose members audit. None: everybody."
        )
        parser.add_argument(
            "--as",
            dest="actor",
            metavar="EMAIL",
            help="Who makes it (default: the first owner or administrator of the site).",
        )
        parser.add_argument("--algorithm", choices=list(Algorithm), default=Algorithm.BASELINE.value)
        parser.add_argument("--no-fit", action="store_true", help="Do not fit a base model to it.")

    def person(self, email: str | None) -> User:
        people = User.objects.filter(is_active=True)
        if email:
            found = people.filter(email=email).first()
        else:
            admins = people.filter(is_superuser=True) | people.filter(site_role__in=SITE_ROLES)
            found = admins.order_by("pk").first()
        if found is None:
            raise CommandError(f"There is no active {email or 'owner or administrator'}. Say who: --as EMAIL")
        return found

    def project(self, project_id: int | None) -> Project | None:
        if project_id is None:
            return None
        found = Project.objects.filter(pk=project_id, deleted_at=None).first()
        if found is None:
            raise CommandError(f"There is no project {project_id}.")
        return found

    def report(self, dataset: Dataset, actor: User, seconds: float, options: dict[str, Any]) -> None:
        said = ", ".join(f"{count:,} {name}" for name, count in datasets.sizes(dataset).items())
        self.stdout.write(f'Data set {dataset.pk} "{dataset.title}": {said}, stored in {seconds:.1f} s.')
        if not options["no_fit"]:
            self._fit(dataset, actor, options)

    def _fit(self, dataset: Dataset, actor: User, options: dict[str, Any]) -> None:
        with progress_bar(unit="step", is_shown=options["verbosity"] > 0) as progress:
            job = start_base_fit(
                dataset,
                actor,
                algorithm=options["algorithm"],
                seed=options.get("seed") or 0,
                is_run_now=True,
                progress=progress,
            )
        if job.state != State.SUCCEEDED or job.report is None:
            raise CommandError(f"The base model was not fitted: {(job.error or {}).get('detail')}")
        report = job.report
        self.stdout.write(
            f"Base model {report['base_model']} ({report['algorithm']}, seed {report['seed']}): "
            f"{report['ratings']:,} ratings in {report['seconds']:.2f} s, sha256 {report['sha256'][:12]}."
        )
        if metrics := report["metrics"]:
            gate = metrics["gate"]
            self.stdout.write(
                f"Held out {metrics['raters']:,} raters: MAE {metrics['mae']:.3f}, item means "
                f"{metrics['item_mean_mae']:.3f} ({metrics['gain']:.1%} better). Topic factors "
                f"{'pass' if gate['passes'] else 'do not pass'} the gate (z = {gate['z']:.1f})."
            )
