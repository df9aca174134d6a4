"""Traces a row of a published table to its origin: batch, file and record, contract and rule versions."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeward.contracts.model import Contract, Kind
from lakeward.core.errors import UsageError
from lakeward.core.names import BatchId, Layer, RunId, Sha256, TableName
from lakeward.core.settings import Settings
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance, pinning
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.pinning import BatchRange
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.operations.row_rules import JudgedRow, RowOutcome, row_outcomes
from lakeward.flows.quarantine.events import RowEvent
from lakeward.flows.serving.clear_columns import check_row_condition
from lakeward.flows.serving.logged_read import logged_read
from lakeward.flows.serving.reader import resolve_reader
from lakeward.flows.steward.history import RowFailure, row_history
from lakeward.quality.rule import Outcome

# A row is found by its key; more matches than this mean that the condition selects a set, not a row.
MAX_MATCHES = 20


@dataclass(frozen=True, slots=True)
class FilePlace:
    """The source of a received row.

    Args:
        file: Name of the file; None if bronze no longer has the row.
        row: Number of the record in the file.
        received_at: Time when its batch was received; None if bronze no longer has the row.
    """

    file: str | None
    row: int
    received_at: datetime | None

    def as_dict(self) -> dict[str, object]:
        """`file, row, received_at`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True)
class CuratedPlace:
    """The source of a computed row.

    Args:
        inputs: By input table: its generation, and the batches that were read, from (exclusive) and to (inclusive).
    """

    inputs: Mapping[str, BatchRange]

    def as_dict(self) -> dict[str, object]:
        """`inputs`."""
        return {"inputs": {table: list(read) for table, read in self.inputs.items()}}


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """The verdict of a rule, in one version, on the row's batch."""

    version: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOrigin:
    """The origin of one row. What the run recorded is None until the batch is finished.

    Args:
        table: Table that holds the row, as `layer.name`.
        batch: Number of the batch that wrote the row.
        batch_id: Id of this batch.
        place: The source of the row: a file, or the inputs of a model.
        run_id: Id of the run that wrote the row.
        flow: Flow of this run: `ingest`, `curate`, `replay` or `release`.
        contract_version: Version of the contract that the batch was judged by.
        contract_sha256: Hash of the text of this contract.
        suite_sha256: Hash of the text of the suite that the batch was judged by.
        rules: By rule id: its version and its verdict on the batch.
        row_rules: By rule that some row of the batch failed: the outcome on this row; None as long as the batch is not finished.
        reasons: Ids of the rules that quarantined the row; None for a published row.
        life: When the row was quarantined and what was done about it; empty if it never was.
    """

    table: TableName
    batch: int
    batch_id: BatchId | None
    place: FilePlace | CuratedPlace
    run_id: RunId
    flow: str | None
    contract_version: str | None
    contract_sha256: Sha256 | None
    suite_sha256: Sha256 | None
    rules: Mapping[str, RuleOutcome]
    row_rules: Mapping[str, RowOutcome] | None
    reasons: tuple[str, ...] | None = None
    life: tuple[RowFailure | RowEvent, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward explain --json`; `reasons` and `life` only where there are any."""
        origin: dict[str, object] = {
            "table": str(self.table),
            "batch": self.batch,
            "batch_id": self.batch_id,
            **self.place.as_dict(),
            "run_id": self.run_id,
            "flow": self.flow,
            "contract_version": self.contract_version,
            "contract_sha256": self.contract_sha256,
            "suite_sha256": self.suite_sha256,
            "rules": {name: f"{rule.version} {rule.outcome}" for name, rule in self.rules.items()},
            "row_rules": None if self.row_rules is None else {name: str(found) for name, found in self.row_rules.items()},
        }
        origin |= {} if self.reasons is None else {"reasons": list(self.reasons)}
        return origin | ({"life": [event.as_dict() for event in self.life]} if self.life else {})


def explain_row(settings: Settings, name: str, where: str, role: str | None = None) -> list[RowOrigin]:
    """The origin of each matching row. Each call is in the access log, since it shows whether there is such a value.

    Args:
        name: `silver.NAME` or `gold.NAME`.
        where: `column=value,…`; times in ISO 8601 with an offset.
        role: Role that reads; None for the account's only role or the project's default.

    Raises:
        UsageError: The table or column does not exist, no row matches, or there is no role.
        ProtectionError: The role may not see a column of the condition in clear, or the token is not valid.
        PolicyError: The policy is not valid.
    """
    workspace = open_workspace(settings)
    table = parse_table_name(name)
    contract = workspace.project.contract(table.name)
    reader, _ = resolve_reader(workspace, role)
    key_values = parse_condition(contract, where)
    with workspace.engine(contract) as engine, logged_read(workspace, engine, reader, f"explain {name} {where}", [name]) as entry:
        check_row_condition(engine, reader, contract, key_values)
        rows = _find_rows(engine, (table, contract), key_values, entry.objects)
        if not rows:
            raise UsageError("row_not_found", table=name, columns=", ".join(key_values))
        clear = reader.clear_columns(contract, current_grades(engine, contract))
        origins = [_row_origin(workspace, engine, (contract, at), row, clear) for at, row in rows]
        entry.write(len(origins))
    return origins


def parse_table_name(name: str) -> TableName:
    """The table that a person names.

    Raises:
        UsageError: It is no `layer.name`.
    """
    try:
        return TableName.parse(name)
    except ValueError as error:
        raise UsageError("table_name_expected", found=name) from error


def parse_condition(contract: Contract, where: str) -> dict[str, str]:
    """Column -> text to compare with.

    Raises:
        UsageError: A part is not `column=value`, or the column is not in the contract.
    """
    parts = [part.partition("=") for part in where.split(",")]
    columns = {column.name for column in contract.columns}
    for column, equals, _ in parts:
        if not equals or column.strip() not in columns:
            raise UsageError("explain_condition", column=column.strip(), expected=", ".join(sorted(columns)))
    return {column.strip(): value.strip() for column, _, value in parts}


def _find_rows(
    engine: Engine, where: tuple[TableName, Contract], key_values: dict[str, str], read_tables: set[str]
) -> list[tuple[TableName, dict[str, Any]]]:
    """Rows of the published table; if there are none, quarantined rows, compared as received text.

    Args:
        read_tables: Gets the names of the tables that are read.
    """
    table, contract = where
    quarantine = contract.table(Layer.QUARANTINE)
    for at, typed in ((table, True), (quarantine, False)):
        if engine.info(at) is None:
            continue
        read_tables.add(str(at))
        condition = " AND ".join(equality(contract, column, value, typed=typed) for column, value in key_values.items())
        found = engine.fetch(f"SELECT * FROM {at} WHERE {condition} ORDER BY _batch_seq, _file_seq, _row LIMIT {MAX_MATCHES}")
        if found:
            return [(at, row) for row in found]
    return []


def equality(contract: Contract, column: str, value: str, *, typed: bool) -> str:
    """The condition that a column has the value, in a table of contract types or of received texts."""
    if typed and contract.column(column).type.kind is Kind.TIMESTAMP:
        return f"{identifier(column)} = TRY_CAST({literal(value)} AS TIMESTAMPTZ)"
    return f"CAST({identifier(column)} AS VARCHAR) = {literal(value)}"


def _row_origin(
    workspace: Workspace, engine: Engine, place: tuple[Contract, TableName], row: Mapping[str, Any], clear: Collection[str]
) -> RowOrigin:
    """The origin of a row of a table; `clear` are the columns that the reader sees in clear."""
    (contract, table), seq = place, row["_batch_seq"]
    runs = governance.read_rows(engine, "runs", order="generation DESC LIMIT 1", dataset=contract.name, batch_seq=seq)
    verdicts = governance.read_rows(engine, "verdicts", order="generation DESC, rule_id", dataset=contract.name, batch_seq=seq)
    run = runs[0] if runs else {}
    judged = JudgedRow(table=table, row=row, run=run, verdicts=[v for v in verdicts if v["generation"] == run.get("generation")])
    return RowOrigin(
        table=table,
        batch=seq,
        batch_id=run.get("batch_id"),
        place=_row_source(engine, contract, row),
        run_id=row["_run_id"],
        flow=run.get("flow"),
        contract_version=run.get("contract_version"),
        contract_sha256=run.get("contract_sha256"),
        suite_sha256=run.get("suite_sha256"),
        rules={v["rule_id"]: RuleOutcome(v["rule_version"], Outcome(v["outcome"])) for v in reversed(verdicts)},
        row_rules=row_outcomes(workspace, engine, judged, clear) if run else None,
        reasons=tuple(json.loads(row["_reasons"])) if "_reasons" in row else None,
        life=row_history(engine, contract.name, (row["_file_seq"], row["_row"])) if contract.layer is Layer.SILVER else (),
    )


def _row_source(engine: Engine, contract: Contract, row: Mapping[str, Any]) -> FilePlace | CuratedPlace:
    """Source of the row: the file of a silver row, the input batches of a gold row."""
    if contract.layer is Layer.GOLD:
        batches = governance.read_rows(engine, "batches", dataset=contract.name, batch_seq=row["_batch_seq"])
        return CuratedPlace(pinning.batch_ranges(batches[0]) if batches else {})
    # By row id alone: a quarantined row is published by a later batch than the one that received it.
    found = engine.fetch(f"""
        SELECT _file, _ingested_at FROM bronze.{contract.name}
        WHERE _file_seq = {row["_file_seq"]} AND _row = {row["_row"]}""")
    file = found[0] if found else {"_file": None, "_ingested_at": None}
    return FilePlace(file["_file"], row["_row"], file["_ingested_at"])
