"""A hub in this process that speaks what the real client library uses, over real HTTP.

Repositories are dictionaries of path → bytes. It can be made to fail: `answers` are statuses, with headers,
for the next requests that write, instead of what they would do.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_for_the_fake_hub"


class FakeHub(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, dict[str, bytes]] = {"lab/kettles": {}}
        self.commits: list[list[str]] = []  # the paths of each
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.requests: list[str] = []
        self.after_commit: Callable[[], object] = lambda: None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def files(self) -> dict[str, bytes]:
        return self.repositories["lab/kettles"]


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()


def _git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    server: FakeHub
    protocol_version = "HTTP/1.1"
    routes: tuple[tuple[str, str, str], ...] = (
        ("POST", r"/api/repos/create", "create"),
        ("POST", r"/api/validate-yaml", "validate"),
        ("POST", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/preupload/main", "preupload"),
        ("POST", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/commit/main", "commit"),
        ("GET", r"/api/datasets/(?P<repo>[^/]+/[^/]+)(/revision/\w+)?", "info"),
        ("GET", r"/api/datasets/(?P<repo>[^/]+/[^/]+)/tree/\w+", "tree"),
        ("(HEAD|GET)", r"/datasets/(?P<repo>[^/]+/[^/]+)/resolve/\w+/(?P<path>.+)", "resolve"),
    )

    def log_message(self, *args: Any) -> None:
        """Tests read `requests`."""

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append(f"{self.command} {path}")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, {"error": "Invalid credentials"})
            return
        if self.command == "POST" and self.server.answers:
            status, headers = self.server.answers.pop(0)
            self.answer(status, {"error": "as the test wants it"}, headers)
            return
        for method, pattern, name in self.routes:
            if re.fullmatch(method, self.command) and (named := re.fullmatch(pattern, path)):
                parts = named.groupdict()
                if "repo" in parts and parts["repo"] not in self.server.repositories:
                    self.answer(404, {"error": "Repository not found"})
                    return
                getattr(self, name)(body, **parts)
                return
        self.answer(404, {"error": f"the fake hub does not know {self.command} {path}"})

    do_POST = do_HEAD = do_GET

    def answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def create(self, body: bytes) -> None:
        sent = json.loads(body)
        repo = f"{sent['organization']}/{sent['name']}"
        is_new = repo not in self.server.repositories
        self.server.repositories.setdefault(repo, {})
        self.answer(200 if is_new else 409, {"url": f"{self.server.address}/datasets/{repo}"})

    def validate(self, body: bytes) -> None:
        self.answer(200, {"errors": [], "warnings": []})

    def preupload(self, body: bytes, repo: str) -> None:
        here = self.server.repositories[repo]
        asked = [file["path"] for file in json.loads(body)["files"]]
        files = [
            {"path": path, "uploadMode": "regular", "shouldIgnore": False}
            | ({"oid": _git_oid(here[path])} if path in here else {})
            for path in asked
        ]
        self.answer(200, {"files": files})

    def commit(self, body: bytes, repo: str) -> None:
        lines = [json.loads(line) for line in body.splitlines()]
        files = [line["value"] for line in lines if line["key"] == "file"]
        for file in files:
            self.server.repositories[repo][file["path"]] = base64.b64decode(file["content"])
        self.server.commits.append([file["path"] for file in files])
        self.server.after_commit()
        url = f"{self.server.address}/datasets/{repo}/commit/{self.sha}"
        self.answer(200, {"commitUrl": url, "commitOid": self.sha})

    @property
    def sha(self) -> str:
        return f"{len(self.server.commits):040x}"

    def info(self, body: bytes, repo: str) -> None:
        self.answer(200, {"id": repo, "sha": self.sha, "siblings": []})

    def tree(self, body: bytes, repo: str) -> None:
        files = self.server.repositories[repo]
        self.answer(
            200,
            [
                {"type": "file", "path": path, "size": len(content), "oid": _git_oid(content)}
                for path, content in sorted(files.items())
            ],
        )

    def resolve(self, body: bytes, repo: str, path: str) -> None:
        content = self.server.repositories[repo].get(path)
        if content is None:
            self.answer(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
        else:
            self.answer(200, content, {"ETag": f'"{_git_oid(content)}"', "X-Repo-Commit": self.sha})
