"""A project that is deleted takes its campaigns off the net at once, and their rows when it is purged."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from crowd import claims
from crowd.models import Campaign, Item, Slot, Submission
from tasks.models import Project
from tasks.services import projects

from .factories import claimed, review_next, reviewer

pytestmark = pytest.mark.django_db


def test_a_purged_project_leaves_nothing_of_its_campaigns(campaign, house):
    ann = reviewer()
    review_next(campaign, ann)
    claims.skip(campaign, ann, claimed(campaign, ann).item.anno_id, "unclear")
    claimed(campaign, ann)
    projects.delete(house.project, actor=house.lead)
    assert Client().get("/c/kettles/review").status_code == 404
    Project.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    call_command("purge", verbosity=0)
    left = [model.objects.count() for model in (Project, Campaign, Item, Slot, Submission)]
    assert left == [0, 0, 0, 0, 0]
