"""Serves the lake to other machines until it is stopped."""

import ipaddress
import logging
import resource
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from lakeward.core.errors import MachineError, ProtectionError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.identity import open_register
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.server import LOG_NAME
from lakeward.flows.serving.abandoned_entries import commit_abandoned_entries
from lakeward.flows.serving.entry_copies import EntryCopies
from lakeward.flows.serving.policy import load_policy
from lakeward.flows.serving.reader import access_log_folder

if TYPE_CHECKING:
    from lakeward.flows.server.freshness import Freshness
    from lakeward.flows.server.gateway import Gateway, GatewayParts

# Seconds for statements to end after a stop; and for those that are interrupted then.
DRAIN_SECONDS, INTERRUPT_SECONDS = 10.0, 5.0
# Seconds between two sweeps of what is idle.
_SWEEP = 1.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

# Takes a message code and its facts: that the server is ready, and that it stops.
OnServerState = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAddress:
    """Where the server listens.

    Args:
        port: 0 for a free one.
        certificate, key: Files in PEM; None only with `insecure`.
        insecure: Without TLS, on a loopback address.
    """

    host: str = "127.0.0.1"
    port: int = 31337
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False


def serve(settings: Settings, address: ServerAddress, stop: Event, on_state: OnServerState) -> bool:
    """Serve until `stop` is set; statements that run then have `DRAIN_SECONDS` to end.

    Returns:
        Whether all of them have ended; if not, the process has to be ended by force.

    Raises:
        UsageError: The project has no accounts, or there is neither TLS nor a loopback address.
        ProtectionError: The key of the certificate, or the register, is not stored safely.
        PolicyError: The policy is not valid.
        MachineError: The extra `server` is missing, or the address can't be used.
    """
    if find_spec("pyarrow") is None:
        raise MachineError("extra_missing", extra="server")
    certificates = _certificates(address)
    workspace = open_workspace(settings)
    load_policy(workspace)
    resource.setrlimit(
        resource.RLIMIT_CORE, (0, 0)
    )  # an image of its memory would hold tokens, the key of the certificate and rows
    if workspace.project.oidc is None and not open_register(workspace).has_accounts:
        raise UsageError("server_without_accounts")
    with _shown_faults(), workspace.sharing() as shared:
        with shared.engine() as engine:
            commit_abandoned_entries(engine, access_log_folder(workspace), EntryCopies.of(workspace.lake))
        return _run(shared, settings, address, certificates, (stop, on_state))


@contextmanager
def _shown_faults() -> Iterator[None]:
    """Let the server's faults reach the error stream: they hold no value."""
    log, handler = logging.getLogger(LOG_NAME), logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def _run(
    workspace: Workspace,
    settings: Settings,
    address: ServerAddress,
    certificates: list[tuple[bytes, bytes]],
    control: tuple[Event, OnServerState],
) -> bool:
    from lakeward.flows.server.freshness import Freshness  # noqa: PLC0415 -- needs an extra
    from lakeward.flows.server.gateway import Gateway  # noqa: PLC0415 -- as above

    stop, on_state = control
    freshness = Freshness(workspace)
    parts = _make_parts(workspace, settings, freshness)
    try:
        gateway = _open(Gateway, address, certificates, parts, settings)
        on_state("server_ready", {"host": address.host, "port": gateway.port})
        while not stop.wait(_SWEEP):
            parts.sessions.sweep(parts.limits.idle_seconds)
            with suppress(MachineError):  # a store out of reach: statements say so themselves
                parts.workers.sweep(freshness.stamp())
        on_state("server_stops", {"statements": parts.watch.count()})
        return _drain(gateway, parts)
    finally:
        parts.sessions.close()
        parts.workers.close()
        parts.watch.close()


def _make_parts(workspace: Workspace, settings: Settings, freshness: "Freshness") -> "GatewayParts":
    from lakeward.flows.server.gateway import GatewayParts  # noqa: PLC0415 -- needs an extra
    from lakeward.flows.server.running import StatementWatch  # noqa: PLC0415 -- as above
    from lakeward.flows.server.sessions import ReaderSessions  # noqa: PLC0415 -- as above
    from lakeward.flows.server.slots import Slots  # noqa: PLC0415 -- as above
    from lakeward.flows.server.workers import WorkerPool  # noqa: PLC0415 -- as above

    limits, store = workspace.project.server, (workspace.project.storage.connection or "").upper()
    # Of all connections a worker needs that of the lake's object store alone.
    for_workers = replace(settings, connections={name: url for name, url in settings.connections.items() if name == store})
    return GatewayParts(
        sessions=ReaderSessions(workspace, settings, freshness),
        workers=WorkerPool(for_workers, limits),
        slots=Slots(limits),
        watch=StatementWatch(),
        limits=limits,
    )


def _open(
    kind: "type[Gateway]",
    address: ServerAddress,
    certificates: list[tuple[bytes, bytes]],
    parts: "GatewayParts",
    settings: Settings,
) -> "Gateway":
    import pyarrow as pa  # noqa: PLC0415 -- needs an extra

    host = f"[{address.host}]" if ":" in address.host else address.host
    location = f"{'grpc+tls' if certificates else 'grpc'}://{host}:{address.port}"
    try:
        return kind(location, certificates, parts, settings.lang)
    except (pa.ArrowException, OSError):
        raise MachineError("server_not_started", address=f"{host}:{address.port}") from None


def _drain(gateway: "Gateway", parts: "GatewayParts") -> bool:
    """Let statements end, then interrupt them; whether all have ended."""
    gateway.is_stopping = True
    closing = threading.Thread(target=gateway.shutdown, name="shutdown", daemon=True)
    closing.start()
    closing.join(DRAIN_SECONDS)
    parts.watch.is_stopping = True
    closing.join(INTERRUPT_SECONDS)
    return not closing.is_alive()


def _certificates(address: ServerAddress) -> list[tuple[bytes, bytes]]:
    """Certificate and key; none without TLS."""
    if address.insecure and not address.certificate:
        if not _is_loopback(address.host):
            raise UsageError("server_insecure", host=address.host)
        return []
    if not address.certificate or not address.key:
        raise UsageError("server_without_tls")
    try:
        mode = address.key.stat().st_mode
        if mode & _OTHERS:
            raise ProtectionError("server_key_readable", file=address.key, mode=f"{stat.S_IMODE(mode):04o}")
        return [(address.certificate.read_bytes(), address.key.read_bytes())]
    except OSError as error:
        raise MachineError("server_certificate", file=error.filename, found=error.strerror) from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
