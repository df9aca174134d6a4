"""Why TLS with a server fails, by a handshake of our own: libraries of protocols say only that there is no connection."""

import socket
import ssl
from typing import NamedTuple

from lakeward.core.connections import ConnectionSettings

# Seconds in which a server says that it refuses the client's certificate; with TLS 1.3 that comes after the handshake.
_REFUSAL_SECONDS = 0.5


class TlsFault(NamedTuple):
    """Message code of a state, and the reason in the words of TLS."""

    code: str
    reason: str


def find_tls_fault(connection: ConnectionSettings, port: int, seconds: float) -> TlsFault | None:
    """What is wrong with certificates or TLS; None if nothing is, or the server can't be reached.

    Args:
        seconds: Most seconds for the connection.
    """
    try:
        context = ssl.create_default_context(cafile=str(connection.ca) if connection.ca else None)
        if connection.certificate:
            context.load_cert_chain(connection.certificate, connection.key)
        with (
            socket.create_connection((connection.host, port), seconds) as link,
            context.wrap_socket(link, server_hostname=connection.host) as secure,
        ):
            secure.settimeout(_REFUSAL_SECONDS)
            secure.recv(1)
    except ssl.SSLCertVerificationError as error:
        return TlsFault("source_certificate_refused", error.verify_message)
    except ssl.SSLError as error:
        reason = error.reason or type(error).__name__
        return TlsFault("source_client_refused" if "ALERT" in reason else "source_tls_failed", reason)
    except OSError:
        return None
    return None
