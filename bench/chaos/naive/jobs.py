"""With late acknowledgement, retries and the outbox's own schedule: naive, but not careless."""

from celery import Task, shared_task

from webhooks import retries
from webhooks.transport import post


@shared_task(bind=True, max_retries=None)
def send(self: Task, url: str, message: str, body: str) -> None:
    answer = post(url, body.encode(), {"Content-Type": "application/json", "webhook-id": message})
    if answer.is_success:
        return
    wait = retries.wait_after(self.request.retries + 1, status=answer.status, error=answer.error)
    if wait is not None:
        raise self.retry(countdown=wait)
