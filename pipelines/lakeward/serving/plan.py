"""The tables of one principal: the table of each contract (silver or gold), and its columns with the policy's decisions.

Rejects, bronze, quarantine and governance tables have no graded columns and are not served.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lakeward.contracts.bands import Band
from lakeward.contracts.model import Column, Contract, DataType
from lakeward.core.names import TableName
from lakeward.engines.tables import TableInfo
from lakeward.grading.grade import ColumnGrade
from lakeward.protection.policy import AccessDecision, Action, Policy, RowFilterRule
from lakeward.protection.read_request import ReadRequest

Grades = Mapping[str, ColumnGrade]

# Why a column is denied that only lacks an extra: the one of HMAC tokens, or the one of all else.
NO_TOKENS, NO_PROTECT = "serving_no_tokens", "serving_no_protect"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedColumn:
    """One column of a contract with the principal's access.

    Args:
        place: `layer.table.column`.
        band, unit: As its contract declares them; None without.
    """

    name: str
    type: DataType
    decision: AccessDecision
    grade: ColumnGrade | None
    band: Band | None = None
    unit: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedTable:
    """One table with the principal's access.

    Args:
        folder, rows: Folder or URL of its Delta table, and its number of rows; None before the first write.
        filters: Row filters that hide rows from the principal.
        is_cube: Whether its rows are released groups, which are shown as they are stored.
    """

    name: TableName
    contract: Contract
    folder: str | None
    rows: int | None
    columns: tuple[ServedColumn, ...]
    filters: tuple[RowFilterRule, ...] = ()
    is_cube: bool = False

    @property
    def missing_filters(self) -> tuple[str, ...]:
        """Names of the filters that its contract lacks; with one, the table has no view."""
        return tuple(rule.filter for rule in self.filters if rule.filter not in self.contract.row_filters)

    @property
    def visible(self) -> tuple[ServedColumn, ...]:
        """The columns of the view; a table without any has no view."""
        return tuple(column for column in self.columns if column.decision.action is not Action.DENY)

    @property
    def is_masked(self) -> bool:
        """Whether the view computes a column from values that the principal may not see."""
        return not self.is_cube and any(column.decision.action is not Action.CLEAR for column in self.visible)

    @property
    def has_view(self) -> bool:
        """Whether there is anything to query."""
        return self.folder is not None and bool(self.visible) and not self.missing_filters


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A reader with the policy.

    Args:
        request: Role, purpose, party and time of the reader.
        key_id: Id of the token key; None without one.
        can_tokenise: The session can make tokens of a key.
        encryptable: `layer.table.column` of the columns that the session has a key to encrypt for.
        missing_extra: Message code that names the extra it needs for them.
    """

    request: ReadRequest
    policy: Policy
    key_id: str | None = None
    can_tokenise: bool = True
    missing_extra: str = NO_TOKENS
    encryptable: frozenset[str] = frozenset()

    @property
    def role(self) -> str:
        """Role of the reader."""
        return self.request.role

    def serve_table(self, contract: Contract, stored: TableInfo | None, grades: Grades) -> ServedTable:
        """The contract's table with the principal's access; columns that are not stored yet are left out."""
        table = contract.table(contract.layer)
        stored_columns = {column.name for column in stored.columns} if stored else set()
        columns = tuple(
            self._serve_column(table, c, grades.get(c.name)) for c in contract.columns if not stored or c.name in stored_columns
        )
        return ServedTable(
            name=table,
            contract=contract,
            folder=stored.path if stored else None,
            rows=stored.rows if stored else None,
            columns=columns,
            filters=self.policy.filters_for(self.request, table),
        )

    def _serve_column(self, table: TableName, column: Column, grade: ColumnGrade | None) -> ServedColumn:
        decision = self.policy.decide(self.request, table, column.name, grade)
        why = self._missing_means(decision.action, f"{table}.{column.name}")
        if why:
            decision = replace(decision, action=Action.DENY, why=why)
        return ServedColumn(
            name=column.name,
            type=column.type,
            decision=decision,
            grade=grade,
            band=column.band,
            unit=column.unit,
            place=f"{table}.{column.name}",
        )

    def with_all_keys(self, contract: Contract) -> "Principal":
        """The same reader in a session that has every key: what the policy shows of the contract's table at most."""
        table = contract.table(contract.layer)
        places = frozenset(f"{table}.{column.name}" for column in contract.columns)
        return replace(self, key_id="-", can_tokenise=True, encryptable=places)

    def _missing_means(self, action: Action, place: str) -> str | None:
        """Message code of what this session lacks for `action`, so that the column is denied; None if it lacks nothing."""
        if action is Action.TOKENISE and self.key_id is None:
            return "serving_no_key"
        if action is Action.TOKENISE and not self.can_tokenise:
            return self.missing_extra
        if action is Action.ENCRYPT:
            return None if place in self.encryptable else "serving_no_encryption"
        return "serving_aggregate_only" if action is Action.AGGREGATE else None


def closed_code(table: ServedTable) -> str:
    """The message that says why `table` has no view."""
    if table.folder is None:
        return "query_table_empty"
    if table.filters and table.visible:
        return "query_table_unfiltered"
    ungraded = all(column.decision.why == "serving_ungraded" for column in table.columns)
    return "query_table_ungraded" if ungraded else "query_table_hidden"
