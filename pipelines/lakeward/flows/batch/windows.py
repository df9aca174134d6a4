"""Finds the windows of a gold table that new batches of its inputs touch, and limits the model's SELECT to them.

A window is an hour, a day or a month in the plant's time zone. Zone arithmetic is done once per quarter of an hour, not per row:
every zone's offset has been a multiple of 15 minutes since 1972.
"""

from dataclasses import dataclass

from lakeward.contracts.model import GoldModel
from lakeward.core.errors import DefinitionError
from lakeward.core.names import Relation, TableName
from lakeward.core.sql import equals, identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.pinning import RUNS, BatchRange, BatchRanges, current_definition

QUARTER_S = 900


@dataclass(frozen=True, slots=True)
class TouchedWindows:
    """The windows of one curation.

    Args:
        all_windows: Whether all windows are meant: the model runs over its whole inputs, and the whole table is overwritten.
        instants: Relation of the quarter hours in these windows, as times `window_start`.
        quarters: Relation of the same quarter hours as numbers, `quarter`.
    """

    all_windows: bool
    instants: Relation
    quarters: Relation


def new_ranges(engine: Engine, model: GoldModel, last: BatchRanges) -> BatchRanges:
    """Finished batches of each input after the ranges `last`; empty if nothing is new.

    An input that was rebuilt starts over.
    """
    ranges: BatchRanges = {}
    for table in model.inputs:
        definition = current_definition(engine, table.name)
        if definition is None:
            continue
        last_range = last.get(str(table))
        after = last_range.upto if last_range and last_range.generation == definition.generation else 0
        ranges[str(table)] = BatchRange(definition.generation, after, engine.txn(RUNS, definition.application_id))
    return ranges if any(r.upto > r.after for r in ranges.values()) else {}


def find_touched_windows(engine: Engine, model: GoldModel, ranges: BatchRanges) -> TouchedWindows:
    """Create the session relations of the windows to recompute."""
    times = dict(model.times)
    moved = {table: r for table, r in ranges.items() if r.upto > r.after}
    everything = any(r.after == 0 or TableName.parse(table) not in times for table, r in moved.items())
    parts = [_quarters(engine, table, column, None if everything else ranges.get(str(table))) for table, column in times.items()]
    zone, grain = literal(model.zone), model.grain
    starts = engine.materialise(
        "touched_locals", f"SELECT DISTINCT {_local('quarter', model)} AS start FROM ({' UNION '.join(parts)})"
    )
    # Two hours more on both sides: no zone ever moved its clocks further. Other windows are removed below.
    quarters = engine.materialise(
        "touched_quarters",
        f"""SELECT quarter FROM (
            SELECT start, unnest(range(CAST(epoch(timezone({zone}, start)) AS BIGINT) // {QUARTER_S} - 8,
                CAST(epoch(timezone({zone}, start + INTERVAL 1 {grain})) AS BIGINT) // {QUARTER_S} + 8)) AS quarter
            FROM {starts}) WHERE {_local("quarter", model)} = start""",
    )
    instants = engine.materialise("touched", f"SELECT to_timestamp(quarter * {QUARTER_S}) AS window_start FROM {quarters}")
    return TouchedWindows(everything, instants, quarters)


def restrict_to_windows(sql: str, model: GoldModel, touched: TouchedWindows) -> str:
    """The model's SELECT, with every timed input limited to the touched windows."""
    if touched.all_windows:
        return sql
    import sqlglot  # noqa: PLC0415 -- 0.2 s of a run, which only new windows of a gold table need
    from sqlglot import exp  # noqa: PLC0415

    times = {str(table): column for table, column in model.times}
    query = sqlglot.parse_one(sql, dialect="duckdb")
    for node in list(query.find_all(exp.Table)):
        if column := times.get(f"{node.db}.{node.name}"):
            inside = f"{_quarter(column)} IN (SELECT quarter FROM {touched.quarters})"
            rows = exp.select("*").from_(f"{node.db}.{node.name}").where(sqlglot.condition(inside, dialect="duckdb"))
            node.replace(rows.subquery(node.alias_or_name))
    return query.sql(dialect="duckdb")


def within(model: GoldModel, touched: TouchedWindows) -> str:
    """The condition that a row of the gold table is in a touched window."""
    return "TRUE" if touched.all_windows else f"{identifier(model.window)} IN (SELECT window_start FROM {touched.instants})"


def check_windows(engine: Engine, dataset: str, model: GoldModel, relation: Relation) -> None:
    """Check that windows of the rows begin where the contract says; otherwise their old versions would never be overwritten.

    Raises:
        DefinitionError: The model truncates time differently from the contract.
    """
    window = f"CAST({identifier(model.window)} AS TIMESTAMPTZ)"
    local = f"timezone({literal(model.zone)}, {window})"
    start = f"date_trunc({literal(model.grain)}, {local})"
    # The second form: the clocks skipped the first hour of the day.
    misaligned = f"{local} <> {start} AND {window} <> timezone({literal(model.zone)}, {start})"
    if engine.fetch(f"SELECT count(*) AS n FROM {relation} WHERE {misaligned}")[0]["n"]:
        raise DefinitionError("model_windows", dataset=dataset, column=model.window, grain=model.grain, zone=model.zone)


def _quarters(engine: Engine, table: TableName, column: str, batches: BatchRange | None) -> str:
    """Quarter hours of the input's new rows and of the rows that its corrections replaced; of all rows if `new` is None."""
    if engine.info(table) is None:
        return "SELECT CAST(NULL AS BIGINT) AS quarter WHERE FALSE"
    within = f"_batch_seq > {batches.after} AND _batch_seq <= {batches.upto}" if batches else "TRUE"
    query = f"SELECT DISTINCT {_quarter(column)} AS quarter FROM {table} WHERE {within} AND {identifier(column)} IS NOT NULL"
    if batches is None or engine.info(governance.table_name("corrections")) is None:
        return query
    batch_condition = within.replace("_batch_seq", "batch_seq")
    return f"""{query} UNION SELECT {_quarter("old_hour")} + unnest([0, 1, 2, 3]) FROM governance.corrections
        WHERE {equals(dataset=table.name, generation=batches.generation)} AND {batch_condition}"""


def _quarter(column: str) -> str:
    instant, length = f"epoch_us({identifier(column)})", QUARTER_S * 1_000_000
    # Minus the remainder, so that times before 1970 are rounded down, too.
    return f"CAST(({instant} - ({instant} % {length} + {length}) % {length}) // {length} AS BIGINT)"


def _local(quarter: str, model: GoldModel) -> str:
    """Start of the window of a quarter hour, in the plant's local time."""
    return f"date_trunc({literal(model.grain)}, timezone({literal(model.zone)}, to_timestamp({quarter} * {QUARTER_S})))"
