"""The environment of a flow: project, lake, engine and clock."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from lakeward.contracts.document import read_text
from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project, find_project, load_project
from lakeward.core.clock import Clock, SystemClock
from lakeward.core.errors import ContractError, DefinitionError
from lakeward.core.settings import Settings
from lakeward.core.storage.lake import Lake
from lakeward.engines import EnginePool, open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.base.governance import check_schema_version
from lakeward.flows.base.lake import find_lake
from lakeward.flows.base.lake_owner import check_lake_owner
from lakeward.flows.base.run_costs import CostAccount
from lakeward.flows.base.telemetry import NO_RECORDER, Recorder, open_recorder
from lakeward.quality.weights import EQUAL_WEIGHTS, Weights, read_weights

if TYPE_CHECKING:
    from lakeward.core.connections import ConnectionSettings
    from lakeward.sources.protocols import Source
    from lakeward_lineage import Outbox

# Weights of scores.
WEIGHTS_FILE = "expectations/policies/scoring.yaml"
# Folder of lineage events in a lake.
LINEAGE = "lineage"
# Of several threads one delivers: two would send the same events.
_DELIVERY = Lock()


# A message code and its facts.
OnProgress = Callable[[str, Mapping[str, object]], None]


def ignore_progress(_: str, __: Mapping[str, object]) -> None:
    """Show nothing: the default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """An opened project: settings, lake, clock and score weights.

    Args:
        lake: Where the tables lie.
        weights: Weights of scores.
        costs: What batches cost.
        pool: Where sessions come from; None for sessions of their own.
        on_progress: Takes what a long run does now; called by several threads.
        recorder: Takes traces and metrics.
    """

    settings: Settings
    project: Project
    lake: Lake
    clock: Clock = field(default_factory=SystemClock)
    weights: Weights = EQUAL_WEIGHTS
    costs: CostAccount = field(default_factory=CostAccount)
    pool: EnginePool | None = None
    on_progress: OnProgress = ignore_progress
    recorder: Recorder = NO_RECORDER

    @contextmanager
    def sharing(self) -> Iterator["Workspace"]:
        """This workspace with one database for all its sessions, which several threads may open; closed at the end."""
        pool = EnginePool(self.lake, self.settings.memory, self.settings.spark)
        try:
            yield replace(self, pool=pool)
        finally:
            pool.close()

    @contextmanager
    def engine(self, contract: Contract | None = None) -> Iterator[Engine]:
        """A session of the engine named by the contract or the project; closed at the end.

        Raises:
            MachineError: A newer version of Lakeward wrote the lake.
            UsageError: The lake is another project's.
        """
        check_lake_owner(self.lake, self.project)
        name = self.engine_name(contract)
        engine = self.pool.open(name) if self.pool else open_engine(name, self.lake, self.settings.memory, self.settings.spark)
        try:
            check_schema_version(engine)
            yield engine
        finally:
            engine.close()

    def settle_costs(self, engine: Engine) -> None:
        """Store what the batches of this session cost; who shares sessions settles once for all, at the end."""
        if self.pool is None:
            self.costs.settle(engine, self.clock)

    def engine_name(self, contract: Contract | None = None) -> str:
        """Name of the engine for the contract's dataset; None for the project as a whole."""
        return self.project.engine_for(contract, self.settings.engine)

    @property
    def files(self) -> Path:
        """Folder of this machine: the lake, if it is a folder, or that of copies and work files."""
        return self.lake.files

    @property
    def outbox(self) -> "Outbox":
        """The queue of this lake's lineage events."""
        from lakeward_lineage import Outbox  # noqa: PLC0415 -- what only reads the lake has no events and no source

        return Outbox(self.files / LINEAGE)

    def deliver_lineage(self) -> None:
        """Deliver queued lineage events to their file, and to the receiver that the project names; undelivered ones stay for the next run.

        Raises:
            LineageError: The file can't be written.
            SettingsError: The secret of the receiver is not set.
        """
        from lakeward.flows.base.lineage_receiver import queue_events, send_events  # noqa: PLC0415 -- as above
        from lakeward_lineage import FileTransport  # noqa: PLC0415

        folder = self.files / LINEAGE
        with _DELIVERY:
            self._store_lineage()
            queue = queue_events(self.project.lineage_receiver, folder, self.outbox.pending())
            self.outbox.deliver(FileTransport(folder / "events.jsonl"))
            if queue:
                send_events(self.project.lineage_receiver, self.settings, queue)

    def lineage_event_ids(self) -> frozenset[str]:
        """Ids of all lineage events that this lake has stored, also those of other machines.

        Raises:
            MachineError: The lake's object store can't be reached, or refuses.
        """
        bucket = self.lake.bucket()
        stored = bucket.list_names(LINEAGE) if bucket else ()
        return self.outbox.event_ids() | {name.removesuffix(".json") for name in stored}

    def _store_lineage(self) -> None:
        """Store queued events in the lake, where it is not a folder: a machine can be lost."""
        if store := self.lake.bucket():
            for path in self.outbox.pending():
                store.create(f"{LINEAGE}/{path.name.partition('-')[2]}", path.read_bytes())

    def suite(self, name: str) -> str | None:
        """The text of the dataset's suite; None if it has none."""
        path = self.project.suite_path(name)
        return path.read_text(encoding="utf-8") if path.is_file() else None

    def source(self, contract: Contract) -> "Source":
        """The source that the contract names.

        Raises:
            UsageError: A gold dataset has no source.
        """
        from lakeward.flows.base.connections import find_connection  # noqa: PLC0415 -- needs a workspace
        from lakeward.sources.opening import Landing, open_source  # noqa: PLC0415 -- as above

        return open_source(contract, self.project, Landing.of_lake(self.lake), self.clock, partial(find_connection, self))


def landing_of(workspace: Workspace, dataset: str) -> Path:
    """Folder of the dataset's landed files on this machine."""
    return workspace.files / "landing" / workspace.lake.names.stored_name(dataset)


@contextmanager
def record_telemetry(workspace: Workspace, call: str | None = None) -> Iterator[Workspace]:
    """The workspace with a recorder, where the environment names a collector; what is left is sent at the end.

    Args:
        call: Name of a span around all: `run`, `rebuild` or `backfill`; None for none, of a call without end.
    """
    with open_recorder(workspace.settings.telemetry) as recorder:
        around = recorder.span(call, {"lakeward.project": workspace.project.name}) if call else nullcontext()
        with around:
            yield replace(workspace, recorder=recorder)


def local_day(workspace: Workspace) -> date:
    """Today in the project's zone."""
    return workspace.clock.now().astimezone(ZoneInfo(workspace.project.zone)).date()


def open_workspace(settings: Settings, on_progress: OnProgress = ignore_progress) -> Workspace:
    """Open the project at or above `settings.start`.

    Raises:
        UsageError: There is no project at or above `settings.start`, or a renaming was cut off.
        SettingsError: `project.yaml` is not valid, or the lake's object store lacks credentials.
        DefinitionError: The weights of scores are not valid.
    """
    workspace = open_unfinished_workspace(settings)
    workspace.project.check_renamed()
    return replace(workspace, weights=_weights(workspace.project), on_progress=on_progress)


def open_unfinished_workspace(settings: Settings) -> Workspace:
    """As `open_workspace`, of a project whose renaming may have been cut off; with equal weights of scores."""
    project = load_project(find_project(settings.start))
    lake = replace(find_lake(project, settings, partial(_connection, project, settings)), names=project.names)
    return Workspace(settings=settings, project=project, lake=lake)


def _connection(project: Project, settings: Settings, name: str) -> "ConnectionSettings":
    from lakeward.flows.base.connections import connection_of  # noqa: PLC0415 -- a folder needs none

    return connection_of(project.root, settings, name)


def _weights(project: Project) -> Weights:
    """Equal weights if the project has no scoring policy."""
    path = project.root / WEIGHTS_FILE
    if not path.is_file():
        return EQUAL_WEIGHTS
    try:
        text = read_text(path, WEIGHTS_FILE)
    except ContractError as error:
        raise DefinitionError(error.code, **error.facts) from None
    return read_weights(text, WEIGHTS_FILE, project.datasets())
