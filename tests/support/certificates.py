"""Keys and certificates of tests, made by openssl."""

import subprocess
from pathlib import Path


def make_certificate(
    folder: Path, name: str, *, days: int = 1, issuer: str | None = None, alternative: str = "IP:127.0.0.1"
) -> None:
    """A key and a certificate for loopback; signed by itself, or by `issuer`."""
    own = ["-addext", f"subjectAltName={alternative}"] if issuer else ["-addext", "basicConstraints=critical,CA:TRUE"]
    signed = ["-CA", f"{folder}/{issuer}.pem", "-CAkey", f"{folder}/{issuer}.key"] if issuer else []
    form = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", f"/CN={name}"]
    files = ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"]
    subprocess.run([*form, *own, *signed, *files], check=True, capture_output=True)
