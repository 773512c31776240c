"""The parts of `make run` that can be tested without starting it; test_run.py starts it."""

import subprocess
import sys

import pytest

from devserver import supervise
from devserver.supervise import Service


def sleeper(seconds: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", f"import time; time.sleep({seconds})"], start_new_session=True
    )


def test_a_taken_port_gives_the_next_one(capsys):
    first = supervise.listen(18_400)
    second = supervise.listen(first.getsockname()[1])
    with first, second:
        assert second.getsockname()[1] > first.getsockname()[1]
    assert "is in use, using" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["http", "0", "-1", "65536"])
def test_a_wrong_port_is_a_sentence(monkeypatch, text):
    monkeypatch.setenv("PORT", text)
    with pytest.raises(SystemExit, match=f"PORT={text} is not a port number"):
        supervise.wanted_port()


def test_what_the_user_set_wins_and_what_is_empty_does_not(monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgres://mine/mine")
    monkeypatch.setenv("REDIS_URL", "")
    env = supervise.environment(tmp_path, 8123)
    assert env["DATABASE_URL"] == "postgres://mine/mine"
    assert "REDIS_URL" not in env
    assert env["BASE_URL"] == "http://127.0.0.1:8123"


def test_a_service_that_ends_is_started_again(tmp_path):
    service = Service("sleeper", lambda: sleeper(30), tmp_path / "log")
    first = service.process
    first.kill()
    first.wait()
    service.restart_if_exited()
    assert service.process.pid != first.pid
    assert service.process.poll() is None
    service.process.kill()
    service.process.wait()


def test_a_service_that_is_killed_is_not_to_blame(tmp_path, monkeypatch):
    monkeypatch.setattr(supervise, "pause", lambda _: None)
    service = Service("victim", lambda: sleeper(30), tmp_path / "log")
    for _ in range(supervise.QUICK_DEATHS + 1):
        service.process.kill()
        service.process.wait()
        service.restart_if_exited()
    assert service.quick_deaths == 0
    service.process.kill()
    service.process.wait()


def test_a_service_that_keeps_ending_shows_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr(supervise, "pause", lambda _: None)
    log = tmp_path / "log"
    log.write_text("ImportError: no module named spam")
    service = Service("broken", lambda: sleeper(0), log)
    with pytest.raises(SystemExit, match="broken exits as soon as it starts(?s:.*)no module named spam"):
        while True:
            service.process.wait()
            service.restart_if_exited()
    assert service.quick_deaths == supervise.QUICK_DEATHS
