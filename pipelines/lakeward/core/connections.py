"""Connections to brokers and databases: address, user, password and TLS files, under a name. Values of secrets never reach a message."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from lakeward.core.errors import SettingsError
from lakeward.core.spelling import is_slip, near_names

# Parameters of a connection's URL that name files of TLS.
TLS_FILES = ("ca", "certificate", "key")
# Those of libpq, but the host, port, database, user and password, which the address says itself.
_LIBPQ = (
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "sslcompression",
    "sslnegotiation",
    "sslkeylogfile",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "min_protocol_version",
    "max_protocol_version",
    "channel_binding",
    "require_auth",
    "requirepeer",
    "gssencmode",
    "gsslib",
    "gssdelegation",
    "krbsrvname",
    "scram_client_key",
    "scram_server_key",
    "oauth_issuer",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_scope",
    "hostaddr",
    "passfile",
    "service",
    "servicefile",
    "connect_timeout",
    "client_encoding",
    "options",
    "application_name",
    "fallback_application_name",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "replication",
    "target_session_attrs",
    "load_balance_hosts",
)
# Scheme -> its other parameters; a scheme that is not here has none.
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "opc.tcp": ("policy", "mode"),
    **dict.fromkeys(("kafka", "kafkas"), ("mechanism",)),
    **dict.fromkeys(("postgresql", "postgres"), _LIBPQ),
    "sqlite": ("file",),
    **dict.fromkeys(("smtp", "smtps"), ("from",)),
}
# Schemes whose parameters are the driver's, and webhooks, of whose address they are a part.
_FREE = re.compile(r"(mysql|mariadb|mssql|sqlserver|oracle)(\+.*)?|.+\+https?")
# Parameters of the address that `lakeward new --from` looks at, by scheme; they are taken off before it is read as a connection.
_OF_LOOK: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("kafka", "kafkas"), ("schemaFile", "messageType")),
    **dict.fromkeys(("modbus", "modbuss"), ("map",)),
    **dict.fromkeys(("postgresql", "postgres", "sqlite"), ("table",)),
}
# Likeness from which on a parameter of Airflow's connection is a slip.
_ALIKE = 0.8
_LOOK, AIRFLOW = "--from", "Airflow"
_WEBHOOK = re.compile(r".+\+https?")
# A word that is no part of a password: for messages.
_WORD = re.compile(r"[a-zA-Z_]{1,30}")
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """Where and as whom to connect.

    Args:
        scheme: Protocol, such as `mqtts`; whether it uses TLS follows from it.
        port: None for the protocol's own.
        path: Path of the URL without its slash, such as the name of a database.
        ca: File of certificates of authorities that are trusted; None for those of the machine.
        certificate, key: Files of the client's own certificate and key, in PEM; None for none.
        parameters: Other parameters of the URL.
        place: Where it was found, for messages.
    """

    name: str
    scheme: str
    host: str
    port: int | None = None
    path: str = ""
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    place: str = ""

    @property
    def address(self) -> str:
        """`scheme://host:port/path`, without user, password and parameters: for messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{f':{self.port}' if self.port else ''}{f'/{self.path}' if self.path else ''}"

    @property
    def libpq(self) -> dict[str, str]:
        """What it says beside its address, by libpq's names."""
        files = {"sslrootcert": self.ca, "sslcert": self.certificate, "sslkey": self.key}
        told = {key: value for key, value in self.parameters.items() if key in _LIBPQ}
        return told | {key: str(file) for key, file in files.items() if file}

    def url(self, scheme: str | None = None) -> str:
        """The whole URL with its secrets, for clients that take one: never for messages.

        Args:
            scheme: Another name of the scheme, as the client calls it.
        """
        password = f":{quote(self.password, safe='')}" if self.password is not None else ""
        login = f"{quote(self.user or '', safe='')}{password}@" if self.user is not None or password else ""
        parts = SplitResult(scheme or self.scheme, login + urlsplit(self.address).netloc, self.path, "", "")
        return parts.geturl()


def public_address(url: str) -> str:
    """The URL without user, password and parameters, also of one that is not valid: for messages."""
    scheme, mark, rest = url.partition("://")
    if not mark:  # a mistyped one: what stands before an @ may be a password
        return re.split(r"[?#]", url.rpartition("@")[2])[0]
    place = re.split(r"[?#]", rest.rpartition("@")[2])[0]
    return f"{scheme}://{place}"


def parse_connection(name: str, url: str, place: str, folder: Path) -> ConnectionSettings:
    """The connection in a URL: `scheme://user:password@host:port/path?ca=FILE&certificate=FILE&key=FILE`.

    Args:
        place: Where the URL was found, for messages.
        folder: What paths of files in it are relative to.

    Raises:
        SettingsError: It is no URL with scheme and host, has a parameter that its scheme does not have, or a file of TLS is missing. The
            message has no value of it.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise _not_valid(name, place) from None
    parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
    has_place = parts.hostname or (parts.scheme == "sqlite" and parts.path)
    if not parts.scheme or not has_place or (port is not None and not 0 < port <= _MAX_PORT):
        raise _not_valid(name, place)
    if _hides_password(parts, parameters):
        raise _not_valid(name, place)
    _check_parameters(name, parts, list(parameters), place)
    files = _tls_files(parts.scheme.lower())
    return ConnectionSettings(
        name=name,
        scheme=parts.scheme.lower(),
        host=parts.hostname or "",
        port=port,
        path=parts.path.lstrip("/"),
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        parameters={key: value for key, value in parameters.items() if key not in files},
        place=place,
        **{key: _tls_file(name, key, parameters[key], place, folder) for key in files if parameters.get(key)},
    )


def _tls_files(scheme: str) -> tuple[str, ...]:
    """Those of `TLS_FILES` that name files in a URL of this scheme; where drivers and webhooks have such a parameter, it is theirs."""
    if _WEBHOOK.fullmatch(scheme):
        return TLS_FILES[:1]
    return () if _FREE.fullmatch(scheme) else TLS_FILES


def _hides_password(parts: SplitResult, parameters: Mapping[str, str]) -> bool:
    """Whether a sign that is not percent-encoded may have cut a password in two, so that a part of it looks like something else."""
    is_free = _FREE.fullmatch(parts.scheme)
    if "@" in parts.fragment or (parts.fragment and not is_free) or any("@" in key for key in parameters):
        return True
    if "@" in parts.netloc:
        return False
    known = (*TLS_FILES, *_PARAMETERS.get(parts.scheme, ()))
    has_slip = any("@" in value and key not in known for key, value in parameters.items())
    is_cut = ":" in parts.netloc and has_slip and not _WEBHOOK.fullmatch(parts.scheme)
    return is_cut or bool("@" in parts.path and parts.hostname and not is_free)


def _check_parameters(name: str, parts: SplitResult, found: Sequence[str], place: str) -> None:
    """Refuse a parameter that would be left out in silence. Airflow's own connections may hold what is meant for others."""
    scheme = parts.scheme.lower()
    if _FREE.fullmatch(scheme):
        return
    known = (*TLS_FILES, *_PARAMETERS.get(scheme, ()), *(_OF_LOOK.get(scheme, ()) if place == _LOOK else ()))
    for key in found:
        if key not in known and (place != AIRFLOW or is_slip(key, known, _ALIKE)):
            shown = key if _WORD.fullmatch(key) and "@" not in parts.query else "-"
            expected = ", ".join(known)
            raise SettingsError(
                "connection_parameter",
                name=name,
                place=place,
                found=shown,
                close=", ".join(near_names(key, known)),
                expected=expected,
            )


def _tls_file(name: str, key: str, text: str, place: str, folder: Path) -> Path:
    path = folder / text
    if not path.is_file():
        raise SettingsError("connection_file_missing", name=name, key=key, file=path, place=place)
    return path


def _not_valid(name: str, place: str) -> SettingsError:
    expected = "scheme://user:password@host:port/path?ca=FILE&certificate=FILE&key=FILE"
    return SettingsError("connection_not_valid", name=name, place=place, expected=expected)
