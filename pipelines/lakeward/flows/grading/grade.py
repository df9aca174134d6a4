"""Grades every column from what its values look like, its class of data and what it is made of. Proposes; `decide` records people.

A dataset whose contract, rules, data and sources stayed as they were is not looked at again, and nothing is committed.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from lakeward.contracts.model import Contract
from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError
from lakeward.core.names import RunId, TableName, new_run_id, sha256
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine, Txn
from lakeward.flows.base import governance
from lakeward.flows.base.order import in_order
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.answers import GradedColumn
from lakeward.flows.grading.edges import value_edges
from lakeward.flows.grading.publication import annotate, send_tags
from lakeward.flows.grading.records import PROPOSALS, Known, Row, known, proposal_rows
from lakeward.grading.catalogue import Rules, Standing, shipped_rules
from lakeward.grading.detection import detectable, detection_query, evidence_of
from lakeward.grading.grade import ColumnGrade, GradeState
from lakeward.grading.propagation import Edge, Held, Node, propagate
from lakeward.grading.proposal import Proposal, Why, propose

# One counter for all grading runs, so that the newest proposal of a column is plain from its number.
APP = "grade"
# Columns that tell the rows of a silver table apart, whatever its key.
ROW_IDENTITY = ("_batch_seq", "_file_seq", "_row")


def grade_dataset(settings: Settings, name: str) -> list[GradedColumn]:
    """Grade the columns of one dataset; its rows of `list_grades` afterwards.

    Raises:
        UsageError: The project has no dataset `name`.
        DefinitionError: A catalogue was edited in place.
    """
    return _grade(settings, [name])


def grade_all(settings: Settings) -> list[GradedColumn]:
    """Grade every dataset whose contract is valid, sources before what is made of them; the rows of `list_grades` afterwards.

    Raises:
        DefinitionError: A catalogue was edited in place.
    """
    project = open_workspace(settings).project
    return _grade(settings, in_order(project, list(_contracts(project))))


def list_grades(settings: Settings, name: str | None = None) -> list[GradedColumn]:
    """The grade of every column of a dataset, or of all valid ones.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    contracts = [workspace.project.contract(name)] if name else list(_contracts(workspace.project).values())
    with workspace.engine() as engine:
        record = known(engine, name)
    return [row for contract in contracts for row in _rows(contract, record)]


def current_grades(engine: Engine, contract: Contract) -> dict[str, ColumnGrade]:
    """The grade of every column of the contract, as proposals and decisions stand now."""
    return known(engine, contract.name).current(contract)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    workspace: Workspace
    engine: Engine
    rules: Rules
    record: Known
    contracts: Mapping[str, Contract]
    edges: tuple[Edge, ...]
    generations: Mapping[str, int]
    id: RunId


def _grade(settings: Settings, names: list[str]) -> list[GradedColumn]:
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        run = _open(workspace, engine, names)
        rows = {name: found for name in names if (found := _proposed(run, run.contracts[name]))}
        _record(run, rows)
        for name in names:
            annotate(engine, run.contracts[name], run.record.current(run.contracts[name]))
    workspace.deliver()
    return [row for name in names for row in _rows(run.contracts[name], run.record)]


def _open(workspace: Workspace, engine: Engine, names: list[str]) -> _Run:
    contracts = _contracts(workspace.project)
    contracts |= {name: workspace.project.contract(name) for name in names if name not in contracts}
    return _Run(
        workspace=workspace,
        engine=engine,
        rules=shipped_rules(),
        record=known(engine),
        contracts=contracts,
        edges=value_edges(engine),
        generations=_generations(engine),
        id=new_run_id(),
    )


def _contracts(project: Project) -> dict[str, Contract]:
    """The valid contracts; what is wrong with the others is told by `lakeward contract lint` and by their own runs."""
    found: dict[str, Contract] = {}
    for name in project.datasets():
        with suppress(ContractError):
            found[name] = project.contract(name)
    return found


def _proposed(run: _Run, contract: Contract) -> list[Row]:
    """New rows for the dataset; none where nothing that they rest on has changed. The record in `run` is brought up to date."""
    table, name = contract.table(contract.layer), contract.name
    if run.engine.info(table) is None:
        return []
    above, edges = _above(run, table)
    basis = _basis(run, contract, above)
    if run.record.bases.get(name) == basis:
        return []
    proposals = _inherited(_own(run, contract, table), table, above, edges, run.rules)
    run.record.proposals[name], run.record.bases[name] = {p.column: p for p in proposals}, basis
    return proposal_rows(name, basis, proposals)


def _own(run: _Run, contract: Contract, table: TableName) -> tuple[Proposal, ...]:
    """What the columns that are stored say of themselves."""
    stored = run.engine.types(table)
    columns = [column for column in contract.columns if column.name in stored]
    names = detectable(columns)
    found = {}
    if names:
        order = [c for c in ROW_IDENTITY if c in stored] or list(contract.primary_key)
        # A query of session relations need not be searched for tables of the lake.
        rows = run.engine.define("graded_table", f"SELECT * FROM {table}")
        query = detection_query(rows, names, order, run.rules)
        found = evidence_of(run.engine.fetch(query), names, run.rules)
    return propose(columns, contract.data_class, found, run.rules)


def _above(run: _Run, table: TableName) -> tuple[dict[Node, Held], list[Edge]]:
    """What the columns hold that the table is made of, and the edges from them."""
    edges = [edge for edge in run.edges if edge[1][0] == str(table)]
    held: dict[Node, Held] = {}
    for source in {
        TableName.parse(source[0]) for source, _ in edges if source[0].partition(".")[0] in ("silver", "gold", "repairs")
    }:
        contract = run.contracts.get(source.name)
        if contract:
            held |= {(str(source), column): _held(grade) for column, grade in run.record.current(contract).items()}
    wanted = {source for source, _ in edges}
    return {node: found for node, found in held.items() if node in wanted}, edges


def _inherited(
    own: tuple[Proposal, ...], table: TableName, above: Mapping[Node, Held], edges: Iterable[Edge], rules: Rules
) -> list[Proposal]:
    nodes = {(str(table), p.column): Held(p.standing, p.category) for p in own}
    # Bronze is the same columns as text, and is graded with its silver table.
    flowing = [edge for edge in edges if not edge[0][0].startswith(("bronze.", "landing."))]
    held = propagate({**above, **nodes}, flowing, tuple(rules.categories))
    return [_raised(proposal, held[str(table), proposal.column]) for proposal in own]


def _raised(proposal: Proposal, held: Held) -> Proposal:
    if held == Held(proposal.standing, proposal.category):
        return proposal
    why = Why.INHERITED if held.standing else Why.SOURCE_UNGRADED
    return replace(proposal, standing=held.standing, category=held.category, why=why)


def _held(grade: ColumnGrade) -> Held:
    known = grade.grade is not None and grade.state is not GradeState.STALE
    return Held(Standing(grade.grade, grade.level) if known and grade.grade else None, grade.category)


def _basis(run: _Run, contract: Contract, above: Mapping[Node, Held]) -> str:
    app = governance.app(contract.name, run.generations.get(contract.name, 1))
    data = run.engine.txn(contract.table(contract.layer), app)
    sources = sorted((*node, repr(held)) for node, held in above.items())
    return sha256(json.dumps([contract.sha256, run.rules.sha256, app, data, sources]).encode())


def _record(run: _Run, rows: Mapping[str, list[Row]]) -> None:
    """One commit for the whole run; a run beside it makes this one take the next number. Lineage is told first: it can be told twice."""
    table, at = governance.spec(PROPOSALS).name, run.workspace.clock.now()
    while rows:
        seq = run.engine.txn(table, APP) + 1
        for name in rows:
            contract = run.contracts[name]
            cause = f"grading {seq} {run.record.bases[name]}"
            send_tags(run.workspace, run.engine, contract, run.record.current(contract), cause=cause, at=at)
        head = {"seq": seq, "run_id": run.id, "proposed_at": at}
        every = [{**head, **row} for found in rows.values() for row in found]
        if governance.record(run.engine, PROPOSALS, every, Txn(APP, seq)):
            return


def _generations(engine: Engine) -> dict[str, int]:
    if engine.info(governance.spec("contracts").name) is None:
        return {}
    found = engine.fetch("SELECT dataset, max(generation) AS generation FROM governance.contracts GROUP BY dataset")
    return {row["dataset"]: row["generation"] for row in found}


def _rows(contract: Contract, record: Known) -> list[GradedColumn]:
    return [GradedColumn(contract.name, column, grade) for column, grade in record.current(contract).items()]
