"""Object stores on loopback for tests: versitygw, and MinIO as a second one by other hands."""

import http.client
import os
import shutil
import socket
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.core.storage.lake import Lake
from lakeward.core.storage.options import S3Options
from lakeward.core.storage.signed_requests import signed_headers
from lakeward.engines.spark.jars import check_store_jars

KEY_ID, SECRET, BUCKET = "test-key", "test-secret-of-loopback", "plant"
# A program of Go: `go install github.com/versity/versitygw/cmd/versitygw@latest` puts it here.
PROGRAM = shutil.which("versitygw") or str(Path.home() / "go" / "bin" / "versitygw")
HAS_SERVER = Path(PROGRAM).exists()
WHY_NOT = "versitygw is not installed: go install github.com/versity/versitygw/cmd/versitygw@latest"


def free_port():
    """A port of loopback that no one listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def versitygw(folder, versions=None, certificate=()):
    """Serve the folder, whose folders are buckets; gives the address, and ends the process at the end.

    Args:
        versions: Folder for older versions of objects; None to keep none.
        certificate: Files of a certificate and its key, to serve behind TLS.
    """
    port, tls = free_port(), [word for pair in zip(("--cert", "--key"), map(str, certificate), strict=False) for word in pair]
    keep = ["--versioning-dir", str(versions)] if versions else []
    (folder / BUCKET).mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [PROGRAM, "--port", f"127.0.0.1:{port}", "--quiet", *tls, "posix", *keep, str(folder)],
        env={"ROOT_ACCESS_KEY": KEY_ID, "ROOT_SECRET_KEY": SECRET, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port)
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


# Names the program of MinIO (tests/README.md).
MINIO = os.environ.get("TEST_MINIO")  # noqa: TID251


@contextmanager
def minio(folder, port=None):
    """Serve the folder by MinIO, with the bucket; gives the process and the address, and ends it at the end.

    Args:
        port: Where; None for a free one.
    """
    port = port or free_port()
    (folder / BUCKET).mkdir(parents=True, exist_ok=True)
    words = ["server", "--quiet", "--address", f"127.0.0.1:{port}", "--console-address", f"127.0.0.1:{free_port()}", str(folder)]
    process = subprocess.Popen(
        [MINIO, *words],
        env={"MINIO_ROOT_USER": KEY_ID, "MINIO_ROOT_PASSWORD": SECRET, "HOME": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(f"127.0.0.1:{port}")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def wait_until_ready(host, seconds=30):
    """Wait until MinIO says that it answers: its port is open before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with closing(http.client.HTTPConnection(host, timeout=2)) as connection, suppress(OSError):
            connection.request("GET", "/minio/health/ready")
            with connection.getresponse() as answer:
                if answer.status == 200:
                    return
        time.sleep(0.05)
    raise TimeoutError(host)


def wait_for_port(port, seconds=20):
    """Wait until something listens on the port."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError(port)


def options(endpoint, **changes):
    """How to reach the bucket at this address."""
    return S3Options(**{"region": "us-east-1", "endpoint": endpoint, "key_id": KEY_ID, "secret": SECRET} | changes)


def lake_at(endpoint, files, prefix="lake", **changes):
    """A lake below this prefix of the bucket."""
    return Lake(address=f"s3://{BUCKET}/{prefix}", files=Path(files), options=options(endpoint, **changes))


def make_locked_bucket(endpoint, bucket):
    """Make a bucket with object lock."""
    headers = signed_headers(
        options(endpoint), "PUT", f"{endpoint}/{bucket}", headers={"x-amz-bucket-object-lock-enabled": "true"}
    )
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"))
    try:
        connection.request("PUT", f"/{bucket}", None, headers)
        assert connection.getresponse().status == 200
    finally:
        connection.close()


def environment(endpoint):
    """Variables of a process that uses the store."""
    return {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }


def require_store_jars():
    """Skip without Spark's jars for object stores, as `lakeward spark setup --s3` brings them."""
    try:
        check_store_jars(Settings.load().spark.jars)
    except LakewardError as error:
        pytest.skip(str(error))
