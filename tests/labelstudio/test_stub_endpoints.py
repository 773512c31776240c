"""What Label Studio's web application asks in passing."""

import pytest

from tests.factories import client_of


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ml?project=1", []),
        ("/api/label_links?project=1", {"count": 0, "next": None, "previous": None, "results": []}),
        ("/api/templates", {"templates": [], "groups": []}),
    ],
)
def test_what_this_site_has_none_of_is_an_empty_answer(house, client, path, body):
    assert client_of(house.annotator).get(path).json() == body
    assert client.get(path).status_code == 401
