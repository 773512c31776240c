"""Jobs as people see them. (The app `jobs` knows no projects, so whose jobs they are is decided here.)"""

from django.db.models import Q, QuerySet

from jobs import runner
from jobs.models import Job
from jobs.registry import kind_of
from users.models import User
from users.sentences import sentence as _

from ..errors import Refused
from ..models import Project


def visible_jobs(user: User) -> QuerySet[Job]:
    """Those of projects the user manages, and their own where they still see the project. Without a project:
    their own, or all for the owner and administrators of the site.
    """
    managed = Project.objects.managed_by(user).values("pk")
    seen = Project.objects.visible_to(user).values("pk")
    own = Q(created_by=user) & (Q(project_id=None) | Q(project_id__in=seen))
    of_site = Q(project_id=None) if user.runs_site else Q(pk__in=[])
    return Job.objects.filter(Q(project_id__in=managed) | own | of_site)


def cancel(job: Job) -> None:
    """Raises Refused if the job has ended, or must not be left half done."""
    if not kind_of(job).is_cancellable:
        raise Refused(
            "not_cancellable",
            _(
                "Job %(job)s follows a change of settings. Change them back: that is another such job.",
                job=job.pk,
            ),
        )
    if not runner.cancel(job):
        raise Refused(
            "job_finished", _("Job %(job)s has already ended. There is nothing to cancel.", job=job.pk)
        )
