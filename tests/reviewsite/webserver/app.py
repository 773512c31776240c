"""What the web server of these tests serves."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from reviewsite.wsgi import application as site


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """`/big?<megabytes>` and `/sha256`, which reads its body; everything else is the site."""
    if environ["PATH_INFO"] == "/big":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * 2**20 for _ in range(int(environ["QUERY_STRING"])))
    if environ["PATH_INFO"] == "/api/projects/1/import":
        digest, read = sha256(), environ["wsgi.input"].read
        while chunk := read(2**16):
            digest.update(chunk)
        body = digest.hexdigest().encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]
    return site(environ, start_response)
