"""moto as a proxy on loopback, with what its release lacks for some resources (`moto_plus`): Terraform's files need no change for it."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Where `make terraform` puts checkov, parliament and moto; an environment of their own, since they pin what Lakeward pins otherwise.
TOOLS = Path(os.environ.get("TERRAFORM_TOOLS", Path(__file__).parents[2] / ".cache" / "terraform-tools")).absolute() / "bin"  # noqa: TID251
PLUS = Path(__file__).parent / "moto_plus.py"
HAS_TOOLS = (TOOLS / "checkov").is_file()
NO_TOOLS = "checkov, parliament and moto are not set up: make terraform"


@dataclass(frozen=True)
class Moto:
    """A running moto.

    Args:
        proxy: The environment by which a client reaches it in place of AWS.
        store: Address of its buckets, for clients that know an endpoint; it answers one request after another.
    """

    proxy: dict[str, str]
    store: str


@contextmanager
def moto_proxy(log: Path) -> Iterator[Moto]:
    """A moto of its own; what it holds ends with it."""
    port, store = _free_port(), _free_port()
    with log.open("wb") as output:
        environment = {**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}  # noqa: TID251
        words = [TOOLS / "python", PLUS, str(port), str(store)]
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        _wait_for(port, process, log)
        certificate = next(TOOLS.parent.glob("lib/python*/site-packages/moto/moto_proxy/ca.crt"))
        proxy = f"http://127.0.0.1:{port}"
        variables = {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "AWS_CA_BUNDLE": str(certificate)}
        yield Moto({**variables, "AWS_DEFAULT_REGION": "eu-central-1"}, f"http://127.0.0.1:{store}")
    finally:
        process.kill()  # it holds nothing, and would wait for each open connection
        process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text(errors="replace")
        time.sleep(0.3)
    raise AssertionError(f"moto does not answer: {log.read_text(errors='replace')}")
