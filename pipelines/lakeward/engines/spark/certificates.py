"""Lets the JVM of the driver trust further authorities, besides those that Java trusts."""

from pathlib import Path
from typing import Any

# Files whose certificates this process's JVM trusts.
_TRUSTED: set[Path] = set()


def trust_authorities(jvm: Any, ca: Path) -> None:
    """Trust the authorities in this file of certificates in PEM, in all connections of this JVM that begin later."""
    if ca in _TRUSTED:
        return
    _TRUSTED.add(ca)
    store = jvm.java.security.KeyStore.getInstance(jvm.java.security.KeyStore.getDefaultType())
    store.load(None, None)
    for number, certificate in enumerate(
        [*_java_authorities(jvm), *(each for file in sorted(_TRUSTED) for each in _read(jvm, file))]
    ):
        store.setCertificateEntry(f"authority-{number}", certificate)
    managers = jvm.javax.net.ssl.TrustManagerFactory.getInstance(jvm.javax.net.ssl.TrustManagerFactory.getDefaultAlgorithm())
    managers.init(store)
    context = jvm.javax.net.ssl.SSLContext.getInstance("TLS")
    context.init(None, managers.getTrustManagers(), None)
    jvm.javax.net.ssl.SSLContext.setDefault(context)


def _java_authorities(jvm: Any) -> list[Any]:
    """Certificates that Java trusts."""
    managers = jvm.javax.net.ssl.TrustManagerFactory.getInstance(jvm.javax.net.ssl.TrustManagerFactory.getDefaultAlgorithm())
    managers.init(None)
    return [each for manager in managers.getTrustManagers() for each in manager.getAcceptedIssuers()]


def _read(jvm: Any, file: Path) -> list[Any]:
    factory = jvm.java.security.cert.CertificateFactory.getInstance("X.509")
    return list(factory.generateCertificates(jvm.java.io.ByteArrayInputStream(file.read_bytes())))
