"""Takes one value of a gold table to its source: input rows, batches, files and rules, and what quarantine keeps from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from lakeward.contracts.model import Contract
from lakeward.core.errors import LakewardError, UsageError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.core.sql import equals
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance, pinning
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.operations.contributing_rows import (
    ContributingRows,
    GoldRow,
    RowChoice,
    contributing_rows,
    is_same_value,
    key_texts,
    run_model,
    window_condition,
)
from lakeward.flows.operations.explain import equality, parse_condition, parse_table_name
from lakeward.flows.operations.released_rows import ReleasedRows, released_rows
from lakeward.flows.operations.value_visibility import sees_origin
from lakeward.flows.serving.clear_columns import check_row_condition
from lakeward.flows.serving.logged_read import logged_read
from lakeward.flows.serving.reader import resolve_reader

# Ids of rows in an answer; the counts are of all rows.
MOST_IDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file that rows of a value came from.

    Args:
        file: Its name when it was received; None if bronze no longer has the rows.
        batch: Number of the batch that published the rows.
        rows: Number of these rows.
        bytes: Size of the file; None if the source no longer says.
    """

    file: str | None
    batch: int
    rows: int
    bytes: int | None

    def as_dict(self) -> dict[str, object]:
        """The fields by name."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueInput:
    """The rows of one input table that a value was computed from.

    Args:
        table: The table, as `layer.name`.
        rows: Number of the rows.
        batches: Numbers of the batches that published them.
        ids: Ids of the first of them, as `file:record`; empty for a gold table.
        files: The files they came from; empty for a gold table.
    """

    table: TableName
    rows: int
    batches: tuple[int, ...]
    ids: tuple[str, ...]
    files: tuple[SourceFile, ...]

    def as_dict(self) -> dict[str, object]:
        """The fields by name, with plain values."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedRule:
    """A rule that the rows of a value passed.

    Args:
        dataset: Dataset of the rows.
        rule: Id of the rule.
        version: Hash of its configuration.
        batches: Number of the rows' batches that it judged.
        failed: Rows of these batches that failed it, and are not among the value's.
    """

    dataset: str
    rule: str
    version: str
    batches: int
    failed: int | None

    def as_dict(self) -> dict[str, object]:
        """The fields by name."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedShare:
    """Open quarantined rows of one input.

    Args:
        dataset: The dataset.
        missing: Number of open rows that a release would add to the value's rows, or put in place of one.
        ids: Ids of the first of them, as `file:record`.
        rules: Rule -> number of these rows that failed it.
        unreadable: Number of open rows of the dataset that no release can publish; some could belong here.
    """

    dataset: str
    missing: int
    ids: tuple[str, ...]
    rules: Mapping[str, int]
    unreadable: int

    def as_dict(self) -> dict[str, object]:
        """The fields by name, with plain values."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueOrigin:
    """One value of a gold table, what it was computed from, and what quarantine keeps from it.

    Args:
        table: The gold table, as `layer.name`.
        column: Its column.
        batch: Number of the batch that wrote the row.
        visible: Whether the reader sees the column, what it is made of and the keys of its rows in clear; otherwise all below is
            None or empty.
        value: The stored value, as text.
        released: The value after a release of the open rows: the model was run with them. None as text is no value.
        change: `released` minus the value as the model gives it now; None if it is no number.
        moves: Whether a release would change the value; None if the reader may not see it.
        choice: How the input rows were found; None if the reader may not see the value.
        reproduced: Whether the model gives the stored row over these rows; otherwise its inputs have changed since. None as for
            `choice`.
        inputs: The input rows.
        rules: The rules that their batches were judged by.
        quarantined: Open rows of the inputs.
    """

    table: TableName
    column: str
    batch: int
    visible: bool
    value: str | None = None
    released: str | None = None
    change: str | None = None
    moves: bool | None = None
    choice: RowChoice | None = None
    reproduced: bool | None = None
    inputs: tuple[ValueInput, ...] = ()
    rules: tuple[AppliedRule, ...] = ()
    quarantined: tuple[QuarantinedShare, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward explain TABLE WHERE --value COLUMN --json`."""
        return fields_of(self)


def explain_value(settings: Settings, name: str, where: str, column: str, role: str | None = None) -> ValueOrigin:
    """The origin of one value of a gold table. Each call is in the access log.

    Args:
        name: `gold.NAME`.
        where: `column=value,…` of exactly one row; times in ISO 8601 with an offset.
        column: The column of the value.
        role: Role that reads; None for the account's only role or the project's default.

    Raises:
        UsageError: The table is not gold, the column does not exist, not exactly one row matches, or there is no role.
        ProtectionError: The role may not see a column of the condition in clear, or a row filter hides rows from it.
        PolicyError: The policy is not valid.
    """
    workspace = open_workspace(settings)
    table = parse_table_name(name)
    contract = workspace.project.contract(table.name)
    if contract.model is None or table.layer is not Layer.GOLD:
        raise UsageError("explain_value_gold", table=name)
    names = [each.name for each in contract.columns]
    if column not in names:
        raise UsageError("explain_value_column", table=name, column=column, close=did_you_mean(column, names) or ", ".join(names))
    reader, _ = resolve_reader(workspace, role)
    keys = parse_condition(contract, where)
    objects = [name, *map(str, contract.model.inputs)]
    with (
        workspace.engine(contract) as engine,
        logged_read(workspace, engine, reader, f"explain {name} {where} {column}", objects) as entry,
    ):
        check_row_condition(engine, reader, contract, keys)
        condition = " AND ".join(equality(contract, key, value, typed=True) for key, value in keys.items())
        row, batch = _gold_row(engine, contract, condition)
        if sees_origin(workspace, engine, reader, row, column):
            origin = _Explanation(workspace, engine, row, contributing_rows(engine, row)).origin(column, batch)
        else:
            origin = ValueOrigin(table=contract.table(Layer.GOLD), column=column, batch=batch, visible=False)
        entry.write(sum(each.rows for each in origin.inputs))
    return origin


def _gold_row(engine: Engine, contract: Contract, condition: str) -> tuple[GoldRow, int]:
    """The one stored row, with the model that computed it, and the number of its batch."""
    table, model = contract.table(contract.layer), contract.model
    assert model is not None
    if engine.info(table) is None:
        raise UsageError("explain_value_rows", table=table, count=0)
    rows = key_texts(engine, contract, condition)
    if len(rows) != 1:
        raise UsageError("explain_value_rows", table=table, count=len(rows))
    row = rows[0]
    plans = governance.read_rows(engine, "batches", dataset=contract.name, batch_seq=row["_batch_seq"])
    definition = pinning.stored_definition(engine, plans[0])
    names = [name for name in contract.primary_key if name != model.window]
    keys = {name: row[f"_key_{number}"] for number, name in enumerate(names)}
    start = f"to_timestamp({row['_start']})"
    return GoldRow(definition=definition, keys=keys, values=row, start=start), row["_batch_seq"]


class _Explanation:
    """One value's explanation, from rows that were found to give it."""

    def __init__(self, workspace: Workspace, engine: Engine, row: GoldRow, contributing: ContributingRows) -> None:
        self._workspace, self._engine, self._row = workspace, engine, row
        self._contributing = contributing
        silver = [table for table in row.model.inputs if table.layer is Layer.SILVER]
        found = {table: released_rows(workspace, engine, table.name) for table in silver}
        self._released: dict[TableName, ReleasedRows] = {table: rows for table, rows in found.items() if rows}

    def origin(self, column: str, batch: int) -> ValueOrigin:
        inputs = tuple(self._input(table, where) for table, where in self._contributing.conditions.items())
        now, released = (self._computed(column, with_released=with_released) for with_released in (False, True))
        stored = self._row.values[column]
        return ValueOrigin(
            table=self._row.contract.table(Layer.GOLD),
            column=column,
            batch=batch,
            visible=True,
            value=_text(stored),
            released=_text(released),
            change=_difference(released, now),
            moves=not is_same_value(now, released),
            choice=self._contributing.choice,
            reproduced=self._contributing.is_reproduced,
            inputs=inputs,
            rules=tuple(self._rules(inputs)),
            quarantined=tuple(self._share(table, rows) for table, rows in self._released.items()),
        )

    def _computed(self, column: str, *, with_released: bool) -> object:
        """The value as the model computes it from the inputs of now, or with the open rows released."""
        inputs: dict[TableName, str] = {}
        for table in self._row.model.inputs:
            released = self._released.get(table) if with_released else None
            rows = f"({released.silver(self._engine.types(table))})" if released else str(table)
            wide = self._contributing.choice is RowChoice.ALL
            where = "TRUE" if wide else window_condition(self._row, table)
            inputs[table] = f"SELECT * FROM {rows} WHERE {where}"
        found = run_model(self._engine, self._row, inputs)
        return found[0][column] if found else None

    def _input(self, table: TableName, where: str) -> ValueInput:
        engine = self._engine
        batches = engine.fetch(f"SELECT _batch_seq AS seq, count(*) AS n FROM {table} WHERE {where} GROUP BY 1 ORDER BY 1")
        is_silver = table.layer is Layer.SILVER
        ids = (
            engine.fetch(f"SELECT _file_seq, _row FROM {table} WHERE {where} ORDER BY 1, 2 LIMIT {MOST_IDS}") if is_silver else []
        )
        return ValueInput(
            table=table,
            rows=sum(each["n"] for each in batches),
            batches=tuple(each["seq"] for each in batches),
            ids=_ids(ids),
            files=tuple(self._files(table, where)) if is_silver else (),
        )

    def _files(self, table: TableName, where: str) -> Iterator[SourceFile]:
        found = self._engine.fetch(f"""
            SELECT s._file_seq AS seq, s._batch_seq AS batch, max(b._file) AS file, count(*) AS n
            FROM (SELECT * FROM {table} WHERE {where}) AS s
            LEFT JOIN bronze.{table.name} AS b ON b._file_seq = s._file_seq AND b._row = s._row
            GROUP BY ALL ORDER BY 1, 2""")
        sizes = self._sizes(table.name, max((each["seq"] for each in found), default=0))
        for each in found:
            yield SourceFile(file=each["file"], batch=each["batch"], rows=each["n"], bytes=sizes.get(each["seq"]))

    def _sizes(self, dataset: str, newest: int) -> dict[int, int]:
        try:
            source = self._workspace.source(self._workspace.project.contract(dataset))
            return {each.seq: each.size for each in source.inputs(0, newest)} if newest else {}
        except LakewardError:  # the source is another one now
            return {}

    def _rules(self, inputs: Sequence[ValueInput]) -> Iterator[AppliedRule]:
        if self._engine.info(governance.table_name("verdicts")) is None:
            return
        for each in inputs:
            if not each.batches:
                continue
            own = f"{equals(dataset=each.table.name)} AND batch_seq IN ({', '.join(map(str, each.batches))})"
            found = self._engine.fetch(f"""
                SELECT rule_id, rule_version, count(DISTINCT batch_seq) AS n, sum(failed) AS failed
                FROM (SELECT * FROM governance.verdicts WHERE {own}
                    QUALIFY generation = max(generation) OVER (PARTITION BY batch_seq))
                GROUP BY ALL ORDER BY 1, 2""")
            for rule in found:
                failed = None if rule["failed"] is None else int(rule["failed"])
                yield AppliedRule(
                    dataset=each.table.name,
                    rule=rule["rule_id"],
                    version=rule["rule_version"],
                    batches=rule["n"],
                    failed=failed,
                )

    def _share(self, table: TableName, released: ReleasedRows) -> QuarantinedShare:
        where = self._contributing.conditions[table]
        missing = self._engine.materialise(f"missing_{table.name}", f"SELECT _file_seq, _row FROM {released.rows} WHERE {where}")
        count = self._engine.fetch(f"SELECT count(*) AS n FROM {missing}")[0]["n"]
        ids = self._engine.fetch(f"SELECT _file_seq, _row FROM {missing} ORDER BY 1, 2 LIMIT {MOST_IDS}")
        rules = self._engine.fetch(f"""
            SELECT rule, count(*) AS n FROM {released.reasons} SEMI JOIN {missing} USING (_file_seq, _row) GROUP BY 1 ORDER BY 1""")
        return QuarantinedShare(
            dataset=table.name,
            missing=count,
            ids=_ids(ids),
            rules={each["rule"]: each["n"] for each in rules},
            unreadable=released.unreadable,
        )


def _ids(rows: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    return tuple(f"{row['_file_seq']}:{row['_row']}" for row in rows)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _difference(after: object, before: object) -> str | None:
    if isinstance(after, float) and isinstance(before, float):
        return str(after - before)
    if isinstance(after, int | Decimal) and isinstance(before, int | Decimal) and not isinstance(after, bool):
        return str(after - before)
    return None
