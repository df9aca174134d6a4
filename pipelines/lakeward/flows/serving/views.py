"""The tables of one principal with the functions that protect their columns: the same for every way in."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lakeward.contracts.model import Contract
from lakeward.core.errors import UsageError
from lakeward.core.messages import Lang
from lakeward.core.names import Layer
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine
from lakeward.flows.base.key_decisions import check_token_scheme
from lakeward.flows.base.lake_owner import check_lake_owner
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.grading.grade import GradeLookup, current_grades
from lakeward.flows.serving.decryption import encrypting_keys
from lakeward.flows.serving.explanation import MaskExplanation, explain_column
from lakeward.protection.keys import TokenKey
from lakeward.protection.policy import Action
from lakeward.serving.column_functions import ColumnFunctions
from lakeward.serving.cubes import serve_cube
from lakeward.serving.notices import aggregated_columns
from lakeward.serving.plan import Principal, ServedColumn, ServedTable
from lakeward.serving.session import CheckedQuery, ServingSession


@dataclass(frozen=True, slots=True)
class ServedViews:
    """What a session is made of."""

    principal: Principal
    tables: tuple[ServedTable, ...]
    functions: ColumnFunctions

    def columns_read(self, session: ServingSession, query: CheckedQuery) -> dict[str, ServedColumn]:
        """By `layer.table.column`, everything that a query may read."""
        tables = {str(table.name): table for table in self.tables}
        found = {(name, column.name): column for name in query.objects for column in tables[name].columns}
        return {f"{table}.{name}": found[table, name] for table, name in session.columns_read(query)}

    def aggregated_columns(self, query: CheckedQuery) -> dict[str, Action]:
        """The protected columns that figures of a query may rest on, with what is done to each."""
        masked = [table for table in self.tables if str(table.name) in query.objects and table.is_masked]
        return aggregated_columns(query.node, sorted(masked, key=lambda table: str(table.name))) if masked else {}

    def explain(self, column: str, lang: Lang) -> MaskExplanation:
        """Explain what the principal sees of `layer.table.column`.

        Raises:
            UsageError: The column does not exist.
        """
        found = {each.place: (table.contract, each) for table in self.tables for each in table.columns}
        if column not in found:
            raise UsageError("column_not_found", column=column, close=did_you_mean(column, found) or "-")
        return explain_column(self.principal, *found[column], lang)


def make_views(
    workspace: Workspace,
    engine: Engine,
    principal: Principal,
    key: TokenKey | None,
    grade_lookup: GradeLookup = current_grades,
) -> ServedViews:
    """The views of a principal, by the grades, contracts and keys of this moment.

    Raises:
        ProtectionError: The key is of another scheme than the lake's, or a key is not stored safely.
        MachineError: A key can't be read.
        UsageError: The lake is another project's.
    """
    check_lake_owner(workspace.lake, workspace.project)
    check_token_scheme(engine, key)
    keys = encrypting_keys(workspace, engine)
    principal = replace(principal, encryptable=frozenset(keys))
    contracts = workspace.project.valid_contracts().values()
    tables = tuple(table for contract in contracts for table in _serve_tables(engine, principal, contract, grade_lookup))
    return ServedViews(principal, tables, ColumnFunctions(key, principal.request.party, keys))


def _serve_tables(engine: Engine, principal: Principal, contract: Contract, grade_lookup: GradeLookup) -> Iterator[ServedTable]:
    """The contract's table, and its released groups."""
    grades = grade_lookup(engine, contract)
    yield principal.serve_table(contract, engine.info(contract.table(contract.layer)), grades)
    released = engine.info(contract.table(Layer.CUBES)) if contract.cube else None
    if released:
        yield serve_cube(principal, contract, released, grades)
