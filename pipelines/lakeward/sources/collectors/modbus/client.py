"""Clients of devices, with or without TLS. With it, messages have the same header as without (Modbus/TCP Security, port 802)."""

import ssl

from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.transport import CommParams, CommType

from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import SettingsError

# Scheme -> port of the protocol; the second is TLS.
SCHEME, SECURE = "modbus", "modbuss"
PORTS = {SCHEME: 502, SECURE: 802}


class _SecureClient(AsyncModbusTcpClient):  # type: ignore[misc]  # the library states no types
    """A client over TLS. The library's own leaves out the header, and with it the unit of the device."""

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext) -> None:
        self.comm_params = CommParams(
            comm_type=CommType.TLS,
            host=host,
            port=port,
            sslctx=context,
            comm_name="comm",
            reconnect_delay=0,
            timeout_connect=timeout,
        )
        super().__init__("", framer=FramerType.SOCKET, retries=0)


def make_client(connection: ConnectionSettings, timeout: float) -> AsyncModbusTcpClient:
    """A client that is not connected yet.

    Args:
        timeout: Seconds for a connection, and for an answer.

    Raises:
        SettingsError: A certificate or key can't be used.
    """
    port = connection.port or PORTS[connection.scheme]
    if connection.scheme != SECURE:
        return AsyncModbusTcpClient(connection.host, port=port, timeout=timeout, retries=0, reconnect_delay=0)
    return _SecureClient(connection.host, port, timeout, tls_context(connection))


def tls_context(connection: ConnectionSettings) -> ssl.SSLContext:
    """TLS that verifies the device by the connection's authority, or by those of the machine.

    Raises:
        SettingsError: A certificate or key can't be used.
    """
    try:
        context = ssl.create_default_context(cafile=str(connection.ca) if connection.ca else None)
        if connection.certificate:
            context.load_cert_chain(connection.certificate, connection.key)
    except (OSError, ssl.SSLError):
        raise SettingsError("modbus_files", name=connection.name, place=connection.place) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
