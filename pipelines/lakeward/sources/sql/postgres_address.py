"""The address of a PostgreSQL server for libpq. TLS either checks the certificate or is off by the connection's own word."""

import ipaddress
import ssl
from urllib.parse import quote, urlencode

from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import SettingsError

# Seconds to wait for the server's answer to a connection.
CONNECT_SECONDS = 10
_VERIFIED, _PLAIN = "verify-full", "disable"


def postgres_url(connection: ConnectionSettings) -> str:
    """The URL with its secrets: only for libpq.

    Raises:
        SettingsError: `sslmode` asks for TLS that does not check whom it talks to.
    """
    mode = tls_mode(connection)
    options = {"connect_timeout": str(CONNECT_SECONDS), "application_name": "lakeward"}
    if mode == _VERIFIED:
        options["sslrootcert"] = ssl.get_default_verify_paths().cafile or "system"
    options |= connection.libpq | {"sslmode": mode, "client_encoding": "UTF8"}
    return f"{connection.url('postgresql')}?{urlencode(options, quote_via=quote)}"


def tls_mode(connection: ConnectionSettings) -> str:
    """`verify-full` or `disable`: without `sslmode` TLS is off to this machine alone.

    Raises:
        SettingsError: As `postgres_url`.
    """
    told = connection.libpq
    has_ca = "sslrootcert" in told
    default = _PLAIN if _is_loopback(told.get("hostaddr", connection.host)) and not has_ca else _VERIFIED
    mode = told.get("sslmode", default)
    if mode not in (_VERIFIED, _PLAIN) or (mode == _PLAIN and has_ca):
        raise SettingsError("connection_tls_unverified", name=connection.name, place=connection.place, found=mode)
    return mode


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
