"""The demo's own endpoint, which points at the demo's own receiver."""

from django.conf import settings
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from tasks.models import Project
from users.models import User
from webhooks import endpoints
from webhooks.models import Webhook

PURPOSE = "countersign.demo.sink"
HEARD = [
    "ANNOTATION_ACCEPTED",
    "ANNOTATION_REJECTED",
    "ANNOTATION_FIXED_AND_ACCEPTED",
    "ANNOTATION_REVIEW_WITHDRAWN",
    "TASK_REVIEWED",
    "TASK_UNREVIEWED",
]
# The receiver lives in the web server that it is sent from: it may keep only a few of its threads waiting.
PARALLEL = 2


def key() -> str:
    """Only who reads the endpoint's URL knows where to post."""
    return salted_hmac(PURPOSE, "path", algorithm="sha256").hexdigest()[:32]


def path() -> str:
    return f"/demo/sink/{key()}/"


def pointing_here() -> QuerySet[Webhook]:
    return Webhook.objects.filter(url__endswith=path()).order_by("pk")


def ensure(project: Project, *, actor: User) -> Webhook:
    """Made once; at each start it follows the site to its port."""
    url = f"{settings.BASE_URL}{path()}"
    webhook = pointing_here().filter(project=project).first()
    if webhook is None:
        fields = {"send_for_all_actions": False, "actions": HEARD, "parallel": PARALLEL}
        return endpoints.create(actor=actor, project=project, url=url, **fields)
    return webhook if webhook.url == url else endpoints.change(webhook, {"url": url})
