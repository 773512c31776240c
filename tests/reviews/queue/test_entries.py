"""Entries of the queue follow what they are derived from."""

from tasks.services import tasks
from tests.snapshots import assert_all_true


def test_new_data_of_a_task_without_a_verdict_reaches_the_queue(house):
    tasks.update(house.task.pk, {"data": {"text": "New"}}, actor=house.lead)

    assert_all_true(house.project)
