"""What is deleted by itself, each night."""

from datetime import timedelta

import pytest
from django.utils import timezone

from exchange.jobs import prune_exports
from exchange.models import Export
from reviews.jobs import purge_trash
from tasks.models import Task
from tasks.services import tasks


@pytest.fixture
def deleted_31_days_ago(house) -> Task:
    tasks.delete_many(house.project, [house.task.pk], actor=house.lead)
    Task._base_manager.filter(pk=house.task.pk).update(deleted_at=timezone.now() - timedelta(days=31))
    return house.task


@pytest.mark.parametrize(("days", "left"), [(30, False), (32, True), (0, True)])
def test_trash_is_kept_for_so_many_days(deleted_31_days_ago, settings, days, left):
    settings.TRASH_DAYS = days

    purge_trash()

    assert Task._base_manager.filter(pk=deleted_31_days_ago.pk).exists() == left


@pytest.mark.parametrize(("days", "left"), [(90, 1), (0, 2)])
def test_saved_exports_are_kept_for_so_many_days(house, settings, days, left):
    settings.EXPORT_DAYS = days
    made = [Export.objects.create(project=house.project, created_by=house.lead) for _ in range(2)]
    Export.objects.filter(pk=made[0].pk).update(created_at=timezone.now() - timedelta(days=91))

    prune_exports()

    assert Export.objects.count() == left
