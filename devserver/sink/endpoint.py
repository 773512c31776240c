"""The demo's webhook endpoint, whose URL is the sink."""

from django.conf import settings
from django.utils.crypto import salted_hmac

from tasks.models import Project
from users.models import User
from webhooks import endpoints
from webhooks.models import Webhook
from webhooks.querysets import WebhookQuerySet

PURPOSE = "countersign.demo.sink"
ACTIONS = [
    "ANNOTATION_ACCEPTED",
    "ANNOTATION_REJECTED",
    "ANNOTATION_FIXED_AND_ACCEPTED",
    "ANNOTATION_REVIEW_WITHDRAWN",
    "TASK_REVIEWED",
    "TASK_UNREVIEWED",
]
# The sink is served by the same web server as the site, so slow answers must not block all of its threads.
PARALLEL = 2


def key() -> str:
    """A secret part of the URL: only those who can read the endpoint can post to it."""
    return salted_hmac(PURPOSE, "path", algorithm="sha256").hexdigest()[:32]


def path() -> str:
    return f"/demo/sink/{key()}/"


def sink_endpoints() -> WebhookQuerySet:
    return Webhook.objects.filter(url__endswith=path()).order_by("pk")


def ensure(project: Project, *, actor: User) -> Webhook:
    """Create it once. At each start its URL is updated, because the port may have changed."""
    url = f"{settings.BASE_URL}{path()}"
    webhook = sink_endpoints().filter(project=project).first()
    if webhook is None:
        fields = {"send_for_all_actions": False, "actions": ACTIONS, "parallel": PARALLEL}
        return endpoints.create(actor=actor, project=project, url=url, **fields)
    return webhook if webhook.url == url else endpoints.change(webhook, {"url": url})
