"""What the screens of a project may load: the hosts it takes its pictures and sounds from."""

from django.http import HttpResponse

from labelstudio.content_security import policy_for, with_origins
from tasks.models import Project


def policy_of(project: Project) -> dict[str, list[str]]:
    return policy_for(project.media_origins)


def with_policy_of(project: Project, response: HttpResponse) -> HttpResponse:
    return with_origins(response, project.media_origins)
