"""deploy/nginx.conf: the proxy of docker-compose.yml. What needs nginx is skipped where there is none."""

import http.client
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings

from reviewsite import gunicorn_conf

from .server import HALF_OPEN, Address, Server, free_port

CONFIGURATION = settings.BASE_DIR / "deploy" / "nginx.conf"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
NGINX = shutil.which("nginx") or ""

pytestmark = [pytest.mark.xdist_group("serial"), pytest.mark.timeout(120)]
needs_nginx = pytest.mark.skipif(not NGINX, reason="nginx is not installed here")


def values_of(directive: str) -> list[str]:
    return re.findall(rf"^\s*{directive} ([^;]+);", CONFIGURATION.read_text(), re.MULTILINE)


def test_bodies_have_the_limits_of_the_site():
    mebibytes = 2**20
    assert values_of("client_max_body_size") == [
        f"{settings.API_BODY_LIMIT // mebibytes}m",
        f"{settings.IMPORT_BODY_LIMIT // mebibytes}m",
    ]


def test_heads_and_waiting_have_limits():
    assert values_of("client_header_timeout") == ["10s"]
    assert values_of("client_body_timeout") == ["20s"]
    assert values_of("send_timeout") == ["60s"]
    assert values_of("large_client_header_buffers") == ["8 8k"]
    assert gunicorn_conf.limit_request_line < 8 * 1024


def test_requests_and_answers_are_buffered():
    assert values_of("proxy_request_buffering") == values_of("proxy_buffering") == ["on"]


class Proxy(Address):
    def __init__(self, folder: Path, *, before: Server) -> None:
        self.address = ("127.0.0.1", free_port())
        text = CONFIGURATION.read_text().replace("web:8000", "{}:{}".format(*before.address))
        text = text.replace("listen 80;", f"listen 127.0.0.1:{self.address[1]};")
        folders = "".join(f"{name}_temp_path {folder}/{name};\n" for name in TEMPORARY)
        self.file = folder / "nginx.conf"
        # Started by root, its processes become somebody who may not enter the folder.
        user = "user root;\n" if os.geteuid() == 0 else ""
        self.file.write_text(f"{user}pid {folder}/pid;\n" + text.replace("http {", "http {\n" + folders))
        self.command = [NGINX, "-e", "stderr", "-p", str(folder), "-c", str(self.file)]
        subprocess.run([*self.command, "-t"], check=True, capture_output=True)
        self.process = subprocess.Popen([*self.command, "-g", "daemon off;"])
        self.wait_until_up()

    def wait_until_up(self) -> None:
        for _ in range(100):
            try:
                assert self.get("/health")[0] == 200
                return
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise AssertionError("nginx did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    server = Server(tmp_path_factory.mktemp("web"))
    running = Proxy(tmp_path_factory.mktemp("nginx"), before=server)
    yield running
    running.stop()
    server.stop()


@needs_nginx
@pytest.mark.parametrize("sent", HALF_OPEN.values(), ids=HALF_OPEN)
def test_fifty_that_stop_in_the_middle_delay_nobody(proxy: Proxy, sent: bytes):
    clients = [proxy.connect(sent=sent) for _ in range(50)]

    p95 = proxy.p95()

    print(f"/health p95 {p95 * 1000:.1f} ms")
    assert p95 < 1
    for client in clients:
        client.close()


@needs_nginx
def test_an_upload_passes(proxy: Proxy):
    body = os.urandom(2**20) * 20
    connection = http.client.HTTPConnection(*proxy.address, timeout=60)
    connection.request("POST", "/api/projects/1/import", body=body)

    assert connection.getresponse().read().decode() == sha256(body).hexdigest()


@needs_nginx
def test_too_large_a_body_is_413_in_json(proxy: Proxy):
    client = proxy.connect(
        sent=b"POST /api/tasks/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6000000\r\n\r\n"
    )

    answer = client.recv(4000)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code": "too_large"' in answer
