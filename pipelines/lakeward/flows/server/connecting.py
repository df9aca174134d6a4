"""Opens a connection to a server; what it needs is imported only then."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lakeward.core.errors import MachineError

if TYPE_CHECKING:
    from lakeward.flows.server.remote import RemoteConnection


def connect_remotely(
    address: str,
    token: str,
    *,
    role: str | None = None,
    purpose: str | None = None,
    ca: str | Path | None = None,
) -> "RemoteConnection":
    """Connect to a server, and check that it takes the account: see `lakeward.connect`.

    Args:
        address: `host:port`, or `grpc://host:port` of a server without TLS.

    Raises:
        ProtectionError: The token is not valid, or the account has not the role or the purpose.
        MachineError: The extra `server` is missing, or no server answers.
    """
    if find_spec("pyarrow") is None:
        raise MachineError("extra_missing", extra="server")
    from lakeward.flows.server.remote import RemoteConnection, ServerLogin  # noqa: PLC0415 -- needs an extra

    roots = Path(ca) if ca else None
    connection = RemoteConnection(ServerLogin(address=address, token=token, role=role, purpose=purpose, ca=roots))
    connection.sql("SELECT 1")
    return connection
