"""Creates a dataset from registers of Modbus devices and their map, read for a bounded time."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from lakeward.contracts.modbus import ENVELOPE
from lakeward.contracts.register_map import REGISTERS_FILE, Register, read_register_map
from lakeward.core.connections import parse_connection
from lakeward.core.errors import MachineError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows.authoring.new import DraftedDataset, new_dataset_folder
from lakeward.flows.authoring.new_broker import read_watch
from lakeward.flows.authoring.new_readings import SeenReadings, draft_readings, series_name
from lakeward.flows.authoring.stored_connections import split_parameters, store_connection
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.connections import find_connection
from lakeward.flows.base.workspace import open_workspace

if TYPE_CHECKING:
    from lakeward.sources.collectors.modbus.look import DeviceLook

# Without and with TLS.
SCHEMES = ("modbus", "modbuss")


def draft_from_devices(settings: Settings, name: str, url: str, watch: str, stop: Event) -> DraftedDataset:
    """Write `expectations/datasets/<name>/` from what the registers of a map hold, and a copy of the map.

    Args:
        url: `modbus://host:502?map=registers.csv`; the map is relative to the current folder.
        watch: How long to read, once a second, such as `30s` or `5min`.
        stop: Ends that when it is set.

    Raises:
        UsageError: The name is invalid or already used, the address names no map, or nothing was read.
        DefinitionError: The map is not valid.
        MachineError: The extra is missing.
    """
    workspace = open_workspace(settings)
    new_dataset_folder(workspace, name)
    address, parameters = split_parameters(url, ("map",))
    if not parameters.get("map"):
        raise UsageError("new_without_map", address=address.rpartition("@")[2])
    registers = read_register_map(Path(parameters["map"]))
    if any(find_spec(one) is None for one in ("pymodbus", "pyarrow")):
        raise MachineError("extra_missing", extra="modbus")
    from lakeward.sources.collectors.modbus.look import look_at_devices  # noqa: PLC0415 -- imports an extra
    from lakeward.sources.collectors.modbus.values import SCHEMA  # noqa: PLC0415 -- as above

    named = dict.fromkeys(one.connection for one in registers)
    own = parse_connection("from", address, "--from", workspace.project.root)
    connections = {each: find_connection(workspace, each) if each else own for each in named}
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # what it meets is a value that is bad
    look = look_at_devices(connections, registers, read_watch(watch), stop, workspace.clock)
    stored = store_connection(workspace, address, "device")
    seen = SeenReadings(
        rows=look.rows,
        schema=SCHEMA,
        envelope=ENVELOPE,
        what=f"{len(registers):,} registers of {own.address}, read for {look.seconds:.0f} s",
        source=(
            "kind: modbus",
            f"connection: {stored}      # its URL is in .lakeward/connections.yaml, which only you can read",
            "pollMs: 1000      # CHECK: how often the registers are read",
        ),
        series=list(_series(registers)),
    )
    folder, _ = draft_readings(workspace, name, seen, {REGISTERS_FILE: Path(parameters["map"]).read_text(encoding="utf-8-sig")})
    return DraftedDataset(folder=folder, notes=tuple(_notes(look, registers, stored)))


def _series(registers: Sequence[Register]) -> Iterator[dict[str, str]]:
    """A line per register; of those that would have one name, each keeps its address."""
    names = {one.address: series_name(one.address.split("/")) for one in registers}
    counts = Counter(names.values())
    for one in registers:
        series = names[one.address] if counts[names[one.address]] == 1 else one.address
        yield {"address": one.address, "series": series, "type": "boolean" if one.type == "bool" else "number"}


def _notes(look: "DeviceLook", registers: Sequence[Register], connection: str) -> Iterator[Notice]:
    yield Notice("new_connection_stored", {"connection": connection})
    yield Notice("new_registers_seen", {"registers": len(registers), "values": len(look.rows), "seconds": round(look.seconds)})
    if look.faults:
        address, found = next(iter(look.faults.items()))
        yield Notice(
            "new_registers_faults", {"registers": len(look.faults), "address": address, "reason": found.most_common(1)[0][0]}
        )
