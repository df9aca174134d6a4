"""Opens the HTTP doors of a project: one per connection, with all its datasets behind it, and the route of lineage events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from socket import socket
from threading import Event, Thread

from lakeward.contracts.collected_source import HttpSource
from lakeward.contracts.model import Contract
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import LakewardError
from lakeward.flows.base.connections import find_connection
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.collecting.running import RunningCollector, landing_folder, landing_of, prepare_landing
from lakeward.flows.collecting.senders import SenderAccounts, settings_of_sender
from lakeward.flows.lineage.importing import receive_lineage
from lakeward.sources.collectors.http.door import HttpDoor, check_door, listen
from lakeward.sources.collectors.http.inbox import HttpInbox

# Name under which the route of lineage events is reported; no dataset can have it.
LINEAGE = "/api/v1/lineage"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDoor:
    """A door in its thread.

    Args:
        address: Where it listens, with the port that it has.
    """

    door: HttpDoor
    thread: Thread
    address: str


def doors_of(workspace: Workspace, contracts: Mapping[str, Contract], *, with_lineage: bool) -> dict[str, list[Contract]]:
    """Connection -> the datasets behind it.

    Args:
        with_lineage: Whether the door of lineage events is opened without any.
    """
    found: dict[str, list[Contract]] = {}
    for contract in contracts.values():
        if isinstance(contract.source, HttpSource):
            found.setdefault(contract.source.connection, []).append(contract)
    lineage = workspace.project.lineage_door
    if with_lineage and lineage:
        found.setdefault(lineage.connection, [])
    return found


def open_door(workspace: Workspace, name: str, contracts: Iterable[Contract], stop: Event) -> OpenDoor:
    """Open the door of connection `name`.

    Raises:
        LakewardError: The connection can't be used, or the address is taken.
    """
    connection = find_connection(workspace, name)
    check_door(connection)
    listener = listen(connection)
    address = f"{connection.scheme}://{connection.host}:{listener.getsockname()[1]}"
    inboxes: dict[str, HttpInbox] = {}
    failed: dict[str, LakewardError] = {}
    for contract in contracts:
        try:
            inboxes[contract.name] = _inbox(workspace, contract, address)
        except LakewardError as error:
            failed[contract.name] = error
    door = _door(workspace, connection, listener, inboxes)
    door.failed |= failed
    thread = Thread(target=door.run, args=(stop,), name=f"door {name}")
    thread.start()
    return OpenDoor(door=door, thread=thread, address=address)


def running_collectors(workspace: Workspace, opened: OpenDoor) -> dict[str, RunningCollector]:
    """The inboxes of a door as collectors."""
    thread = opened.thread
    return {name: RunningCollector(thread=thread, folder=landing_folder(workspace, name)) for name in opened.door.inboxes}


def _inbox(workspace: Workspace, contract: Contract, address: str) -> HttpInbox:
    assert isinstance(contract.source, HttpSource)
    prepare_landing(workspace, contract)
    landing, clock = landing_of(workspace), workspace.clock
    stored = workspace.lake.names.stored_name(contract.name)
    return HttpInbox(dataset=stored, source=contract.source, landing=landing, address=address, clock=clock)


def _door(workspace: Workspace, connection: ConnectionSettings, listener: socket, inboxes: Mapping[str, HttpInbox]) -> HttpDoor:
    from lakeward.sources.collectors.http.app import DoorApp, LineageRoute  # noqa: PLC0415 -- imports an extra

    settings, lineage = workspace.settings, workspace.project.lineage_door

    def receive(token: str, content: bytes) -> tuple[Mapping[str, object], bool]:
        found = receive_lineage(settings_of_sender(settings, token), content, LINEAGE)
        return found.as_dict(), not found.refused

    has_lineage = lineage is not None and lineage.connection == connection.name
    route = LineageRoute(senders=lineage.senders, receive=receive) if lineage and has_lineage else None
    accounts = SenderAccounts(settings, workspace.clock)
    # Senders go on under the name that they know.
    by_any_name = {name: inbox for dataset, inbox in inboxes.items() for name in workspace.lake.names.all_of(dataset)}
    app = DoorApp(inboxes=by_any_name, authenticate=accounts.account_of, lineage=route, clock=workspace.clock)
    return HttpDoor(connection=connection, listener=listener, inboxes=inboxes, app=app.make(), has_lineage=has_lineage)
