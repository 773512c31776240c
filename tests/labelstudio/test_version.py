"""Versions by part, as Label Studio's clients ask for them."""


def test_the_version_is_open_to_anybody(client):
    body = client.get("/api/version").json()

    assert body["edition"] == "Community"
    assert body["label-studio-os-package"]["version"] == "1.23.2"
