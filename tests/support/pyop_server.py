"""The identity provider of pyop behind a small HTTP server: a program, started by `support.openid_provider`."""

import json
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from Cryptodome.PublicKey import RSA
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwkest.jwk import RSAKey
from pyop.authz_state import AuthorizationState
from pyop.exceptions import OAuthError
from pyop.provider import Provider
from pyop.subject_identifier import HashBasedSubjectIdentifierFactory
from pyop.userinfo import Userinfo


def new_key(number):
    """Made by OpenSSL: in Python alone it takes seconds."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return RSAKey(kid=f"key{number}", key=RSA.import_key(pem), alg="RS256", use="sig")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        provider = self.server.provider
        if path == "/.well-known/openid-configuration":
            self.say(200, provider.provider_configuration.to_json())
        elif path == "/jwks":
            self.say(200, json.dumps(provider.jwks))
        elif path == "/authorize":
            provider.parse_authentication_request(query)
            self.say(200, '<form method="post"><label>User <input name="user"></label><button>Go on</button></form>', "text/html")
        else:
            self.say(404, "")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        provider = self.server.provider
        if self.path.startswith("/rotate"):
            self.server.keys += 1
            provider.signing_key = new_key(self.server.keys)
            self.say(204, "")
        elif self.path.startswith("/token"):
            try:
                found = provider.handle_token_request(body, dict(self.headers), lambda user, _: self.server.users[user])
            except OAuthError as error:
                self.say(400, json.dumps({"error": error.oauth_error}))
                return
            self.say(200, found.to_json())
        else:
            user = parse_qs(body)["user"][0]
            asked = provider.parse_authentication_request(urlsplit(self.path).query)
            found = provider.authorize(asked, user)
            self.send_response(303)
            self.send_header("Location", found.request(asked["redirect_uri"]))
            self.end_headers()

    def say(self, status, text, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def main():
    given = json.loads(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(given["certificate"], given["key"])
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    issuer = f"https://127.0.0.1:{server.server_port}"
    addresses = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
    server.users, server.keys = given["users"], 1
    client = {
        "client_secret": given["secret"],
        "redirect_uris": [given["redirect"]],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    server.provider = Provider(
        new_key(1),
        {
            "issuer": issuer,
            "scopes_supported": ["openid", "profile"],
            **{name: issuer + path for name, path in addresses.items()},
        },
        AuthorizationState(HashBasedSubjectIdentifierFactory("salt")),
        {given["client"]: client},
        Userinfo({name: {} for name in given["users"]}),
    )
    print(issuer, flush=True)  # noqa: T201  (where it listens)
    server.serve_forever()


if __name__ == "__main__":
    main()
