"""Azurite, Microsoft's emulator of Azure's blobs, on loopback."""

import base64
import hmac
import http.client
import os
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from support.object_stores import wait_for_port

# DuckDB's module of Delta looks for an emulator at this port alone.
PORT = 10_000
# The emulator's own account, which its documentation names.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
CONTAINER = "plant"
FOLDER = os.environ.get("TEST_AZURITE")  # noqa: TID251
WHY_NOT = "TEST_AZURITE names no folder in which npm install azurite ran"
URL = f"http://{ACCOUNT}:{quote(KEY, safe='')}@127.0.0.1:{PORT}/{ACCOUNT}"


@contextmanager
def azurite(folder: Path):
    """Serve a new container until the end of the block."""
    program = Path(FOLDER or ".") / "node_modules" / ".bin" / "azurite-blob"
    process = subprocess.Popen(
        ["node", str(program), "--silent", "--skipApiVersionCheck", "--blobPort", str(PORT), "--location", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(PORT, 60)
        _make_container()
        yield
    finally:
        process.kill()
        process.wait()


def _make_container():
    now, version = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"), "2021-12-02"
    place = f"/{ACCOUNT}/{ACCOUNT}/{CONTAINER}\nrestype:container"
    text = "PUT" + "\n" * 12 + f"x-ms-date:{now}\nx-ms-version:{version}\n{place}"
    signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), "sha256")).decode()
    headers = {"x-ms-date": now, "x-ms-version": version, "authorization": f"SharedKey {ACCOUNT}:{signature}"}
    connection = http.client.HTTPConnection("127.0.0.1", PORT)
    try:
        connection.request("PUT", f"/{ACCOUNT}/{CONTAINER}?restype=container", b"", headers)
        assert connection.getresponse().status == 201
    finally:
        connection.close()
