"""What was set aside, counted: by rule and dataset, how much of it is open and how old, how often it is repaired and fails again."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError, UsageError
from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.settings import Settings
from lakeward.core.sql import equals, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance, pinning
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.events import EVENTS, Kind
from lakeward.flows.quarantine.open_rows import is_received, standing

# Where rows lie that are not in silver, with the SQL of the list of reasons that each row there has.
ASIDE = {Layer.QUARANTINE: "CAST(_reasons AS VARCHAR[])", Layer.REJECTS: "[reason]"}
# The line of figures that is of all datasets together.
WHOLE = "*"
_AGES = "round(quantile_cont(days, 0.5), 2) AS p50, round(quantile_cont(days, 0.9), 2) AS p90"


def quarantined(settings: Settings) -> list[dict[str, Any]]:
    """Per table and reason, what was set aside.

    Keys: `table, dataset, rule, rows, batches, oldest, open, owner, age_p50, age_p90`. `rule` is the id of a rule; for a table of
    rejects it is the message code of why a record could not be parsed. `rows` counts every time that a row failed, `open` the rows
    that wait, `oldest` and the ages (in days) are of these. Rejects, and rows of gold, have no life of their own: they count as open.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        tables = [t.name for t in engine.tables() if t.name.layer in ASIDE]
        waiting = _rows_that_wait(workspace.clock.now().isoformat(), engine, tables)
        return [
            {**row, "owner": owner}
            for table in tables
            for owner in [_owner(workspace.project, table)]
            for row in _by_reason(engine, table, waiting)
        ]


def quarantine_figures(settings: Settings) -> list[dict[str, Any]]:
    """Per dataset whose rows are received, and for all of them (`*`): `dataset, open, age_p50, age_p90, repair_rate, failed_again`.

    Ages are days. `repair_rate`: share of the rows ever set aside that a person repaired. `failed_again`: share of the replayed rows
    that failed again, in this generation. None where there is nothing to take a share of.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        tables = [t.name for t in engine.tables() if t.name.layer is Layer.QUARANTINE and is_received(engine, t.name.name)]
        rows = _rows_that_wait(workspace.clock.now().isoformat(), engine, tables)
        counted = {table.name: _counted(engine, table) for table in tables}
        waiting = {row["dataset"]: row for row in engine.fetch(_open_by_dataset(rows))}
    total = {key: sum(row[key] for row in counted.values()) for key in _NOTHING}
    return [_figures(name, found, waiting.get(name, {})) for name, found in {**counted, WHOLE: total}.items()] if counted else []


_NOTHING = {"aside": 0, "repaired": 0, "replayed": 0, "failed": 0}


def _open_by_dataset(waiting: Relation) -> str:
    return f"""SELECT coalesce(dataset, {literal(WHOLE)}) AS dataset, count(*) AS n, {_AGES}
    FROM (SELECT * FROM {waiting} WHERE {equals(layer=Layer.QUARANTINE)}) GROUP BY ROLLUP (dataset)"""


def _rows_that_wait(now: str, engine: Engine, tables: list[TableName]) -> Relation:
    """The rows that wait: `layer, dataset, reasons, since, days`."""
    parts = [_waiting(engine, table) for table in tables]
    nothing = (
        "SELECT '' AS layer, '' AS dataset, CAST([] AS VARCHAR[]) AS reasons, CAST(NULL AS TIMESTAMPTZ) AS since WHERE FALSE"
    )
    age = f"(epoch(TIMESTAMPTZ {literal(now)}) - epoch(since)) / 86400"
    return engine.materialise("waiting", f"SELECT *, {age} AS days FROM ({' UNION ALL '.join([nothing, *parts])})")


def _waiting(engine: Engine, table: TableName) -> str:
    lives = table.layer is Layer.QUARANTINE and is_received(engine, table.name)
    since, rows = "_ingested_at", str(table)
    if lives:
        since, rows = "_since", f"({standing(engine, table.name, pinning.newest_plan(engine, table.name).seq + 1)})"
    own = f"{literal(table.layer)} AS layer, {literal(table.name)} AS dataset"
    return f"SELECT {own}, {ASIDE[table.layer]} AS reasons, {since} AS since FROM {rows}"


def _by_reason(engine: Engine, table: TableName, waiting: Relation) -> list[dict[str, Any]]:
    found = engine.fetch(f"""
        SELECT rule, count(*) AS n, count(DISTINCT _batch_seq) AS batches
        FROM (SELECT unnest({ASIDE[table.layer]}) AS rule, _batch_seq FROM {table}) GROUP BY rule ORDER BY n DESC, rule""")
    still = engine.fetch(f"""SELECT rule, count(*) AS n, min(since) AS oldest, {_AGES}
        FROM (SELECT unnest(reasons) AS rule, since, days FROM {waiting} WHERE {equals(layer=table.layer, dataset=table.name)})
        GROUP BY rule""")
    ages = {row["rule"]: row for row in still}
    place = {"table": str(table), "dataset": table.name}
    return [{**place, "rule": r["rule"], "rows": r["n"], "batches": r["batches"], **_open(ages.get(r["rule"]))} for r in found]


def _open(row: Mapping[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {"oldest": None, "open": 0, "age_p50": None, "age_p90": None}
    return {"oldest": row["oldest"].isoformat(), "open": row["n"], "age_p50": row["p50"], "age_p90": row["p90"]}


def _counted(engine: Engine, table: TableName) -> dict[str, int]:
    aside = engine.fetch(f"SELECT count(DISTINCT (_file_seq, _row)) AS n FROM {table}")[0]["n"]
    repaired = 0
    if engine.info(EVENTS):
        own = equals(dataset=table.name, event=Kind.REPAIR)
        places = f"SELECT DISTINCT file_seq AS _file_seq, file_row AS _row FROM {EVENTS} WHERE {own}"
        query = f"SELECT count(DISTINCT (_file_seq, _row)) AS n FROM {table} SEMI JOIN ({places}) USING (_file_seq, _row)"
        repaired = engine.fetch(query)[0]["n"]
    newest = f"generation = (SELECT max(generation) FROM governance.runs WHERE {equals(dataset=table.name)})"
    runs = governance.rows(engine, "runs", newest, dataset=table.name, flow=Kind.REPLAY)
    replayed, failed = sum(run["rows_in"] for run in runs), sum(run["quarantine"] for run in runs)
    return {"aside": aside, "repaired": repaired, "replayed": replayed, "failed": failed}


def _figures(name: str, counted: Mapping[str, int], waiting: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "dataset": name,
        "open": waiting.get("n", 0),
        "age_p50": waiting.get("p50"),
        "age_p90": waiting.get("p90"),
        "repair_rate": _share(counted["repaired"], counted["aside"]),
        "failed_again": _share(counted["failed"], counted["replayed"]),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _owner(project: Project, table: TableName) -> str | None:
    """The contract's owner; None where the dataset has no valid contract any more."""
    with suppress(ContractError, UsageError):
        return project.contract(table.name).owner or None
    return None
