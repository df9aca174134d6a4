"""Creates a dataset from what an OPC UA server has: its variables, with units and ranges, and values of a bounded time."""

import logging
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from threading import Event
from typing import TYPE_CHECKING

from lakeward.contracts.opcua import ENVELOPE
from lakeward.core.connections import parse_connection
from lakeward.core.errors import MachineError
from lakeward.core.settings import Settings
from lakeward.flows.authoring.new import DraftedDataset, new_dataset_folder
from lakeward.flows.authoring.new_broker import read_watch
from lakeward.flows.authoring.new_readings import SeenReadings, draft_readings, series_name, ucum_code
from lakeward.flows.authoring.stored_connections import store_connection
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.workspace import open_workspace

if TYPE_CHECKING:
    from lakeward.sources.collectors.opcua.look import ServerLook

SCHEME = "opc.tcp"


def draft_from_server(settings: Settings, name: str, url: str, watch: str, stop: Event) -> DraftedDataset:
    """Write `expectations/datasets/<name>/` from what a server has, and its connection into the project's file of connections.

    Args:
        url: `opc.tcp://user:password@host:4840?policy=Basic256Sha256&mode=SignAndEncrypt&certificate=FILE&key=FILE&ca=FILE`.
        watch: How long to watch, such as `30s` or `5min`.
        stop: Ends the watch when it is set.

    Raises:
        UsageError: The name is invalid or already used, or no value came.
        MachineError: The server can't be reached, or refuses the connection; or the extra is missing.
    """
    workspace = open_workspace(settings)
    new_dataset_folder(workspace, name)
    connection = parse_connection("from", url, "--from", workspace.project.root)
    if any(find_spec(one) is None for one in ("asyncua", "pyarrow")):
        raise MachineError("extra_missing", extra="opcua")
    from lakeward.sources.collectors.opcua.look import look_at_server  # noqa: PLC0415 -- imports an extra
    from lakeward.sources.collectors.opcua.values import SCHEMA  # noqa: PLC0415 -- as above

    logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # what it meets is the error that is raised
    look = look_at_server(connection, read_watch(watch), stop, workspace.clock)
    stored = store_connection(workspace, url, "server")
    rate = sum(look.counts.values()) / max(look.seconds, 1)
    seen = SeenReadings(
        rows=look.rows,
        schema=SCHEMA,
        envelope=ENVELOPE,
        what=f"{len(look.nodes):,} variables of {connection.address}, watched for {look.seconds:.0f} s",
        source=(
            "kind: opcua",
            f"connection: {stored}      # its URL is in .lakeward/connections.yaml, which only you can read",
            f"samplingMs: 1000      # CHECK: {len(look.counts):,} variables gave {rate:,.1f} values a second",
        ),
        series=list(_series(look)),
    )
    folder, _ = draft_readings(workspace, name, seen, {})
    return DraftedDataset(folder=folder, notes=tuple(_notes(look, stored, rate)))


def _series(look: "ServerLook") -> Iterator[dict[str, str]]:
    """A line per variable; of those that would have one name, each keeps its address."""
    names = {one.address: series_name(one.path) for one in look.nodes}
    counts = Counter(names.values())
    for one in look.nodes:
        if one.address not in look.refused:
            series = names[one.address] if counts[names[one.address]] == 1 else one.address
            yield {"address": one.address, "series": series, "unit": ucum_code(one.unit), "low": one.low, "high": one.high}


def _notes(look: "ServerLook", connection: str, rate: float) -> Iterator[Notice]:
    yield Notice("new_connection_stored", {"connection": connection})
    facts = {"nodes": len(look.nodes), "active": len(look.counts), "seconds": round(look.seconds), "rate": f"{rate:.1f}"}
    yield Notice("new_server_seen", facts)
    if look.refused:
        address, reason = next(iter(look.refused.items()))
        yield Notice("new_nodes_refused", {"nodes": len(look.refused), "node": address, "reason": reason})
    unknown = {one.unit for one in look.nodes if one.unit and not ucum_code(one.unit)}
    if unknown:
        yield Notice("new_units_unknown", {"units": ", ".join(sorted(unknown)[:5])})
