"""Runs one dataset, or all: what has nothing new opens no table, small deliveries run beside each other, inputs before gold."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Event

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError, LakewardError
from lakeward.core.names import Layer
from lakeward.core.settings import EMBEDDED, Settings
from lakeward.flows.base.batch_context import OnStep, ignore_step
from lakeward.flows.base.order import dependency_order
from lakeward.flows.base.report import RunReport
from lakeward.flows.base.workspace import OnProgress, Workspace, ignore_progress, open_workspace, record_telemetry
from lakeward.flows.batch.applied_state import AppliedStates, is_idle, read_applied_states, waiting_input
from lakeward.flows.batch.curate import curation_candidate, run_curation
from lakeward.flows.batch.ingest import idle_report, ingest_candidate, run_ingest
from lakeward.flows.batch.parallel import default_jobs, raise_if_stopped, run_beside

# Bytes that wait for a dataset that runs beside others: so many of each hold no more memory than one large batch alone.
SMALL_BYTES = 32 << 20

log = logging.getLogger(__name__)


def run_dataset(settings: Settings, name: str, *, on_progress: OnProgress = ignore_progress) -> RunReport:
    """Ingest a silver dataset, or curate a gold one.

    Args:
        on_progress: Takes a message code and its facts: file and rows of the batch that is worked on.

    Raises:
        As `ingest_dataset` and `curate_dataset`.
    """
    with record_telemetry(open_workspace(settings, on_progress), "run") as workspace:
        return _run(workspace, name, ignore_step)


def rebuild(settings: Settings, name: str, *, on_progress: OnProgress = ignore_progress) -> RunReport:
    """Rebuild silver from bronze, or gold from its inputs, by the current contract, suite and model.

    Raises:
        As `rebuild_silver` and `curate_dataset`.
    """
    with record_telemetry(open_workspace(settings, on_progress), "rebuild") as workspace:
        if workspace.project.contract(name).layer is Layer.GOLD:
            return run_curation(workspace, name, ignore_step, full_refresh=True)
        return run_ingest(workspace, name, ignore_step, rebuilding=True)


def run_all(
    settings: Settings, names: Sequence[str] = (), *, jobs: int | None = None, on_progress: OnProgress = ignore_progress
) -> tuple[list[RunReport], dict[str, LakewardError]]:
    """Run datasets of the project, inputs before gold; a failed dataset does not stop the others.

    Args:
        names: The datasets; empty for all.
        jobs: Datasets with small deliveries that run at the same time, from 1; None for as many as cores and memory allow.
        on_progress: See `run_dataset`; called by several threads.

    Returns:
        The reports of datasets that ran, in the order of their dependencies; and the error of each of the others.

    Raises:
        UsageError: The project has no dataset of one of the names.
    """
    workspace = open_workspace(settings, on_progress)
    for name in names:
        workspace.project.contract_path(name)
    chosen: Sequence[str] = list(dict.fromkeys(names)) or workspace.project.datasets()
    errors = _invalid_contracts(workspace.project, chosen)
    order = dependency_order(workspace.project, [name for name in chosen if name not in errors])
    with record_telemetry(workspace, "run") as traced, traced.sharing() as shared:
        with shared.engine() as engine:
            estate = _Estate(workspace=shared, states=read_applied_states(engine), errors=errors)
        estate.run(order, default_jobs() if jobs is None else jobs)
        workspace.deliver_lineage()
        with shared.engine() as engine:  # last, so that as little as can be comes after it
            shared.costs.settle(engine, shared.clock)
    return [estate.reports[name] for name in order if name in estate.reports], estate.errors


def has_waiting_gold(settings: Settings, name: str) -> bool:
    """Whether a gold dataset that reads the dataset has not taken in all of it, or was changed since."""
    workspace = open_workspace(settings)
    contracts = workspace.project.valid_contracts().values()
    readers = [c.name for c in contracts if c.model and any(table.name == name for table in c.model.inputs)]
    if not readers:
        return False
    with workspace.engine() as engine:
        states = read_applied_states(engine)
    return any(_is_waiting(workspace, reader, states) for reader in readers)


def _is_waiting(workspace: Workspace, name: str, states: AppliedStates) -> bool:
    try:
        return not is_idle(curation_candidate(workspace, name), None, states)
    except LakewardError:  # it waits for its own mending, which is a change
        return False


@dataclass(slots=True, kw_only=True)
class _Estate:
    """One run over all datasets.

    Args:
        states: What the lake said of each dataset when the run began.
        changed: Datasets that were run: what depends on them is run, too.
    """

    workspace: Workspace
    states: AppliedStates
    errors: dict[str, LakewardError]
    reports: dict[str, RunReport] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    stop: Event = field(default_factory=Event)

    def run(self, order: Sequence[str], jobs: int) -> None:
        """Run the datasets: those with small deliveries beside each other, then the others one by one."""
        small = [name for name in order if self._is_small(name)]
        run_beside(small, self._run_one, jobs, self.stop)
        crowded = {name for name in small if name in self.errors and self.errors[name].code == "memory_full"}
        for name in order:
            if name not in small or (jobs > 1 and name in crowded and self.errors.pop(name)):
                self._run_one(name)

    def _is_small(self, name: str) -> bool:
        """Whether the dataset may run beside others. One that has nothing to do is reported on the way."""
        try:
            contract = self.workspace.project.contract(name)
            if contract.layer is Layer.GOLD:
                return False
            definition, waiting = ingest_candidate(self.workspace, name), waiting_input(self.workspace, contract, self.states)
            if waiting and is_idle(definition, waiting, self.states):
                self.reports[name] = idle_report(self.workspace, definition)
                return False
        except LakewardError:  # the run of the dataset says what it is
            return False
        fits = waiting is not None and not waiting.is_packed and waiting.bytes <= SMALL_BYTES
        return fits and self.workspace.engine_name(contract) == EMBEDDED

    def _run_one(self, name: str) -> None:
        if name in self.reports or self._is_idle_gold(name):
            return
        self.changed.add(name)
        try:
            self.reports[name] = _run(self.workspace, name, partial(raise_if_stopped, self.stop))
        except LakewardError as error:
            self.errors[name] = error
            log.warning("dataset_failed", extra={"dataset": name, "code": error.code})

    def _is_idle_gold(self, name: str) -> bool:
        """Whether a gold dataset has nothing to do; then it is reported."""
        model = self.workspace.project.contract(name).model
        if model is None or self.changed.intersection(table.name for table in model.inputs):
            return False
        try:
            definition = curation_candidate(self.workspace, name)
        except LakewardError:  # as above
            return False
        if is_idle(definition, None, self.states):
            self.reports[name] = idle_report(self.workspace, definition)
        return name in self.reports


def _run(workspace: Workspace, name: str, on_step: OnStep) -> RunReport:
    contract = workspace.project.contract(name)
    return run_curation(workspace, name, on_step) if contract.layer is Layer.GOLD else run_ingest(workspace, name, on_step)


def _invalid_contracts(project: Project, names: Sequence[str]) -> dict[str, LakewardError]:
    found: dict[str, LakewardError] = {}
    for name in names:
        try:
            project.contract(name)
        except ContractError as error:
            found[name] = error
    return found
