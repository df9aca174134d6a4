"""Proposes a grade for every column from its values, its data class and its sources; `decide` records decisions.

A dataset with unchanged contract, rules, data and sources is skipped, and nothing is committed. Where only the grades of its sources
have changed, its data is not read again. What the rules found once stays: only people lower a grade.
"""

from collections.abc import Callable, Mapping

from lakeward.contracts.model import Contract
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base.order import contract_order
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.answers import GradedColumn
from lakeward.flows.grading.detect import detect_grades
from lakeward.flows.grading.inheritance import inherit_again, inherit_downstream, inherit_grades, upstream_grades
from lakeward.flows.grading.publication import annotate_columns
from lakeward.flows.grading.records import GradeRecord, read_checks, read_grade_record
from lakeward.flows.grading.restored_falls import restore_unsigned_falls
from lakeward.flows.grading.run import HALF, GradingRun, data_basis, open_run, store_proposals, upstream_basis
from lakeward.flows.grading.scale import measure_scale
from lakeward.flows.grading.tasks import open_regrading_tasks
from lakeward.flows.grading.transform_checks import recheck_transforms
from lakeward.grading.grade import ColumnGrade
from lakeward.grading.proposal import GradeProposal, keep_highest

# Looks up the grade of each column of a dataset that is graded.
GradeLookup = Callable[[Engine, Contract], Mapping[str, ColumnGrade]]


def grade_dataset(settings: Settings, name: str) -> list[GradedColumn]:
    """Grade the columns of one dataset, and raise what is made of them; returns the result of `list_grades`.

    Raises:
        UsageError: The project has no dataset `name`.
        DefinitionError: A catalogue was edited in place.
    """
    workspace = open_workspace(settings)
    return _grade_datasets(workspace, {name: workspace.project.contract(name)})


def grade_all(settings: Settings) -> list[GradedColumn]:
    """Grade every dataset with a valid contract, sources first; returns the result of `list_grades`.

    Raises:
        DefinitionError: A catalogue was edited in place.
    """
    workspace = open_workspace(settings)
    contracts = workspace.project.valid_contracts()
    return _grade_datasets(workspace, {name: contracts[name] for name in contract_order(contracts)})


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


def _grade_datasets(workspace: Workspace, contracts: Mapping[str, Contract]) -> list[GradedColumn]:
    """Grade the datasets of these contracts, in their order."""
    with workspace.engine() as engine:
        run = open_run(workspace, engine, contracts)
        for contract in contracts.values():
            restore_unsigned_falls(workspace, engine, contract, run.record)
            recheck_transforms(workspace, engine, contract, run.record)
        read_checks(engine, run.record)
        proposals = {}
        for name, contract in contracts.items():
            if found := _propose_grades(run, contract):
                proposals[name] = found
            else:
                _annotate(run, name)  # now, as the table is open: of many, few stay so
        proposals |= inherit_downstream(run, contracts)
        store_proposals(run, proposals)
        for name in proposals:
            _annotate(run, name)
        open_regrading_tasks(run, contracts.values())
    workspace.deliver_lineage()
    return [row for contract in contracts.values() for row in _grade_rows(contract, run.record)]


def _annotate(run: GradingRun, name: str) -> None:
    contract = run.contracts.get(name)
    if contract:
        annotate_columns(run.engine, contract, run.record.current(contract))


def _propose_grades(run: GradingRun, contract: Contract) -> list[GradeProposal]:
    """New proposals for the dataset; none if nothing has changed. Updates the record in `run`."""
    table, name = contract.table(contract.layer), contract.name
    if not run.engine.exists(table):
        return []
    basis, before = data_basis(run, contract), run.record.proposals.get(name, {})
    if run.record.bases.get(name, "")[:HALF] == basis:
        return inherit_again(run, contract)
    earlier = run.record.removed.get(name, {}) | before
    categories = tuple(run.rules.categories)
    detected = detect_grades(run.engine, contract, table, run.rules)
    own = [keep_highest(p, earlier.get(p.column), categories) for p in detected]
    run.record.measures[name] = measure_scale(run.engine, contract, own, run.project_rules)
    upstream, edges = upstream_grades(run, table)
    proposals = inherit_grades(run, table, own, upstream, edges)
    found = {p.column: p for p in proposals}
    run.record.proposals[name] = found
    run.record.removed[name] = {column: p for column, p in earlier.items() if column not in found}
    run.record.bases[name] = basis + upstream_basis(upstream)
    return proposals


def _grade_rows(contract: Contract, record: GradeRecord) -> list[GradedColumn]:
    return [GradedColumn(contract.name, column, grade) for column, grade in record.current(contract).items()]
