"""Saved exports in the admin: of one's own projects, deleted with their files."""

import pytest
from django.urls import reverse

from exchange.exporting import snapshots
from exchange.models import Export


@pytest.fixture
def export(house, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return snapshots.create(house.project, actor=house.reviewer, title="Friday")


def test_a_lead_sees_and_opens_the_exports_of_their_projects(export, house, client):
    client.force_login(house.lead)

    assert "Friday" in client.get(reverse("admin:exchange_export_changelist")).content.decode()
    assert client.get(reverse("admin:exchange_export_change", args=[export.pk])).status_code == 200


def test_deleting_one_deletes_its_file(export, house, client, tmp_path):
    client.force_login(house.admin)
    client.post(reverse("admin:exchange_export_delete", args=[export.pk]), {"post": "yes"})

    assert not Export.objects.exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
