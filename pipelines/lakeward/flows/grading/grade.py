"""Proposes a grade for every column from its values, its data class and its sources; `decide` records decisions.

A dataset with unchanged contract, rules, data and sources is skipped, and nothing is committed.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lakeward.contracts.model import Contract
from lakeward.core.names import RunId, TableName, new_run_id, sha256
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.order import dependency_order
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.answers import GradedColumn
from lakeward.flows.grading.edges import value_edges
from lakeward.flows.grading.publication import annotate_columns, send_tags
from lakeward.flows.grading.records import PROPOSALS, GradeRecord, Row, proposal_rows, read_grade_record
from lakeward.grading.catalogue import GradingRules, Sensitivity, shipped_rules
from lakeward.grading.detection import detectable, detection_query, detector_counts, fractional
from lakeward.grading.grade import ColumnGrade, GradeState
from lakeward.grading.propagation import Edge, Inherited, Node, propagate
from lakeward.grading.proposal import GradeProposal, Reason, propose_grades

# Looks up the grade of each column of a dataset that is graded.
GradeLookup = Callable[[Engine, Contract], Mapping[str, ColumnGrade]]

# One counter for all grading runs, so that the highest number is the newest proposal.
APP = "grade"
# Columns that identify the rows of a silver table with any key.
ROW_IDENTITY = ("_batch_seq", "_file_seq", "_row")


def grade_dataset(settings: Settings, name: str) -> list[GradedColumn]:
    """Grade the columns of one dataset; returns the result of `list_grades`.

    Raises:
        UsageError: The project has no dataset `name`.
        DefinitionError: A catalogue was edited in place.
    """
    return _grade_datasets(settings, [name])


def grade_all(settings: Settings) -> list[GradedColumn]:
    """Grade every dataset with a valid contract, sources first; returns the result of `list_grades`.

    Raises:
        DefinitionError: A catalogue was edited in place.
    """
    project = open_workspace(settings).project
    return _grade_datasets(settings, dependency_order(project, list(project.valid_contracts())))


def list_grades(settings: Settings, name: str | None = None) -> list[GradedColumn]:
    """The grade of every column of a dataset, or of all valid ones.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    contracts = [workspace.project.contract(name)] if name else list(workspace.project.valid_contracts().values())
    with workspace.engine() as engine:
        record = read_grade_record(engine, name)
    return [row for contract in contracts for row in _grade_rows(contract, record)]


def current_grades(engine: Engine, contract: Contract) -> dict[str, ColumnGrade]:
    """The current grade of every column of the contract."""
    return read_grade_record(engine, contract.name).current(contract)


@dataclass(frozen=True, slots=True, kw_only=True)
class _GradingRun:
    workspace: Workspace
    engine: Engine
    rules: GradingRules
    record: GradeRecord
    contracts: Mapping[str, Contract]
    edges: Mapping[str, Sequence[Edge]]  # by the table that they lead to
    generations: Mapping[str, int]
    id: RunId


def _grade_datasets(settings: Settings, names: list[str]) -> list[GradedColumn]:
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        run = _open_run(workspace, engine, names)
        rows = {name: found for name in names if (found := _propose_grades(run, run.contracts[name]))}
        _store_proposals(run, rows)
        for name in names:
            annotate_columns(engine, run.contracts[name], run.record.current(run.contracts[name]))
    workspace.deliver_lineage()
    return [row for name in names for row in _grade_rows(run.contracts[name], run.record)]


def _open_run(workspace: Workspace, engine: Engine, names: list[str]) -> _GradingRun:
    contracts = workspace.project.valid_contracts()
    contracts |= {name: workspace.project.contract(name) for name in names if name not in contracts}
    return _GradingRun(
        workspace=workspace,
        engine=engine,
        rules=shipped_rules(),
        record=read_grade_record(engine),
        contracts=contracts,
        edges=_edges_by_target(engine),
        generations=_generations(engine),
        id=new_run_id(),
    )


def _edges_by_target(engine: Engine) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {}
    for edge in value_edges(engine):
        found.setdefault(edge[1][0], []).append(edge)
    return found


def _propose_grades(run: _GradingRun, contract: Contract) -> list[Row]:
    """New proposals for the dataset; none if nothing has changed. Updates the record in `run`."""
    table, name = contract.table(contract.layer), contract.name
    if run.engine.info(table) is None:
        return []
    upstream, edges = _upstream_grades(run, table)
    basis = _basis(run, contract, upstream)
    if run.record.bases.get(name) == basis:
        return []
    proposals = _inherit_grades(_detect_grades(run, contract, table), table, upstream, edges, run.rules)
    run.record.proposals[name], run.record.bases[name] = {p.column: p for p in proposals}, basis
    return proposal_rows(name, basis, proposals)


def _detect_grades(run: _GradingRun, contract: Contract, table: TableName) -> tuple[GradeProposal, ...]:
    """Detects the content of the stored columns."""
    stored = run.engine.types(table)
    columns = [column for column in contract.columns if column.name in stored]
    names = detectable(columns)
    found = {}
    if names:
        order = [c for c in ROW_IDENTITY if c in stored] or list(contract.primary_key)
        # This query reads only session relations, so it is not searched for tables of the lake.
        rows = run.engine.define("graded_table", f"SELECT * FROM {table}")
        query = detection_query(rows, names, order, run.rules, fractional(columns))
        found = detector_counts(run.engine.fetch(query), names, run.rules)
    return propose_grades(columns, contract.data_class, found, run.rules)


def _upstream_grades(run: _GradingRun, table: TableName) -> tuple[dict[Node, Inherited], Sequence[Edge]]:
    """The grades of the table's source columns, and the edges from them."""
    edges = run.edges.get(str(table), [])
    upstream: dict[Node, Inherited] = {}
    for source in {
        TableName.parse(source[0]) for source, _ in edges if source[0].partition(".")[0] in ("silver", "gold", "repairs")
    }:
        contract = run.contracts.get(source.name)
        if contract:
            upstream |= {(str(source), column): _as_inherited(grade) for column, grade in run.record.current(contract).items()}
    sources = {source for source, _ in edges}
    return {node: found for node, found in upstream.items() if node in sources}, edges


def _inherit_grades(
    proposals: tuple[GradeProposal, ...],
    table: TableName,
    upstream: Mapping[Node, Inherited],
    edges: Iterable[Edge],
    rules: GradingRules,
) -> list[GradeProposal]:
    nodes = {(str(table), p.column): Inherited(p.sensitivity, p.category) for p in proposals}
    # Bronze has the same columns as text, and is graded with its silver table.
    flowing = [edge for edge in edges if not edge[0][0].startswith(("bronze.", "landing."))]
    inherited = propagate({**upstream, **nodes}, flowing, tuple(rules.categories))
    return [_raise_grade(proposal, inherited[str(table), proposal.column]) for proposal in proposals]


def _raise_grade(proposal: GradeProposal, inherited: Inherited) -> GradeProposal:
    if inherited == Inherited(proposal.sensitivity, proposal.category):
        return proposal
    why = Reason.INHERITED if inherited.sensitivity else Reason.SOURCE_UNGRADED
    return replace(proposal, sensitivity=inherited.sensitivity, category=inherited.category, why=why)


def _as_inherited(grade: ColumnGrade) -> Inherited:
    is_valid = grade.grade is not None and grade.state is not GradeState.STALE
    return Inherited(Sensitivity(grade.grade, grade.level) if is_valid and grade.grade else None, grade.category)


def _basis(run: _GradingRun, contract: Contract, upstream: Mapping[Node, Inherited]) -> str:
    app = governance.application_id(contract.name, run.generations.get(contract.name, 1))
    data = run.engine.txn(contract.table(contract.layer), app)
    sources = sorted((*node, repr(inherited)) for node, inherited in upstream.items())
    return sha256(json.dumps([contract.sha256, run.rules.sha256, app, data, sources]).encode())


def _store_proposals(run: _GradingRun, rows: Mapping[str, list[Row]]) -> None:
    """One commit for the whole run; a concurrent run moves its number. Sends lineage first, since twice is harmless."""
    table, at = governance.table_spec(PROPOSALS).name, run.workspace.clock.now()
    while rows:
        seq = run.engine.txn(table, APP) + 1
        for name in rows:
            contract = run.contracts[name]
            cause = f"grading {seq} {run.record.bases[name]}"
            send_tags(run.workspace, run.engine, contract, run.record.current(contract), cause=cause, at=at)
        head = {"seq": seq, "run_id": run.id, "proposed_at": at}
        all_rows = [{**head, **row} for found in rows.values() for row in found]
        if governance.append_rows(run.engine, PROPOSALS, all_rows, Txn(APP, seq)):
            return


def _generations(engine: Engine) -> dict[str, int]:
    if engine.info(governance.table_name("contracts")) is None:
        return {}
    found = engine.fetch("SELECT dataset, max(generation) AS generation FROM governance.contracts GROUP BY dataset")
    return {row["dataset"]: row["generation"] for row in found}


def _grade_rows(contract: Contract, record: GradeRecord) -> list[GradedColumn]:
    return [GradedColumn(contract.name, column, grade) for column, grade in record.current(contract).items()]
