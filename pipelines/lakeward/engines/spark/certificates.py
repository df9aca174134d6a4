"""Lets the JVM of the driver trust further authorities, besides those that Java trusts."""

from pathlib import Path
from typing import Any

# Files whose certificates this process's JVM trusts.
_TRUSTED: set[Path] = set()
# Of a file that holds certificates alone, no keys: it protects nothing.
_PASSWORD = "changeit"  # noqa: S105
_TYPE = "PKCS12"


def trust_authorities(jvm: Any, ca: Path) -> None:
    """Trust the authorities in this file of certificates in PEM, in all clients of this JVM that are made later.

    The client of S3 has a context of its own, which knows the file that Java's properties name, and no default that a program sets.
    """
    if ca in _TRUSTED:
        return
    certificates = [*_trusted_authorities(jvm), *_read(jvm, ca)]
    store = jvm.java.security.KeyStore.getInstance(_TYPE)
    store.load(None, None)
    for number, certificate in enumerate(certificates):
        store.setCertificateEntry(f"authority-{number}", certificate)
    file = jvm.java.io.File.createTempFile("lakeward-authorities", ".p12")
    file.deleteOnExit()
    password, output = jvm.java.io.CharArrayWriter(), jvm.java.io.FileOutputStream(file)
    password.write(_PASSWORD)
    store.store(output, password.toCharArray())
    output.close()
    for name, value in {"": file.getPath(), "Type": _TYPE, "Password": _PASSWORD}.items():
        jvm.java.lang.System.setProperty(f"javax.net.ssl.trustStore{name}", value)
    _TRUSTED.add(ca)


def _trusted_authorities(jvm: Any) -> list[Any]:
    """Certificates that a client made now would trust."""
    managers = jvm.javax.net.ssl.TrustManagerFactory.getInstance(jvm.javax.net.ssl.TrustManagerFactory.getDefaultAlgorithm())
    managers.init(None)
    return [each for manager in managers.getTrustManagers() for each in manager.getAcceptedIssuers()]


def _read(jvm: Any, file: Path) -> list[Any]:
    factory = jvm.java.security.cert.CertificateFactory.getInstance("X.509")
    return list(factory.generateCertificates(jvm.java.io.ByteArrayInputStream(file.read_bytes())))
