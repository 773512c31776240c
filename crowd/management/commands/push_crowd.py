"""Push reviews to the dataset repositories of their campaigns."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exchange.management.arguments import person_named
from jobs import runner
from jobs.models import Job, State
from jobs.progress import Progress, progress_bar

from ... import jobs
from ...hub import Hub, Unavailable
from ...models import Campaign
from ..shared import add_campaign, campaign_named, errors_in_words

POLL_SECONDS = 0.5


class Command(BaseCommand):
    help = "Push the reviews that wait to the dataset repository of their campaign."

    def add_arguments(self, parser) -> None:
        add_campaign(parser, required=False, help="One of them; without it, all that have a repository.")
        parser.add_argument(
            "--create-repository",
            action="store_true",
            help="Create the dataset on the hub, as a private one, unless it is there.",
        )

    def handle(self, *, create_repository: bool, **options: Any) -> None:
        with errors_in_words():
            person = person_named(options["actor"])
            if options["campaign"]:
                found = [campaign_named(options["campaign"], person)]
            else:
                mine = Campaign.objects.visible_to(person).select_related("project")
                found = list(mine.exclude(hub_repo="").order_by("slug"))
            if not found:
                raise CommandError(
                    "No campaign has a dataset repository. Enter one in the admin, as owner/name."
                )
            failed = 0
            for campaign in found:
                if create_repository and campaign.hub_repo:
                    _create(campaign)
                job = jobs.start_push(campaign, person)
                with progress_bar(unit="review", is_shown=options["verbosity"] > 0) as progress:
                    _finish(job, progress)
                failed += job.state != State.SUCCEEDED
                self._tell(campaign, job)
        if failed:
            raise CommandError("Not everything was pushed. What waits is kept.")

    def _tell(self, campaign: Campaign, job: Job) -> None:
        if job.report is not None:
            pushed = f"{job.report['pushed']:,} reviews pushed in {job.report['commits']:,} commits"
            self.stdout.write(f'"{campaign.title}": {pushed} to {campaign.hub_repo}')
        elif job.error is not None:
            self.stderr.write(f'"{campaign.title}": {job.error["detail"]}')


def _create(campaign: Campaign) -> None:
    try:
        Hub().create(campaign.hub_repo)
    except Unavailable as error:
        raise CommandError(f"{error}. Nothing was pushed; try again later.") from None


def _finish(job: Job, progress: Progress) -> None:
    """Each step by this process, or by a worker that was faster. If this process dies, a worker goes on."""
    while not job.is_finished:
        runner.run_step(job.pk)
        job.refresh_from_db()
        progress(job.done, job.total, job.sentence)
        if not job.is_finished:
            time.sleep(POLL_SECONDS)
