"""Audits lineage: compares the edges that contracts and models promise with those that runs recorded, and runs with their events."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError
from lakeward.core.names import Layer, TableName, sha256
from lakeward.core.settings import Settings
from lakeward.engines.delta.dataset_lock import is_locked
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.applied_state import AppliedState, read_applied_states
from lakeward.flows.batch.halted import halted_batches
from lakeward.flows.lineage.expected import ObservedEdges, dataset_jobs, edge_findings
from lakeward.flows.lineage.findings import FindingKind, LineageFinding
from lakeward.flows.lineage.graph import FOREIGN, OWN, current_edges_query, to_edge
from lakeward_lineage import Edge, event_id, run_id

# Flow of a run -> the layers whose steps send an event.
STEPS: Mapping[str, tuple[Layer, ...]] = {
    "ingest": (Layer.BRONZE, Layer.SILVER),
    "replay": (Layer.SILVER,),
    "release": (Layer.SILVER,),
    "decode": (Layer.BRONZE, Layer.SILVER),
    "curate": (Layer.GOLD,),
}
# Layers that only Lakeward's own runs write.
OWN_LAYERS = tuple(f"{layer}." for layer in Layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LineageEstate:
    workspace: Workspace
    engine: Engine
    contracts: Mapping[str, Contract]
    states: Mapping[str, AppliedState]
    recorded: Mapping[str, frozenset[Edge]]

    @property
    def project(self) -> Project:
        return self.workspace.project

    def owner(self, dataset: str) -> str | None:
        contract = self.contracts.get(dataset)
        return contract.owner or None if contract else None


def audit_lineage(settings: Settings) -> list[LineageFinding]:
    """Every finding, by dataset. Reads governance tables, contracts, models and names of event files; no row of data.

    Raises:
        UsageError: There is no project.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        estate = _LineageEstate(
            workspace=workspace,
            engine=engine,
            contracts=workspace.project.valid_contracts(),
            states=read_applied_states(engine),
            recorded=_edges_by_job(engine, OWN),
        )
        checks = (_dataset_findings, _departed_findings, _killed_findings, _lost_findings, _refused_findings, _foreign_findings)
        found = [finding for check in checks for finding in check(estate)]
    return sorted(found, key=lambda each: (each.dataset or "", each.kind, each.job or "", each.target or "", each.source or ""))


def _edges_by_job(engine: Engine, table: str) -> dict[str, frozenset[Edge]]:
    query = current_edges_query(engine, [table])
    found: dict[str, set[Edge]] = defaultdict(set)
    for row in engine.fetch(query) if query else ():
        found[row["job"]].add(to_edge(row))
    return {job: frozenset(edges) for job, edges in found.items()}


def _dataset_findings(estate: _LineageEstate) -> Iterator[LineageFinding]:
    """Differences of edges, of datasets that have finished a run; one finding where the texts have changed since."""
    for name, contract in estate.contracts.items():
        state = estate.states.get(name)
        if state is None or not state.finished:
            continue
        by_job = {job: estate.recorded[job] for job in dataset_jobs(name) if job in estate.recorded}
        found = list(edge_findings(estate.engine, estate.project, contract, ObservedEdges(by_job=by_job)))
        if found and _has_changed(estate.project, contract, state):
            yield _stale_definition(contract, len(found))
        else:
            yield from found


def _has_changed(project: Project, contract: Contract, state: AppliedState) -> bool:
    """Whether contract or model are others than those that were last applied."""
    model = b""
    if contract.model:
        try:
            model = project.model_path(contract.name, contract.model.sql).read_bytes()
        except ContractError:
            return True
    texts = {"contract_sha256": sha256(contract.text.encode()), "model_sha256": sha256(model)}
    return any(state.hashes[name] != found for name, found in texts.items())


def _stale_definition(contract: Contract, count: int) -> LineageFinding:
    return LineageFinding(
        kind=FindingKind.STALE,
        dataset=contract.name,
        code="lineage_stale_definition",
        repair=f"lakeward run {contract.name}",
        owner=contract.owner or None,
        count=count,
        facts={"dataset": contract.name, "count": count},
    )


def _departed_findings(estate: _LineageEstate) -> Iterator[LineageFinding]:
    """Edges of datasets that have left the project while the lake still holds their table."""
    names = set(estate.project.datasets())
    gone: dict[str, int] = defaultdict(int)
    for job, edges in estate.recorded.items():
        dataset = job.split(".")[1]
        if dataset not in names:
            gone[dataset] += len(edges)
    for dataset, count in gone.items():
        if any(estate.engine.info(TableName(layer, dataset)) for layer in (Layer.SILVER, Layer.GOLD)):
            yield LineageFinding(
                kind=FindingKind.STALE,
                dataset=dataset,
                code="lineage_stale_dataset",
                repair=f"git checkout -- expectations/datasets/{dataset}",
                count=count,
                facts={"dataset": dataset, "count": count},
            )


def _killed_findings(estate: _LineageEstate) -> Iterator[LineageFinding]:
    """Planned batches that no run has finished, neither halted nor being run now."""
    halted = halted_batches(estate.engine)
    for dataset, state in estate.states.items():
        waiting = state.plan.seq - state.finished if state.plan else 0
        if waiting < 1 or dataset in halted or is_locked(estate.workspace.lake, estate.workspace.lake.names.stored_name(dataset)):
            continue
        if dataset in estate.project.datasets():
            yield LineageFinding(
                kind=FindingKind.KILLED,
                dataset=dataset,
                code="lineage_run_killed",
                repair=f"lakeward run {dataset}",
                owner=estate.owner(dataset),
                count=waiting,
                facts={"dataset": dataset, "batch": state.finished + 1, "count": waiting},
            )


def is_recorded(workspace: Workspace, job: str, batch: str, stored: Collection[str]) -> bool:
    """Whether the COMPLETE event of a batch's job is one of the stored ids, under any name that the dataset has or had."""
    flow, name, layer = job.split(".")
    jobs = (f"{flow}.{one}.{layer}" for one in workspace.lake.names.all_of(name))
    return any(event_id(run_id(workspace.project.name, one, batch), "COMPLETE") in stored for one in jobs)


def _lost_findings(estate: _LineageEstate) -> Iterator[LineageFinding]:
    """Finished steps whose COMPLETE event the outbox does not have."""
    stored = estate.workspace.lineage_event_ids()
    lost: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in _finished_runs(estate.engine):
        for layer in STEPS.get(row["flow"], ()):
            job = f"{row['flow']}.{row['dataset']}.{layer}"
            if not is_recorded(estate.workspace, job, row["batch_id"], stored):
                lost[row["dataset"], job].append(row["batch_seq"])
    for (dataset, job), batches in lost.items():
        yield LineageFinding(
            kind=FindingKind.LOST,
            dataset=dataset,
            code="lineage_event_lost",
            repair="lakeward lineage restore",
            owner=estate.owner(dataset),
            job=job,
            count=len(batches),
            facts={"job": job, "count": len(batches), "batch": min(batches)},
        )


def _finished_runs(engine: Engine) -> list[dict[str, Any]]:
    if engine.info(governance.table_name("runs")) is None:
        return []
    return engine.fetch("SELECT DISTINCT dataset, flow, batch_seq, batch_id FROM governance.runs")


def _refused_findings(estate: _LineageEstate) -> Iterator[LineageFinding]:
    count = estate.workspace.outbox.refused()
    if count:
        folder = estate.workspace.files / "lineage" / "refused"
        yield LineageFinding(
            kind=FindingKind.REFUSED,
            dataset=None,
            code="lineage_event_refused",
            repair=f"ls {folder}",
            count=count,
            facts={"count": count, "folder": folder},
        )


def _foreign_findings(estate: _LineageEstate) -> Iterator[LineageFinding]:
    """Other programs that say they write a table of this lake."""
    for job, edges in _edges_by_job(estate.engine, FOREIGN).items():
        for table in sorted({edge.target.table for edge in edges if edge.target.table.startswith(OWN_LAYERS)}):
            dataset = table.partition(".")[2]
            yield LineageFinding(
                kind=FindingKind.EXTRA,
                dataset=dataset,
                code="lineage_foreign_writer",
                repair=f"lakeward rebuild {dataset}",
                owner=estate.owner(dataset),
                job=job,
                target=table,
                facts={"job": job, "target": table},
            )
