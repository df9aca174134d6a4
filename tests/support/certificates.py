"""Keys and certificates of tests, made by openssl."""

import ipaddress
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


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


def make_expired_certificate(folder: Path, name: str, issuer: str) -> None:
    """As `make_certificate` by an issuer, and out of date since yesterday; openssl makes none such."""
    authority = x509.load_pem_x509_certificate((folder / f"{issuer}.pem").read_bytes())
    signer = serialization.load_pem_private_key((folder / f"{issuer}.key").read_bytes(), None)
    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
    builder = builder.issuer_name(authority.subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=2)).not_valid_after(now - timedelta(days=1))
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = builder.add_extension(loopback, critical=False).sign(signer, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    forms = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    (folder / f"{name}.key").write_bytes(key.private_bytes(*forms))


def expire(certificate: Path, key: Path) -> None:
    """Sign the certificate again by its own key, out of date since yesterday."""
    before = x509.load_pem_x509_certificate(certificate.read_bytes())
    signer, now = serialization.load_pem_private_key(key.read_bytes(), None), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(before.subject).issuer_name(before.issuer).public_key(before.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=2)).not_valid_after(now - timedelta(days=1))
    for extension in before.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    made = builder.sign(signer, hashes.SHA256())
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _make(folder: Path, name: str, days: int, extensions: list[str], signed: list[str]) -> None:
    form = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", f"/CN={name}"]
    added = [word for extension in extensions for word in ("-addext", extension)]
    files = ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem"]
    subprocess.run([*form, *added, *signed, *files], check=True, capture_output=True)
