"""An identity provider for log-ins: pyop's, which shares no code with ours, in a process of its own; and one that does as a test says."""

import base64
import hashlib
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from lakeward.core.settings import Settings
from support.certificates import make_certificate
from support.plant import make_plant

CLIENT, SECRET = "lakeward-portal", "the secret of the client at the provider"
SERVER = Path(__file__).with_name("pyop_server.py")


@dataclass(frozen=True)
class PyopProvider:
    """A running provider.

    Args:
        ca: File of the authority that its certificate is by.
    """

    issuer: str
    ca: Path

    def post(self, address: str, body: str = "") -> HTTPResponse:
        parts = urlsplit(address)
        trusted = ssl.create_default_context(cafile=self.ca)
        connection = HTTPSConnection(parts.netloc, timeout=60, context=trusted)
        try:
            connection.request("POST", f"{parts.path}?{parts.query}", body)
            answer = connection.getresponse()
            answer.read()
            return answer
        finally:
            connection.close()

    def rotate_keys(self) -> None:
        """Give it another key; the one of before is gone."""
        assert self.post(f"{self.issuer}/rotate").status == 204

    def log_in(self, address: str, user: str) -> dict[str, str]:
        """Type a name into its form; what it sends the browser back with."""
        answer = self.post(address, f"user={user}")
        assert answer.status == 303
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@contextmanager
def pyop_provider(folder: Path, redirect: str, users: dict[str, dict[str, Any]]) -> Iterator[PyopProvider]:
    """A provider with this client.

    Args:
        folder: Where its certificates are made.
        redirect: Address to which browsers are sent back; it takes no other.
        users: Name that is typed there -> claims of its tokens.
    """
    make_certificate(folder, "authority")
    make_certificate(folder, "provider", issuer="authority")
    tls = {"certificate": f"{folder}/provider.pem", "key": f"{folder}/provider.key"}
    given = json.dumps({"client": CLIENT, "secret": SECRET, "redirect": redirect, "users": users, **tls})
    process = subprocess.Popen([sys.executable, str(SERVER), given], stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline().strip()
        assert line.startswith("https"), line
        yield PyopProvider(line, folder / "authority.pem")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_key(key: rsa.RSAPrivateKey, name: str) -> dict[str, Any]:
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig", "alg": "RS256"}


@dataclass
class OwnProvider:
    """A provider whose every answer a test decides; as it is made it is a correct one.

    Args:
        change: Changes the claims of the next token.
        sign: Makes the token of claims; None for a correct signature.
        describe: Changes what it says of itself.
        status: HTTP status of its token address.
        published: Keys that it publishes.
    """

    issuer: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    change: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    sign: Callable[[dict[str, Any]], str] | None = None
    describe: Callable[[dict[str, Any]], dict[str, Any]] = lambda description: description
    status: int = 200
    published: list[dict[str, Any]] = field(default_factory=list)
    begun: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def description(self) -> dict[str, Any]:
        addresses = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
        return self.describe({"issuer": self.issuer, **{name: self.issuer + path for name, path in addresses.items()}})

    def answer_to(self, address: str, **more: str) -> dict[str, str]:
        """What the browser brings back from the address at which it logged in."""
        self.begun = dict(parse_qsl(urlsplit(address).query))
        return {"code": "the-code", "state": self.begun["state"], **more}

    def token(self, form: dict[str, str]) -> str:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        assert (self.begun["code_challenge"], self.begun["code_challenge_method"]) == (challenge, "S256")
        assert (form["redirect_uri"], form["code"]) == (self.begun["redirect_uri"], "the-code")
        now = datetime.now(UTC)
        usual = {"iss": self.issuer, "aud": CLIENT, "sub": "0-1", "iat": now, "exp": now + timedelta(minutes=5)}
        claims = self.change({**usual, "nonce": self.begun["nonce"], "account": "li.wei"})
        return self.sign(claims) if self.sign else jwt.encode(claims, self.key, "RS256", headers={"kid": "own"})


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        own: OwnProvider = self.server.own
        own.asked.append(self.path)
        if self.path == "/.well-known/openid-configuration":
            self._say(200, own.description())
        elif self.path == "/jwks":
            self._say(200, {"keys": own.published or [public_key(own.key, "own")]})
        else:
            self._say(404, {})

    def do_POST(self):
        own: OwnProvider = self.server.own
        own.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if own.status != 200:
            self._say(own.status, {"error": "invalid_grant", "error_description": "<script>the words of the provider</script>"})
            return
        token = own.token(form)
        self._say(200, {"access_token": "a", "token_type": "Bearer", "expires_in": 60, **({"id_token": token} if token else {})})

    def _say(self, status, content):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_):
        pass


@contextmanager
def own_provider() -> Iterator[OwnProvider]:
    """A running provider of the test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.own = OwnProvider(issuer=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.own
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


LOGIN = """
portal_login:
  issuer: {issuer}
  client: lakeward-portal
  secret: portal_oidc
  claim: account
"""


def project_with_login(folder: Path, issuer: str, more: str = "") -> Settings:
    """A project whose people log in at this provider; `more` are further lines of its YAML."""
    plant = make_plant(folder)
    with (plant.root / "expectations" / "project.yaml").open("a", encoding="utf-8") as file:
        file.write(LOGIN.format(issuer=issuer) + more)
    return replace(plant.settings, secrets={"PORTAL_OIDC": SECRET})
