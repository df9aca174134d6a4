"""TLS: a certificate that verifies is taken, one that does not is refused and named; nothing turns that off."""

import datetime as dt
import ipaddress
import shutil
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lakeward.core.connections import parse_connection
from lakeward.core.errors import LakewardError
from lakeward.sources.sql.opening import open_server

NOW = dt.datetime.now(dt.UTC)


def certificate(subject, issuer, key, signer, days, alternative=None):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(authority).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(NOW - dt.timedelta(days=30))
    builder = builder.not_valid_after(NOW + dt.timedelta(days=days))
    builder = builder.add_extension(x509.BasicConstraints(ca=subject == issuer, path_length=None), critical=True)
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def pem(key):
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


@pytest.fixture
def with_tls(server, tmp_path):
    """`with_tls(days, address)`: the server with such a certificate; returns the file of its authority."""

    def start(days, address="127.0.0.1"):
        authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        alternative = x509.IPAddress(ipaddress.ip_address(address))
        files = {"server.crt": certificate("plant", "authority", own, authority, days, alternative), "server.key": pem(own)}
        for file, content in files.items():
            path = server.folder / file
            path.write_bytes(content)
            shutil.chown(path, server.data.owner())
            path.chmod(0o600)
        trusted = tmp_path / "authority.pem"
        trusted.write_bytes(certificate("authority", "authority", authority, authority, 365))
        settings = {"ssl_cert_file": server.folder / "server.crt", "ssl_key_file": server.folder / "server.key", "ssl": "on"}
        server.execute(*(f"ALTER SYSTEM SET {key} = '{value}'" for key, value in settings.items()), "SELECT pg_reload_conf()")
        time.sleep(0.5)
        return trusted

    yield start
    server.execute("ALTER SYSTEM SET ssl = off", "SELECT pg_reload_conf()")


def connect(server, tmp_path, parameters):
    connection = parse_connection("historian", f"{server.url}?{parameters}", "test", tmp_path)
    with open_server(connection) as opened:
        opened.refresh()
        return opened.version()


def test_a_certificate_of_the_named_authority_is_taken(server, with_tls, tmp_path):
    trusted = with_tls(days=30)
    assert connect(server, tmp_path, f"ca={trusted}").startswith("PostgreSQL 15")


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    ("days", "address", "named"), [(-1, "127.0.0.1", True), (30, "10.9.8.7", True), (30, "127.0.0.1", False)]
)
def test_one_that_is_expired_of_another_host_or_of_an_unknown_authority_is_refused(
    server, with_tls, tmp_path, days, address, named
):
    trusted = with_tls(days, address)
    with pytest.raises(LakewardError) as failed:
        connect(server, tmp_path, f"ca={trusted}" if named else "sslmode=verify-full")
    assert failed.value.code == "sql_certificate"


@pytest.mark.sampled(2)
@pytest.mark.parametrize("mode", ["require", "prefer", "allow", "verify-ca", "disable"])
def test_no_mode_passes_a_certificate_over(server, with_tls, tmp_path, mode):
    trusted = with_tls(days=30)
    with pytest.raises(LakewardError) as failed:
        connect(server, tmp_path, f"ca={trusted}&sslmode={mode}")
    assert failed.value.code == "connection_tls_unverified"
