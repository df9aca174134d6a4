"""What was set aside, and why: rows that a rule sent to quarantine, and records that could not be parsed."""

from typing import Any

from lakeward.core.names import Layer, TableName
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.workspace import open_workspace

# Where rows lie that are not in silver, with the SQL of the list of reasons that each row there has.
ASIDE = {Layer.QUARANTINE: "CAST(_reasons AS VARCHAR[])", Layer.REJECTS: "[reason]"}


def quarantined(settings: Settings) -> list[dict[str, Any]]:
    """Per table and reason, how many rows were set aside: `table, dataset, rule, rows, batches, oldest`.

    `rule` is the id of a rule; for a table of rejects it is the message code of why a record could not be parsed.
    """
    with open_workspace(settings).engine() as engine:
        tables = [t.name for t in engine.tables() if t.name.layer in ASIDE]
        return [row for table in tables for row in _by_reason(engine, table)]


def quarantine_rows(settings: Settings, name: str, limit: int, *, values: bool = False) -> list[dict[str, Any]]:
    """The newest rows of a dataset that were set aside: `table, batch, file, row, reasons, detail`.

    Args:
        limit: Rows of quarantine, and as many of rejects.
        values: Show the row's values as received, too. A record that could not be parsed has none.

    Raises:
        UsageError: The project has no dataset `name`.
    """
    workspace = open_workspace(settings)
    workspace.project.contract_path(name)
    with workspace.engine() as engine:
        tables = [TableName(layer, name) for layer in ASIDE if engine.info(TableName(layer, name))]
        found = [(table, _newest(engine, table, limit)) for table in tables]
    return [_row(table, row, values=values) for table, rows in found for row in rows]


def _newest(engine: Engine, table: TableName, limit: int) -> list[dict[str, Any]]:
    reasons = ASIDE[table.layer]
    return engine.fetch(f"SELECT *, {reasons} AS _why FROM {table} ORDER BY _batch_seq DESC, _file_seq, _row LIMIT {int(limit)}")


def _by_reason(engine: Engine, table: TableName) -> list[dict[str, Any]]:
    found = engine.fetch(f"""
        SELECT rule, count(*) AS n, count(DISTINCT _batch_seq) AS batches, min(_ingested_at) AS oldest
        FROM (SELECT unnest({ASIDE[table.layer]}) AS rule, _batch_seq, _ingested_at FROM {table})
        GROUP BY rule ORDER BY n DESC, rule""")
    place = {"table": str(table), "dataset": table.name}
    return [
        {**place, "rule": r["rule"], "rows": r["n"], "batches": r["batches"], "oldest": r["oldest"].isoformat()} for r in found
    ]


def _row(table: TableName, row: dict[str, Any], *, values: bool) -> dict[str, Any]:
    is_reject = table.layer is Layer.REJECTS
    place = {"table": str(table), "batch": row["_batch_seq"], "file": row.get("_file"), "row": row.get("_row")}
    why = {"reasons": row["_why"], "detail": row["detail"] if is_reject else None}
    received = {key: value for key, value in row.items() if not key.startswith("_") and not is_reject}
    return {**place, **why, "values": received} if values else {**place, **why}
