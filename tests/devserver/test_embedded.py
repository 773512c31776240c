import os
import signal
import subprocess
import sys

import pytest

from devserver import processes
from devserver.embedded import Redis, socket_folder

WHO_SERVES = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(os.stat(f"/proc/{connection.info.backend_pid}").st_uid)
"""
PRETEND_NO_NAMESPACES = """
from devserver import embedded, processes
processes.user_namespaces_work = lambda: False
embedded.main()
"""


def embedded(*start: str) -> list[str]:
    return [sys.executable, *(start or ("-m", "devserver.embedded")), "--"]


def test_the_socket_folder_is_short_private_and_the_same_each_time(tmp_path):
    deep = tmp_path / ("long, with a 'quote' and blanks " * 5)
    folder = socket_folder(deep)
    try:
        assert socket_folder(deep) == folder
        assert len(str(folder)) < 60
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        folder.rmdir()


def test_an_open_socket_folder_is_refused(tmp_path):
    folder = socket_folder(tmp_path)
    folder.chmod(0o777)
    try:
        with pytest.raises(SystemExit, match="is not private to you"):
            socket_folder(tmp_path)
    finally:
        folder.rmdir()


def test_the_command_of_embedded_gets_its_services_and_its_exit_code(tmp_path):
    connect = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).execute('select 1')"
    script = f"{connect}; raise SystemExit(7)"
    run = subprocess.run([*embedded(), sys.executable, "-c", script], timeout=30)
    assert run.returncode == 7


def test_embedded_passes_signals_on_and_cleans_up(tmp_path):
    command = [*embedded(), "sh", "-c", "echo $REDIS_URL; exec sleep 50"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    socket = run.stdout.readline().strip().removeprefix("unix://")
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=20)
    assert socket.startswith("/tmp/countersign-")
    assert not os.path.exists(socket)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to leave root")
def test_root_without_user_namespaces_runs_postgres_as_nobody():
    command = [*embedded("-c", PRETEND_NO_NAMESPACES), sys.executable, "-c", WHO_SERVES]
    assert int(subprocess.check_output(command, timeout=30)) == processes.NOBODY


def test_without_redis_the_broker_is_a_folder(monkeypatch, tmp_path):
    monkeypatch.setattr("devserver.embedded.redis_binary", lambda: None)
    assert Redis(tmp_path, sockets=tmp_path).url == f"filesystem://{tmp_path}/broker"
    assert (tmp_path / "broker").is_dir()
