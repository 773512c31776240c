"""Rules that only the database checks."""

import pytest

from tasks.errors import Refused
from tests.exchange.importing.files import UUIDS, load, task_of

pytestmark = pytest.mark.django_db


def test_violated_constraint_names_the_tasks(project, monkeypatch):
    monkeypatch.setattr("exchange.importing.rows.uuid.uuid4", lambda: UUIDS[0])

    with pytest.raises(
        Refused, match=r"tasks 1 to 2: the database refuses one of them \(task_unique_id_unique\)"
    ):
        load([task_of(), task_of()], project)
