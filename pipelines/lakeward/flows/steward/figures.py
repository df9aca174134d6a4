"""Figures of the quarantine: open rows and their age by rule and dataset, and rates of repair and repeated failure."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeward.contracts.project import Project
from lakeward.core.errors import ContractError, UsageError
from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.settings import Settings
from lakeward.core.sql import equals, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance, pinning
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.batch.decode import settled_rejects
from lakeward.flows.quarantine.events import EVENTS, EventKind
from lakeward.flows.quarantine.open_rows import is_received, open_copies

# Layers of rows that are not in silver, with the SQL of each row's list of reasons.
REASON_LISTS = {Layer.QUARANTINE: "CAST(_reasons AS VARCHAR[])", Layer.REJECTS: "[reason]"}
# Name of the total over all datasets.
ALL_DATASETS = "*"
_AGES = "round(quantile_cont(days, 0.5), 2) AS p50, round(quantile_cont(days, 0.9), 2) AS p90"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineCount:
    """Rows of one table that failed for one reason. Rejects and rows of gold have no life cycle: they count as open.

    Args:
        table: Table of quarantine or rejects, as `layer.name`.
        dataset: Name of the dataset.
        rule: Id of the rule; for a table of rejects the message code of the parse error.
        rows: Number of failures, repeated failures of a row included.
        batches: Number of batches with such a row.
        oldest: Time when the oldest open row was received; None if no row is open.
        open: Number of open rows.
        age_p50: Median age of the open rows, in days; None if no row is open.
        age_p90: 90th percentile of their age, in days; None if no row is open.
        owner: Owner in the contract of the dataset; None if there is no valid contract.
    """

    table: TableName
    dataset: str
    rule: str
    rows: int
    batches: int
    oldest: datetime | None
    open: int
    age_p50: float | None
    age_p90: float | None
    owner: str | None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward quarantine list --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineFigures:
    """Progress of the quarantine of one dataset, or of all. A share is None if its denominator is zero.

    Args:
        dataset: Name of the dataset; `*` for all.
        open: Number of open rows.
        age_p50: Median age of the open rows, in days; None if no row is open.
        age_p90: 90th percentile of their age, in days; None if no row is open.
        repair_rate: Share of all rows ever quarantined that were repaired, 0 to 1.
        failed_again: Share of replayed rows that failed again in the current generation, 0 to 1.
    """

    dataset: str
    open: int
    age_p50: float | None
    age_p90: float | None
    repair_rate: float | None
    failed_again: float | None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward quarantine figures --json`."""
        return fields_of(self)


def list_quarantine(settings: Settings) -> list[QuarantineCount]:
    """Rows in quarantine and rejects, per table and reason."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        tables = [t.name for t in engine.tables() if t.name.layer in REASON_LISTS]
        waiting = _rows_that_wait(workspace.clock.now().isoformat(), engine, tables)
        return [row for table in tables for row in _reason_rows(engine, table, waiting, _owner(workspace.project, table))]


def quarantine_figures(settings: Settings) -> list[QuarantineFigures]:
    """Figures per received dataset, and for all of them (`*`)."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        tables = [t.name for t in engine.tables() if t.name.layer is Layer.QUARANTINE and is_received(engine, t.name.name)]
        rows = _rows_that_wait(workspace.clock.now().isoformat(), engine, tables)
        counted = {table.name: _event_counts(engine, table) for table in tables}
        waiting = {row["dataset"]: row for row in engine.fetch(_open_by_dataset(rows))}
    total = {key: sum(row[key] for row in counted.values()) for key in _NO_COUNTS}
    return (
        [_figure_row(name, found, waiting.get(name, {})) for name, found in {**counted, ALL_DATASETS: total}.items()]
        if counted
        else []
    )


_NO_COUNTS = {"aside": 0, "repaired": 0, "replayed": 0, "failed": 0}


def _open_by_dataset(waiting: Relation) -> str:
    return f"""SELECT coalesce(dataset, {literal(ALL_DATASETS)}) AS dataset, count(*) AS n, {_AGES}
    FROM (SELECT * FROM {waiting} WHERE {equals(layer=Layer.QUARANTINE)}) GROUP BY ROLLUP (dataset)"""


def _rows_that_wait(now: str, engine: Engine, tables: list[TableName]) -> Relation:
    """The open rows: `layer, dataset, reasons, since, days`."""
    parts = [_open_rows_query(engine, table) for table in tables]
    nothing = (
        "SELECT '' AS layer, '' AS dataset, CAST([] AS VARCHAR[]) AS reasons, CAST(NULL AS TIMESTAMPTZ) AS since WHERE FALSE"
    )
    age = f"(epoch(TIMESTAMPTZ {literal(now)}) - epoch(since)) / 86400"
    return engine.materialise("waiting", f"SELECT *, {age} AS days FROM ({' UNION ALL '.join([nothing, *parts])})")


def _open_rows_query(engine: Engine, table: TableName) -> str:
    lives = table.layer is Layer.QUARANTINE and is_received(engine, table.name)
    since, rows = "_ingested_at", str(table)
    if lives:
        since, rows = "_since", f"({open_copies(engine, table.name, pinning.newest_plan(engine, table.name).seq + 1)})"
    if table.layer is Layer.REJECTS and (settled := settled_rejects(engine, table.name)):
        rows = f"(SELECT * FROM {table} ANTI JOIN ({settled}) USING (_file_seq, _row))"
    own = f"{literal(table.layer)} AS layer, {literal(table.name)} AS dataset"
    return f"SELECT {own}, {REASON_LISTS[table.layer]} AS reasons, {since} AS since FROM {rows}"


def _reason_rows(engine: Engine, table: TableName, waiting: Relation, owner: str | None) -> list[QuarantineCount]:
    found = engine.fetch(f"""
        SELECT rule, count(*) AS n, count(DISTINCT _batch_seq) AS batches
        FROM (SELECT unnest({REASON_LISTS[table.layer]}) AS rule, _batch_seq FROM {table}) GROUP BY rule ORDER BY n DESC, rule""")
    still = engine.fetch(f"""SELECT rule, count(*) AS n, min(since) AS oldest, {_AGES}
        FROM (SELECT unnest(reasons) AS rule, since, days FROM {waiting} WHERE {equals(layer=table.layer, dataset=table.name)})
        GROUP BY rule""")
    ages = {row["rule"]: row for row in still}
    return [_count(table, owner, row, ages.get(row["rule"], {})) for row in found]


def _count(table: TableName, owner: str | None, failed: Mapping[str, Any], waiting: Mapping[str, Any]) -> QuarantineCount:
    return QuarantineCount(
        table=table,
        dataset=table.name,
        rule=failed["rule"],
        rows=failed["n"],
        batches=failed["batches"],
        oldest=waiting.get("oldest"),
        open=waiting.get("n", 0),
        age_p50=waiting.get("p50"),
        age_p90=waiting.get("p90"),
        owner=owner,
    )


def _event_counts(engine: Engine, table: TableName) -> dict[str, int]:
    quarantined = engine.fetch(f"SELECT count(DISTINCT (_file_seq, _row)) AS n FROM {table}")[0]["n"]
    repaired = 0
    if engine.info(EVENTS):
        own = equals(dataset=table.name, event=EventKind.REPAIR)
        row_ids = f"SELECT DISTINCT file_seq AS _file_seq, file_row AS _row FROM {EVENTS} WHERE {own}"
        query = f"SELECT count(DISTINCT (_file_seq, _row)) AS n FROM {table} SEMI JOIN ({row_ids}) USING (_file_seq, _row)"
        repaired = engine.fetch(query)[0]["n"]
    newest = f"generation = (SELECT max(generation) FROM governance.runs WHERE {equals(dataset=table.name)})"
    runs = governance.read_rows(engine, "runs", newest, dataset=table.name, flow=EventKind.REPLAY)
    replayed, failed = sum(run["rows_in"] for run in runs), sum(run["quarantine"] for run in runs)
    return {"aside": quarantined, "repaired": repaired, "replayed": replayed, "failed": failed}


def _figure_row(name: str, counted: Mapping[str, int], waiting: Mapping[str, Any]) -> QuarantineFigures:
    return QuarantineFigures(
        dataset=name,
        open=waiting.get("n", 0),
        age_p50=waiting.get("p50"),
        age_p90=waiting.get("p90"),
        repair_rate=_ratio(counted["repaired"], counted["aside"]),
        failed_again=_ratio(counted["failed"], counted["replayed"]),
    )


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _owner(project: Project, table: TableName) -> str | None:
    """The contract's owner; None if the dataset has no valid contract."""
    with suppress(ContractError, UsageError):
        return project.contract(table.name).owner or None
    return None
