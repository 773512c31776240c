"""The data folder of `make run`: refused with a sentence, locked, with a secret key of its own."""

import os

import pytest

from devserver import data_folder


def test_a_data_folder_of_somebody_else_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(SystemExit, match="belongs to another user"):
        data_folder.data_folder()


def test_a_file_as_data_folder_is_a_sentence(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("DATA", str(file))
    with pytest.raises(SystemExit, match="as the data folder: File exists"):
        data_folder.data_folder()


def test_a_locked_data_folder_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(data_folder, "LOCK_SECONDS", 0.1)
    held = data_folder.lock(tmp_path)
    with pytest.raises(SystemExit, match="in use by another `make run`"):
        data_folder.lock(tmp_path)
    os.close(held)
    os.close(data_folder.lock(tmp_path))


def test_the_secret_key_is_made_once_and_private(tmp_path):
    key = data_folder.secret_key(tmp_path)
    assert data_folder.secret_key(tmp_path) == key
    assert len(key) > 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
