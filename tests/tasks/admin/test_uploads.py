"""Uploaded files in the admin: to look at, by the managers of their project."""

import pytest

from tasks.models import Upload


@pytest.fixture
def picture(house):
    return Upload.objects.create(
        project=house.project, name="cat.png", file="x", size=3, sha256="x", created_by=house.lead
    )


@pytest.mark.parametrize("who", ["lead", "admin"])
def test_a_file_is_looked_at_and_not_changed(house, picture, client, who):
    client.force_login(getattr(house, who))
    assert client.get("/admin/tasks/upload/").status_code == 200
    page = client.get(f"/admin/tasks/upload/{picture.pk}/change/")
    assert f'href="{picture.path}"' in page.content.decode()
    assert client.post(f"/admin/tasks/upload/{picture.pk}/delete/").status_code == 403
