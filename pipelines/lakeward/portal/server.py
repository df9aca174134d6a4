"""Serves the portal: one process, one port, and a thread that follows the lake."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows import Portal, open_portal
from lakeward.portal.hosts import LOOPBACK_HOSTS

# Name of the secret of a proxy that logs people in, and its characters at least.
PROXY_SECRET, SHORTEST_SECRET = "PORTAL_PROXY", 32
# Seconds between two looks at the lake.
FOLLOW_SECONDS = 5.0
# Seconds that a browser's idle connection stays open.
KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the portal listens.

    Args:
        host: Address of this machine to listen at.
        port: 0 for any free one.
        certificate, key: Files of TLS; None for none.
        behind_proxy: Whether a proxy ends TLS and checks the name.
        user_header: Header by which the proxy names the account that it has logged in; None for none.
        has_metrics: Whether it answers `/metrics`.
    """

    host: str = "127.0.0.1"
    port: int = 8420
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
    user_header: str | None = None
    has_metrics: bool = False

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def secure(self) -> bool:
        """Whether browsers reach it by HTTPS."""
        return self.certificate is not None or self.behind_proxy


# Gets the open portal and its address, before the first request.
OnReady = Callable[[Portal, str], None]


def serve_portal(settings: Settings, door: Door, on_ready: OnReady) -> None:
    """Serve the portal of the project until the process is interrupted.

    Raises:
        UsageError: There is no project, another portal of it runs, the lake is not a local folder, other machines would reach the portal
            without encryption, or a proxy that names accounts has no secret.
        MachineError: The port is taken, a file can't be written, or the extra `portal` is not installed.
    """
    if not door.is_loopback and not door.secure:
        raise UsageError("portal_not_loopback", host=door.host)
    secret = _proxy_secret(settings, door)
    uvicorn, make_site_app = _import_app()
    with _listening(door) as listener, _open(settings) as portal:
        config = uvicorn.Config(
            make_site_app(portal, door, secret),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            ssl_certfile=door.certificate,
            ssl_keyfile=door.key,
            forwarded_allow_ips="127.0.0.1" if door.behind_proxy else "",
            proxy_headers=door.behind_proxy,
        )
        scheme = "https" if door.certificate else "http"
        on_ready(portal, f"{scheme}://{_host_in_address(door.host)}:{listener.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _open(settings: Settings) -> Iterator[Portal]:
    """The portal, refreshed once and then followed."""
    portal, stop = open_portal(settings), Event()
    follower = Thread(target=_follow, args=(portal, stop), name="follow", daemon=True)
    try:
        portal.refresh()
        follower.start()
        yield portal
    finally:
        stop.set()
        if follower.is_alive():
            follower.join()
        portal.close()


def _follow(portal: Portal, stop: Event) -> None:
    while not stop.wait(FOLLOW_SECONDS):
        portal.refresh()


@contextmanager
def _listening(door: Door) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listener.bind((door.host, door.port))
        except OSError as error:
            raise MachineError("portal_port_taken", host=door.host, port=door.port, found=error.strerror) from None
        yield listener
    finally:
        listener.close()


def _proxy_secret(settings: Settings, door: Door) -> str:
    """The secret by which the proxy is known; empty where it names no one."""
    if door.user_header is None:
        return ""
    secret = settings.secrets.get(PROXY_SECRET, "")
    if not door.behind_proxy or len(secret) < SHORTEST_SECRET:
        raise UsageError("portal_user_header", variable=f"LAKEWARD_SECRET_{PROXY_SECRET}", expected=SHORTEST_SECRET)
    return secret


def _import_app() -> tuple[Any, Callable[[Portal, Door, str], Any]]:
    """The server, and what makes the application; both need the extra `portal`."""
    try:
        import uvicorn  # noqa: PLC0415 -- of an extra

        from lakeward.portal import app, security, site  # noqa: PLC0415 -- as above
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"jinja2", "markupsafe", "prometheus_client", "starlette", "uvicorn"}:
            raise
        raise MachineError("extra_missing", extra="portal") from error

    def make_app(portal: Portal, door: Door, secret: str) -> Any:
        hosts = LOOPBACK_HOSTS if door.is_loopback and not door.behind_proxy else ()
        trusted = security.TrustedProxy(door.user_header.lower(), secret) if door.user_header else None
        reached = site.Site(portal=portal, hosts=hosts, secure=door.secure, trusted=trusted)
        return app.make_app(reached, has_metrics=door.has_metrics)

    return uvicorn, make_app


def _host_in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
