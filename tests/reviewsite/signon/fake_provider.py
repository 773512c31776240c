"""A small OpenID Connect provider on a local port: discovery, authorize, token, keys, userinfo."""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "countersign", "between the two of us"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """Signs everybody on as `person`. `lies` override claims of the signed token; `signed_by`: the key."""

    person: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    signed_by: str = "published"
    grants: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        handler = type("Handler", (_Handler,), {"provider": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def discovery(self) -> dict[str, str]:
        names = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "userinfo_endpoint": "me",
            "jwks_uri": "keys",
        }
        return {"issuer": self.url, **{name: f"{self.url}/{path}" for name, path in names.items()}}

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key("published").public_key()))
        return {"keys": [public | {"kid": "published", "alg": "RS256", "use": "sig"}]}

    def code_for(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe()
        self.grants[code] = asked
        return code

    def tokens(self, sent: dict[str, str]) -> dict[str, str] | None:
        """None unless code, client, secret, redirect address and PKCE proof match the request."""
        asked = self.grants.pop(sent.get("code", ""), None)
        proof = (
            base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
            .rstrip(b"=")
            .decode()
        )
        fits = asked and (sent["client_id"], sent["client_secret"], sent["redirect_uri"]) == (
            CLIENT,
            SECRET,
            asked["redirect_uri"],
        )
        if not asked or not fits or asked["code_challenge"] != proof:
            return None
        return {"access_token": "access", "token_type": "Bearer", "id_token": self.id_token(asked["nonce"])}

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "p-1",
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
        } | self.lies
        return jwt.encode(claims, key(self.signed_by), algorithm="RS256", headers={"kid": "published"})

    def me(self) -> dict[str, Any]:
        return {"sub": "p-1", **self.person, **self.userinfo}


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, _fields(urlsplit(self.path).query)
        if path == "/authorize":
            back = {"code": self.provider.code_for(query), "state": query["state"]}
            return self._redirect(f"{query['redirect_uri']}?{urlencode(back)}")
        bodies = {
            "/.well-known/openid-configuration": self.provider.discovery,
            "/keys": self.provider.keys,
            "/me": self.provider.me,
        }
        return self._answer(200, bodies[path]())

    def do_POST(self) -> None:
        sent = _fields(self.rfile.read(int(self.headers["Content-Length"])).decode())
        tokens = self.provider.tokens(sent)
        self._answer(200 if tokens else 400, tokens or {"error": "invalid_grant"})

    def _redirect(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass


def _fields(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
