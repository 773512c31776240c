"""The same request about files, several times at once."""

import pytest

from tasks.models import Upload
from tasks.services import uploads
from tests.api.media.conftest import a_file
from tests.factories import client_of
from tests.parallel import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_files_are_deleted_once(house):
    with uploads.stored(house.project, [a_file()], actor=house.lead):
        pass

    assert sorted(together([lambda: uploads.delete(Upload.objects.all())] * 4)) == [0, 0, 0, 1]


def test_files_of_a_request_with_a_key_are_kept_once(house):
    path = f"/api/projects/{house.project.pk}/import?commit_to_project=false"

    def send():
        answer = client_of(house.lead).post(
            path, {"file": a_file()}, format="multipart", HTTP_IDEMPOTENCY_KEY="nightly-17"
        )
        return answer.status_code, *answer.json()["file_upload_ids"]

    answers = together([send] * 4)

    pk = Upload.objects.get().pk
    assert sorted(answers) == [(200, pk)] * 3 + [(201, pk)]
