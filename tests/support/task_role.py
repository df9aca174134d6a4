"""The address at which a container asks for the credentials of its role, as ECS and EKS serve it, on loopback."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

TOKEN = "token-of-this-container"


@dataclass
class TaskRole:
    """What the address says, and how often it was asked.

    Args:
        said: Body of an answer.
        moved_to: Address that it sends askers to; None to answer itself.
    """

    said: str
    moved_to: str | None = None
    url: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        """Of a container with this role."""
        return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": TOKEN}


def credentials(key_id: str, secret: str, token: str | None = None) -> str:
    """The document that AWS says."""
    found = {"AccessKeyId": key_id, "SecretAccessKey": secret, "Expiration": "2099-01-01T00:00:00Z", "RoleArn": "TASK_ROLE"}
    return json.dumps(found | ({"Token": token} if token else {}))


@contextmanager
def task_role(said: str, moved_to: str | None = None) -> Iterator[TaskRole]:
    """Serve the answer; who does not bring the container's token is refused."""
    role = TaskRole(said, moved_to)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            role.asked.append(self.path)
            is_known = self.headers["Authorization"] == TOKEN
            self.send_response(403 if not is_known else 302 if role.moved_to else 200)
            if role.moved_to:
                self.send_header("Location", role.moved_to)
            self.end_headers()
            self.wfile.write(role.said.encode() if is_known else b"{}")

        def log_message(self, *_: object) -> None:
            """Nothing: the server is part of a test."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        role.url = f"http://127.0.0.1:{server.server_address[1]}/v2/credentials/plant?id=1"
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield role
        finally:
            server.shutdown()
