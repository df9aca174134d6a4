"""Opens a session of an OPC UA server: security, trust and login. Why that fails is a message code, not an exception of the library."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from asyncua import Client, ua
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import MachineError, SettingsError
from lakeward.core.messages import Phrase
from lakeward.sources.collectors.opcua.lasting_client import LastingClient

SCHEME = "opc.tcp"
PORT = 4840
POLICIES = ("Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss")
MODES = ("Sign", "SignAndEncrypt")
# Seconds for the server to answer.
TIMEOUT = 5.0
# Milliseconds that the server keeps the session, and with it the queues, of a client that is away.
SESSION_MS = 3_600_000
_NOT_CURRENT = Phrase("phrase_not_current")
_LOGIN = ("BadUserAccessDenied", "BadIdentityTokenRejected", "BadIdentityTokenInvalid", "BadUserSignatureInvalid")


class SourceFault(Exception):  # noqa: N818 -- a state of the source, which the collector says and tries again
    """Why the server can't be read now.

    Args:
        code: Message code of the state.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


def check_server(connection: ConnectionSettings) -> None:
    """Check that the connection is one to a server, and that its security is whole.

    Raises:
        MachineError: The extra is missing.
        SettingsError: The scheme, policy or mode is unknown; or one of the files that a policy needs is missing or can't be used.
    """
    if find_spec("pyarrow") is None:
        raise MachineError("extra_missing", extra="opcua")
    if connection.scheme != SCHEME:
        raise SettingsError("connection_scheme", name=connection.name, place=connection.place, expected=f"{SCHEME}://")
    policy, mode = connection.parameters.get("policy", ""), connection.parameters.get("mode", MODES[-1])
    if (policy and policy not in POLICIES) or mode not in MODES or ("mode" in connection.parameters and not policy):
        expected = f"policy={'|'.join(POLICIES)}&mode={'|'.join(MODES)}"
        raise SettingsError("opcua_security", name=connection.name, place=connection.place, expected=expected)
    if policy:
        if not (connection.certificate and connection.key and connection.ca):
            raise SettingsError("opcua_files", name=connection.name, place=connection.place)
        _certificate(connection, connection.ca)
        _check_key(connection, _certificate(connection, connection.certificate), connection.key)


@asynccontextmanager
async def open_session(connection: ConnectionSettings, *, stays: bool) -> AsyncIterator[Client]:
    """A session; closed at the end.

    Args:
        stays: Whether the session is taken up again by itself when its link was cut.

    Raises:
        SourceFault: It can't be had now.
    """
    client = LastingClient(f"{SCHEME}://{connection.host}:{connection.port or PORT}/{connection.path}", timeout=TIMEOUT)
    client.name, client.session_timeout = "Lakeward", SESSION_MS
    if connection.user is not None:
        client.set_user(connection.user)
        client.set_password(connection.password or "")
    with naming_faults(connection):
        if connection.parameters.get("policy"):
            await _secure(client, connection)
        try:
            await client.connect(auto_reconnect=stays, reconnect_max_delay=5.0)
        except AssertionError:  # the library's own word for a server that refuses the channel
            raise SourceFault("source_client_refused", address=connection.address, reason="BadSecurityChecksFailed") from None
    try:
        yield client
    finally:
        try:
            await asyncio.wait_for(client.disconnect(), TIMEOUT)
        except (TimeoutError, OSError, ua.UaError):  # the link is cut: the server ends the session by itself
            client.disconnect_socket()


@contextmanager
def naming_faults(connection: ConnectionSettings) -> Iterator[None]:
    """Turn failures of the library and the network into states.

    Raises:
        SourceFault: One came.
    """
    address = connection.address
    try:
        yield
    except socket.gaierror:
        raise SourceFault("source_name_unknown", address=address, host=connection.host) from None
    except ua.UaStatusCodeError as error:
        raise SourceFault(_code_of(reason := type(error).__name__), address=address, reason=reason) from None
    except ua.UaError as error:
        code = "source_refused" if "endpoint" in str(error).lower() else "source_lost"
        raise SourceFault(code, address=address, reason=type(error).__name__) from None
    except (OSError, TimeoutError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise SourceFault("source_unreachable", address=address, reason=reason) from None


def _code_of(name: str) -> str:
    if name in _LOGIN:
        return "source_login_refused"
    return "source_client_refused" if "Certificate" in name or "Security" in name else "source_refused"


async def _secure(client: Client, connection: ConnectionSettings) -> None:
    """Sign or encrypt, with a server whose certificate is trusted."""
    policy = getattr(security_policies, f"SecurityPolicy{connection.parameters['policy']}")
    mode = getattr(ua.MessageSecurityMode, connection.parameters.get("mode", MODES[-1]))
    endpoint = Client.find_endpoint(await client.connect_and_get_server_endpoints(), mode, policy.URI)
    found = x509.load_der_x509_certificate(_first_certificate(endpoint.ServerCertificate))
    assert connection.ca
    assert connection.certificate
    assert connection.key
    if reason := _distrust(found, _certificate(connection, connection.ca)):
        raise SourceFault("source_certificate_refused", address=connection.address, reason=reason)
    own = _certificate(connection, connection.certificate)
    if not _is_current(own):
        raise SourceFault("source_client_refused", address=connection.address, reason=_NOT_CURRENT)
    client.application_uri = _application_uri(own)
    await client.set_security(
        policy,
        CertProperties(connection.certificate, _extension(connection.certificate)),
        CertProperties(connection.key, _extension(connection.key)),
        server_certificate=CertProperties(endpoint.ServerCertificate, "der"),
        mode=mode,
    )


def _distrust(found: x509.Certificate, trusted: x509.Certificate) -> Phrase | None:
    """Why the server's certificate is not trusted; None if it is the trusted one, or is issued by it, and is valid now."""
    if not _is_current(found):
        return _NOT_CURRENT
    if found == trusted:
        return None
    try:
        found.verify_directly_issued_by(trusted)
    except (ValueError, TypeError, InvalidSignature):
        return Phrase("phrase_not_trusted")
    return None


def _is_current(found: x509.Certificate) -> bool:
    return found.not_valid_before_utc <= datetime.now(UTC) <= found.not_valid_after_utc


def _certificate(connection: ConnectionSettings, file: Path) -> x509.Certificate:
    load = x509.load_pem_x509_certificate if _extension(file) == "pem" else x509.load_der_x509_certificate
    try:
        return load(file.read_bytes())
    except ValueError:
        raise SettingsError("connection_tls_files", name=connection.name, place=connection.place) from None


def _check_key(connection: ConnectionSettings, certificate: x509.Certificate, file: Path) -> None:
    """Check that the key is that of the certificate."""
    load = load_pem_private_key if _extension(file) == "pem" else load_der_private_key
    try:
        is_own = load(file.read_bytes(), None).public_key() == certificate.public_key()
    except (ValueError, TypeError):  # it is no key, or has a password
        is_own = False
    if not is_own:
        raise SettingsError("connection_tls_files", name=connection.name, place=connection.place)


def _extension(file: Path) -> str:
    """The form of a file, whatever its name."""
    return "pem" if file.read_bytes().lstrip().startswith(b"-----") else "der"


def _first_certificate(chain: bytes) -> bytes:
    """The server's own certificate of a chain in DER: its length is in bytes 2 and 3."""
    return chain[: int.from_bytes(chain[2:4], "big") + 4]


def _application_uri(certificate: x509.Certificate) -> str:
    """The URI in the client's certificate, by which servers know it; empty without one."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ""
    return next(iter(names.get_values_for_type(x509.UniformResourceIdentifier)), "")
