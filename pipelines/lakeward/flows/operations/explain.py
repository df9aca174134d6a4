"""Takes a row of a published table back to where it came from: batch, file and record, contract and rule versions."""

import json
from typing import Any

from lakeward.contracts.model import Contract, Kind
from lakeward.core.errors import UsageError
from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.steward.history import life

# A row is looked for by its key; more matches than this mean that the condition names a set, not a row.
MATCHES = 20


def explain_row(settings: Settings, name: str, where: str) -> list[dict[str, Any]]:
    """Where each matching row came from.

    Keys: `table, batch, batch_id, file, row, received_at` (gold: `inputs`), `run_id, flow, contract_version, contract_sha256,
    suite_sha256, rules`; a row in quarantine also has `reasons`, and one that was ever set aside its `life`: when it was received
    and set aside, and what people did about it.

    Args:
        name: `silver.NAME` or `gold.NAME`.
        where: `column=value,…`; instants in ISO 8601 with an offset.

    Raises:
        UsageError: No such table or column, or no row matches.
    """
    workspace = open_workspace(settings)
    table = _table(name)
    contract = workspace.project.contract(table.name)
    wanted = _wanted(contract, where)
    with workspace.engine(contract) as engine:
        rows = _matches(engine, table, wanted, contract)
        if not rows:
            raise UsageError("row_not_found", table=name, columns=", ".join(wanted))
        return [{"table": str(at), **_origin(engine, contract, row)} for at, row in rows]


def _table(name: str) -> TableName:
    try:
        return TableName.parse(name)
    except ValueError as error:
        raise UsageError("table_name_expected", found=name) from error


def _wanted(contract: Contract, where: str) -> dict[str, str]:
    """Column -> text to compare with.

    Raises:
        UsageError: A part is no `column=value`, or names no column of the contract.
    """
    parts = [part.partition("=") for part in where.split(",")]
    columns = {column.name for column in contract.columns}
    for column, equals, _ in parts:
        if not equals or column.strip() not in columns:
            raise UsageError("explain_condition", column=column.strip(), expected=", ".join(sorted(columns)))
    return {column.strip(): value.strip() for column, _, value in parts}


def _matches(
    engine: Engine, table: TableName, wanted: dict[str, str], contract: Contract
) -> list[tuple[TableName, dict[str, Any]]]:
    """Rows of the published table; if there is none, rows set aside, compared as the text that was received."""
    aside = contract.table(Layer.QUARANTINE)
    for at, typed in ((table, True), (aside, False)):
        if engine.info(at) is None:
            continue
        condition = " AND ".join(_equal(contract, column, value, typed=typed) for column, value in wanted.items())
        found = engine.fetch(f"SELECT * FROM {at} WHERE {condition} ORDER BY _batch_seq, _file_seq, _row LIMIT {MATCHES}")
        if found:
            return [(at, row) for row in found]
    return []


def _equal(contract: Contract, column: str, value: str, *, typed: bool) -> str:
    if typed and contract.column(column).type.kind is Kind.TIMESTAMP:
        return f"{identifier(column)} = TRY_CAST({literal(value)} AS TIMESTAMPTZ)"
    return f"CAST({identifier(column)} AS VARCHAR) = {literal(value)}"


def _origin(engine: Engine, contract: Contract, row: dict[str, Any]) -> dict[str, Any]:
    seq = row["_batch_seq"]
    runs = governance.rows(engine, "runs", order="generation DESC LIMIT 1", dataset=contract.name, batch_seq=seq)
    verdicts = governance.rows(engine, "verdicts", order="generation DESC, rule_id", dataset=contract.name, batch_seq=seq)
    run = runs[0] if runs else {}
    origin = {
        "batch": seq,
        "batch_id": run.get("batch_id"),
        **_place(engine, contract, row),
        "run_id": row["_run_id"],
        "flow": run.get("flow"),
        "contract_version": run.get("contract_version"),
        "contract_sha256": run.get("contract_sha256"),
        "suite_sha256": run.get("suite_sha256"),
        "rules": {v["rule_id"]: f"{v['rule_version']} {v['outcome']}" for v in reversed(verdicts)},
    }
    told = {**origin, "reasons": json.loads(row["_reasons"])} if "_reasons" in row else origin
    lived = life(engine, contract.name, (row["_file_seq"], row["_row"])) if contract.layer is Layer.SILVER else []
    return {**told, "life": lived} if lived else told


def _place(engine: Engine, contract: Contract, row: dict[str, Any]) -> dict[str, Any]:
    """Where the row stood: silver in a file; gold in what its curation read."""
    if contract.layer is Layer.GOLD:
        batches = governance.rows(engine, "batches", dataset=contract.name, batch_seq=row["_batch_seq"])
        return {"inputs": json.loads(batches[0]["inputs"]) if batches else {}}
    # By its place alone: a row that was set aside is published by a later batch than the one that brought it.
    found = engine.fetch(f"""
        SELECT _file, _ingested_at FROM bronze.{contract.name}
        WHERE _file_seq = {row["_file_seq"]} AND _row = {row["_row"]}""")
    file = found[0] if found else {"_file": None, "_ingested_at": None}
    received = file["_ingested_at"].isoformat() if file["_ingested_at"] else None
    return {"file": file["_file"], "row": row["_row"], "received_at": received}
