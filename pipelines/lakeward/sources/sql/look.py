"""Looks at a table: its columns, keys and indexes, a bounded sample, and the watermark that suits it. Nothing is written there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.source import WatermarkMode
from lakeward.core.connections import ConnectionSettings
from lakeward.sources.sql.far_times import with_far_times
from lakeward.sources.sql.opening import open_server
from lakeward.sources.sql.server import ServerColumn, SourceRelation, SqlServer, TableFacts, WatermarkKind

# Digits of the widest decimal.
_DIGITS = 38
# Names of columns that say when a row was written; the first in the table of the other times comes behind them.
_WRITTEN = ("inserted", "created", "updated", "modified", "written", "ingest", "received", "load")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLook:
    """What a look shows.

    Args:
        product: Product and version of the server.
        columns: Those that a contract has a type for.
        watermark: The proposed column and mode; None if no column suits.
        scales: Exact numbers whose type gives no digits -> digits behind the point in the sample.
        rows: Rows of the sample.
    """

    product: str
    columns: tuple[ServerColumn, ...]
    facts: TableFacts
    watermark: tuple[ServerColumn, WatermarkMode] | None
    scales: Mapping[str, int]
    rows: int


def look_at_table(connection: ConnectionSettings, relation: SourceRelation, sample: Path, rows: int) -> TableLook:
    """Write at most so many rows of the table as Parquet to `sample`, and say what is known of it.

    Raises:
        LakewardError: The database can't be reached, or the table can't be read.
    """
    import pyarrow as pa  # noqa: PLC0415 -- an extra
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    with open_server(connection) as server:
        found = server.columns(relation)
        columns = tuple(column for column in found if server.watermark_kind(column) is not WatermarkKind.XID8)
        facts = server.facts(relation)
        batches = list(server.sample(relation, columns, rows))
        table = with_far_times(pa.Table.from_batches(batches)) if batches else None
        if table is not None:
            pq.write_table(table, sample)
        return TableLook(
            product=server.version(),
            columns=columns,
            facts=facts,
            watermark=_choose_watermark(server, found, facts),
            scales={one.name: _scale(table[one.name]) for one in columns if table is not None and _is_open_numeric(one)},
            rows=0 if table is None else table.num_rows,
        )


def _is_open_numeric(column: ServerColumn) -> bool:
    return column.type in {"numeric", "decimal", "number"} and column.digits is None


def _scale(values: object) -> int:
    """The most digits behind the point in a sample of texts; as many as a decimal has if they are more."""
    texts = (text for text in values.to_pylist() if text)  # type: ignore[attr-defined]
    return min(max((len(text.partition(".")[2]) for text in texts), default=0), _DIGITS)


def _choose_watermark(
    server: SqlServer, columns: tuple[ServerColumn, ...], facts: TableFacts
) -> tuple[ServerColumn, WatermarkMode] | None:
    """A column of transactions, else a time at which rows are written, else any time, else a number that is the key."""
    kinds = {column.name: server.watermark_kind(column) for column in columns}
    exact = [column for column in columns if kinds[column.name] is WatermarkKind.XID8]
    if exact:
        return exact[0], WatermarkMode.XID8
    times = [column for column in columns if kinds[column.name] in (WatermarkKind.INSTANT, WatermarkKind.LOCAL)]
    written = [column for column in times if any(word in column.name.lower() for word in _WRITTEN)]
    indexed = [column for column in times if column.name in facts.indexed]
    numbers = [column for column in columns if kinds[column.name] is WatermarkKind.NUMBER and facts.primary_key == (column.name,)]
    found = [*written, *indexed, *times, *numbers]
    return (found[0], WatermarkMode.LOOKBACK) if found else None
