"""Sends what is in the outbox. No transaction is open while a request is under way."""

import json
import logging
import time

from celery import current_app

from . import outbox, register

log = logging.getLogger(__name__)
QUEUE = "jobs"  # not among short jobs: an answer may take a quarter of a minute
SENT_AT_ONCE = ASKED_AT_ONCE = 20
EXPIRES_SECONDS = 30
BUDGET_SECONDS = 20


def wake(submission_id: int) -> None:
    """If the broker is down, nothing is lost: the sweep asks again."""
    try:
        current_app.send_task(
            "audits.jobs.send_report", (submission_id,), queue=QUEUE, expires=EXPIRES_SECONDS, retry=False
        )
    except Exception as error:
        log.warning("no worker could be asked to send submission %s: %s", submission_id, error)


def sweep() -> None:
    """Ask for workers for what is due, and give up what a dead one had."""
    outbox.give_up_lost()
    if register.is_connected():
        for submission_id in outbox.due().values_list("pk", flat=True)[:SENT_AT_ONCE]:
            wake(submission_id)


def send(submission_id: int) -> None:
    """Unless it is not due, or another worker has it."""
    if not register.is_connected() or (claim := outbox.claim(submission_id)) is None:
        return
    reply = register.send(json.dumps(claim.submission.body).encode())
    outbox.record(claim, reply)
    log.info("submission %s, attempt %s: %s", submission_id, claim.submission.attempts, reply.outcome.value)


def ask_for_status() -> None:
    """Of some; the next call continues. Stops if the register does not answer."""
    if not register.is_connected():
        return
    end = time.monotonic() + BUDGET_SECONDS
    for submission in outbox.due_for_status()[:ASKED_AT_ONCE]:
        assert submission.register_id
        status = register.status_of(submission.register_id)
        outbox.record_status(submission, status)
        if status is None or time.monotonic() > end:
            return
