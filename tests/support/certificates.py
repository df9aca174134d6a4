"""Keys and certificates of tests, made by openssl."""

import subprocess
from pathlib import Path


def make_certificate(folder: Path, name: str, *, days: int = 1, issuer: str | None = None) -> None:
    """A key and a certificate for loopback; signed by itself, or by `issuer`."""
    own = (
        ["subjectAltName=IP:127.0.0.1", "basicConstraints=critical,CA:FALSE"] if issuer else ["basicConstraints=critical,CA:TRUE"]
    )
    signed = ["-CA", f"{folder}/{issuer}.pem", "-CAkey", f"{folder}/{issuer}.key"] if issuer else []
    _make(folder, name, days, own, signed)


def make_application_certificate(folder: Path, name: str, uri: str) -> None:
    """A key and a certificate of an application of OPC UA, which is no authority and is known by its URI."""
    usage = "keyUsage=digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment"
    _make(
        folder,
        name,
        1,
        [f"subjectAltName=URI:{uri}", "basicConstraints=critical,CA:FALSE", usage, "extendedKeyUsage=clientAuth"],
        [],
    )


def _make(folder: Path, name: str, days: int, extensions: list[str], signed: list[str]) -> None:
    form = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", f"/CN={name}"]
    added = [word for extension in extensions for word in ("-addext", extension)]
    files = ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"]
    subprocess.run([*form, *added, *signed, *files], check=True, capture_output=True)
