"""Runs the collectors of datasets until they are stopped."""

from collections.abc import Callable, Mapping, Sequence
from threading import Event

from lakeward.contracts.model import Contract
from lakeward.contracts.source import COLLECTED_SOURCES
from lakeward.core.errors import LakewardError, UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import Notice
from lakeward.flows.base.lake_owner import claim_lake
from lakeward.flows.base.order import active_contract
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.collecting.doors import LINEAGE, OpenDoor, doors_of, open_door, running_collectors
from lakeward.flows.collecting.running import RunningCollector, check_collected, start_collector
from lakeward.flows.collecting.stored_segments import collecting_alone, storing_segments
from lakeward.sources.collectors.state import LISTENING, CollectorState, read_state

# Seconds between two looks at the states.
_LOOK = 0.5

# Called with a dataset and what its collector says now.
OnState = Callable[[str, Notice], None]


def collected_datasets(settings: Settings) -> tuple[str, ...]:
    """The datasets whose source needs a collector."""
    contracts = open_workspace(settings).project.valid_contracts()
    return tuple(name for name, one in contracts.items() if isinstance(one.source, COLLECTED_SOURCES) and not one.retired)


def collect(settings: Settings, names: Sequence[str], stop: Event, on_state: OnState) -> dict[str, LakewardError]:
    """Collect until `stop` is set; what came is landed then.

    Args:
        names: Datasets; empty: all whose source needs a collector, and the door of lineage events.
        on_state: Takes each change of a collector's state.

    Returns:
        The error of each dataset whose collector could not start or go on; the others went on.

    Raises:
        UsageError: A dataset does not exist, its source needs no collector, or none does; or the lake is another project's.
        MachineError: The lake is not there any more, or its object store can't be reached, or refuses.
    """
    workspace = open_workspace(settings)
    contracts = {name: active_contract(workspace.project, name) for name in names or collected_datasets(settings)}
    for contract in contracts.values():
        check_collected(contract)
    doors = doors_of(workspace, contracts, with_lineage=not names)
    if not contracts and not doors:
        raise UsageError("nothing_to_collect")
    failed: dict[str, LakewardError] = {}
    claim_lake(workspace.lake, workspace.project)
    with collecting_alone(workspace, contracts.values(), failed) as allowed:
        chosen = {name: contract for name, contract in contracts.items() if name in allowed}
        behind = {door: [one for one in found if one.name in allowed] for door, found in doors.items()}
        with storing_segments(workspace, chosen, failed):
            failed |= _collect(
                workspace, chosen, {door: behind[door] for door in doors if behind[door] or not doors[door]}, stop, on_state
            )
    return failed


def _collect(
    workspace: Workspace,
    contracts: Mapping[str, Contract],
    doors: Mapping[str, Sequence[Contract]],
    stop: Event,
    on_state: OnState,
) -> dict[str, LakewardError]:
    """Collect until `stop` is set, and all have ended; the errors of those that could not start or go on."""
    failed: dict[str, LakewardError] = {}
    running = _start(workspace, contracts, stop, failed)
    opened = _open(workspace, doors, stop, failed)
    for one in opened:
        running |= running_collectors(workspace, one)
        if one.door.has_lineage:
            on_state(LINEAGE, Notice(LISTENING, {"address": one.address}))
    _watch(running, on_state)
    for one in opened:
        one.thread.join()
        failed |= one.door.failed
    return failed | {name: one.errors[0] for name, one in running.items() if one.errors}


def _start(
    workspace: Workspace, contracts: Mapping[str, Contract], stop: Event, failed: dict[str, LakewardError]
) -> dict[str, RunningCollector]:
    """Start the collectors of sources with one of their own; the others' errors go to `failed`."""
    running: dict[str, RunningCollector] = {}
    behind_doors = {one.name for door in doors_of(workspace, contracts, with_lineage=False).values() for one in door}
    for name, contract in contracts.items():
        if name in behind_doors:
            continue
        try:
            running[name] = start_collector(workspace, contract, stop)
        except LakewardError as error:
            failed[name] = error
    return running


def _open(
    workspace: Workspace, doors: Mapping[str, Sequence[Contract]], stop: Event, failed: dict[str, LakewardError]
) -> list[OpenDoor]:
    """Open the doors; of one that can't be opened all datasets fail."""
    opened: list[OpenDoor] = []
    for name, behind in doors.items():
        try:
            opened.append(open_door(workspace, name, behind, stop))
        except LakewardError as error:
            failed.update(dict.fromkeys((one.name for one in behind) if behind else (LINEAGE,), error))
    return opened


def _watch(running: Mapping[str, RunningCollector], on_state: OnState) -> None:
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
