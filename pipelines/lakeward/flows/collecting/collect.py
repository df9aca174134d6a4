"""Runs the collectors of datasets until they are stopped; each in a thread of its own, so that one that ends does not end the others."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from lakeward.contracts.model import Contract
from lakeward.contracts.source import MqttSource
from lakeward.core.errors import DefinitionError, InvariantError, LakewardError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.connections import find_connection
from lakeward.flows.base.order import active_contract
from lakeward.flows.base.pinning import newest_plan
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.sources.collectors.mqtt import MqttCollector
from lakeward.sources.collectors.mqtt_client import check_connection
from lakeward.sources.collectors.state import CollectorState, read_state
from lakeward.sources.segments.store import SegmentStore

# Seconds between two looks at the states.
_LOOK = 0.5

# Called with a dataset and what its collector says now.
OnState = Callable[[str, Notice], None]


@dataclass(slots=True, kw_only=True)
class _Running:
    """A collector in its thread."""

    thread: Thread
    folder: Path
    shown: tuple[str, str] = ("", "")
    errors: list[LakewardError] = field(default_factory=list)


def collected_datasets(settings: Settings) -> tuple[str, ...]:
    """The datasets whose source needs a collector."""
    contracts = open_workspace(settings).project.valid_contracts()
    return tuple(name for name, contract in contracts.items() if isinstance(contract.source, MqttSource) and not contract.retired)


def collect(settings: Settings, names: Sequence[str], stop: Event, on_state: OnState) -> dict[str, LakewardError]:
    """Collect until `stop` is set; what came is landed then.

    Args:
        names: Datasets; empty: all whose source needs a collector.
        on_state: Takes each change of a collector's state.

    Returns:
        The error of each dataset whose collector could not start or go on; the others went on.

    Raises:
        UsageError: A dataset does not exist, its source needs no collector, or none does.
    """
    workspace = open_workspace(settings)
    contracts = {name: active_contract(workspace.project, name) for name in names or collected_datasets(settings)}
    if not contracts:
        raise UsageError("nothing_to_collect")
    failed: dict[str, LakewardError] = {}
    running: dict[str, _Running] = {}
    for name, contract in contracts.items():
        try:
            running[name] = _start(workspace, contract, stop)
        except UsageError:
            raise
        except LakewardError as error:
            failed[name] = error
    _watch(running, on_state)
    return failed | {name: one.errors[0] for name, one in running.items() if one.errors}


def _start(workspace: Workspace, contract: Contract, stop: Event) -> _Running:
    if not isinstance(contract.source, MqttSource):
        raise UsageError("source_needs_no_collector", dataset=contract.name)
    if workspace.lake.options:
        raise UsageError("source_needs_folder", dataset=contract.name)
    connection = find_connection(workspace, contract.source.connection)
    check_connection(connection)
    landing = workspace.files / "landing"
    _check_landing(workspace, landing, contract.name)
    with suppress(DefinitionError):  # of a mapping: it is for runs to say, and no reason to lose messages
        workspace.source(contract).receive()
    collector = MqttCollector(
        dataset=contract.name, connection=connection, source=contract.source, landing=landing, clock=workspace.clock
    )
    errors: list[LakewardError] = []

    def run() -> None:
        try:
            collector.run(stop)
        except LakewardError as error:
            errors.append(error)

    thread = Thread(target=run, name=f"collect {contract.name}")
    thread.start()
    return _Running(thread=thread, folder=landing / contract.name, errors=errors)


def _check_landing(workspace: Workspace, landing: Path, name: str) -> None:
    """Check that the landing has what the lake has read: new segments under old numbers would never be read.

    Raises:
        InvariantError: It has not.
    """
    store = SegmentStore.of_dataset(landing, name)
    with workspace.engine() as engine:
        read = newest_plan(engine, name).end
    if store.newest() < read:
        raise InvariantError("segment_missing", folder=store.folder, number=read)


def _watch(running: dict[str, _Running], on_state: OnState) -> None:
    """Report changes until all have ended."""
    while True:
        alive = [one for one in running.values() if one.thread.is_alive()]
        for name, one in running.items():
            state = read_state(one.folder)
            if state and (said := (state.state, state.since)) != one.shown:
                one.shown = said
                on_state(name, Notice(state.state, _facts(state)))
        if not alive:
            return
        alive[0].thread.join(_LOOK)


def _facts(state: CollectorState) -> dict[str, object]:
    return {"address": state.address, **state.facts}
