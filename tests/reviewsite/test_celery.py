"""A worker gets a new connection when PostgreSQL has closed the old one."""

import pytest
from celery.signals import task_prerun
from django.db import InterfaceError, OperationalError, connection

from tasks.models import Project


@pytest.mark.django_db(transaction=True)
def test_job_after_one_that_lost_its_connection_has_a_new_one():
    connection.ensure_connection()
    connection.connection.close()
    with pytest.raises((InterfaceError, OperationalError)):
        Project.objects.count()

    task_prerun.send(sender=None)

    assert Project.objects.count() == 0
