"""The HTTP door: one address at which the datasets of one connection take messages."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address
from threading import Event, Thread

from lakeward.core.clock import Clock, SystemClock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import LakewardError, MachineError, SettingsError
from lakeward.sources.collectors.http.inbox import HttpInbox

# Scheme -> its port.
SCHEMES = {"http": 80, "https": 443}
# Requests at the same time, waiting connections, and seconds for the last requests to end.
MOST_REQUESTS, BACKLOG, LAST_SECONDS = 512, 512, 10
# Seconds between two looks at who is alive.
_LOOK = 0.2


def check_door(connection: ConnectionSettings) -> None:
    """Check that the door can be opened: the libraries, the address, and the files of TLS.

    Raises:
        MachineError: The extra is missing.
        SettingsError: The scheme is not HTTP; other machines would reach it without encryption; or a file of TLS can't be used.
    """
    if any(find_spec(name) is None for name in ("starlette", "uvicorn", "pyarrow")):
        raise MachineError("extra_missing", extra="http")
    if connection.scheme not in SCHEMES:
        raise SettingsError("connection_scheme", name=connection.name, place=connection.place, expected="https://, http://")
    if connection.scheme == "http" and not _is_loopback(connection.host):
        raise SettingsError("door_not_encrypted", name=connection.name, place=connection.place, host=connection.host)
    if connection.scheme == "https":
        tls_context(connection)


def tls_context(connection: ConnectionSettings) -> ssl.SSLContext:
    """TLS of the door; with `ca`, senders need a certificate of that authority, too.

    Raises:
        SettingsError: Certificate and key are missing, or can't be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not connection.certificate:
        raise SettingsError("door_without_certificate", name=connection.name, place=connection.place)
    try:
        context.load_cert_chain(connection.certificate, connection.key)
        if connection.ca:
            context.load_verify_locations(connection.ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError:  # ssl.SSLError is one
        raise SettingsError("connection_tls_files", name=connection.name, place=connection.place) from None
    return context


def listen(connection: ConnectionSettings) -> socket.socket:
    """A socket that listens at the address.

    Raises:
        MachineError: The address is taken, or is none of this machine.
    """
    family = socket.AF_INET6 if ":" in connection.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((connection.host, SCHEMES[connection.scheme] if connection.port is None else connection.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise MachineError("door_taken", address=connection.address, found=error.strerror or type(error).__name__) from None
    return listener


@dataclass(slots=True, kw_only=True)
class HttpDoor:
    """The door of one connection.

    Args:
        listener: Socket that listens already.
        app: The ASGI application over the inboxes.
        failed: Takes the error of each dataset whose inbox could not start or go on.
    """

    connection: ConnectionSettings
    listener: socket.socket
    inboxes: Mapping[str, HttpInbox]
    app: object
    has_lineage: bool = False
    clock: Clock = field(default_factory=SystemClock)
    failed: dict[str, LakewardError] = field(default_factory=dict)

    def run(self, stop: Event) -> None:
        """Take messages until `stop` is set, or no inbox is alive; what was taken by then is landed and answered."""
        import uvicorn  # noqa: PLC0415 -- an extra

        config = uvicorn.Config(
            self.app,  # type: ignore[arg-type]
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=MOST_REQUESTS,
            timeout_graceful_shutdown=LAST_SECONDS,
            ssl_context_factory=(lambda *_: tls_context(self.connection)) if self.connection.scheme == "https" else None,
        )
        server, ended = uvicorn.Server(config), Event()
        threads = [Thread(target=self._guard, args=(name, ended), name=f"inbox {name}") for name in self.inboxes]
        serving = Thread(target=server.run, kwargs={"sockets": [self.listener]}, name="door")
        for thread in (*threads, serving):
            thread.start()
        while not stop.wait(_LOOK) and serving.is_alive() and (self.has_lineage or any(one.is_alive() for one in threads)):
            continue
        server.should_exit = True
        serving.join()
        ended.set()
        for thread in threads:
            thread.join()
        self.listener.close()

    def _guard(self, name: str, ended: Event) -> None:
        try:
            self.inboxes[name].run(ended)
        except LakewardError as error:
            self.failed[name] = error


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
