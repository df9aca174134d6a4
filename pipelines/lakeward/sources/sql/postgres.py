"""PostgreSQL by ADBC: rows arrive as Arrow, batch by batch.

What ADBC or Arrow would read as another value (a time beyond the calendar, `infinity`, oid, money, decimals) comes as the server's own text.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lakeward.core.connections import ConnectionSettings
from lakeward.core.sql import identifier, literal
from lakeward.sources.sql.faults import connect_fault, query_fault
from lakeward.sources.sql.postgres_address import postgres_url
from lakeward.sources.sql.postgres_ranges import NOT_FINITE, bounds, condition, finite, value
from lakeward.sources.sql.postgres_times import TIMES, split_far_times
from lakeward.sources.sql.server import AGAIN, FAR, Range, ServerColumn, SourceRelation, TableFacts, WatermarkKind

# Types that arrive as the same values.
NATIVE = frozenset({"int2", "int4", "int8", "bool", "float4", "float8", "text", "varchar"})
_KINDS = {
    "xid8": WatermarkKind.XID8,
    "timestamptz": WatermarkKind.INSTANT,
    **dict.fromkeys(("timestamp", "date"), WatermarkKind.LOCAL),
    **dict.fromkeys(("int2", "int4", "int8", "numeric"), WatermarkKind.NUMBER),
}
# Texts of values must not hang on the settings of the server, and nothing is ever written.
_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    "SET extra_float_digits = 1",
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
)
BATCH_BYTES = 8 << 20


@contextmanager
def open_postgres(connection: ConnectionSettings) -> Iterator["PostgresServer"]:
    """A connection, closed at the end.

    Raises:
        MachineError: It can't be had: host, certificate, user or database.
        SettingsError: Its URL asks for TLS without a check of the certificate.
    """
    import adbc_driver_postgresql.dbapi as adbc  # noqa: PLC0415 -- an extra

    url = postgres_url(connection)
    try:
        session = adbc.connect(url)
    except adbc.Error as error:
        raise connect_fault(connection, str(error)) from None
    try:
        server = PostgresServer(connection, session)
        server.prepare()
        yield server
    finally:
        session.close()


class PostgresServer:
    """See `SqlServer`. One transaction of one snapshot lasts until `refresh`."""

    def __init__(self, connection: ConnectionSettings, session: Any) -> None:
        self._connection, self._session = connection, session

    def prepare(self) -> None:
        """Set up the session."""
        with self._session.cursor() as cursor:
            for setting in _SETTINGS:
                cursor.execute(setting)
        self._session.commit()

    def version(self) -> str:
        """See `SqlServer`."""
        return f"PostgreSQL {self._row('SELECT current_setting($$server_version$$)')[0]}"

    def refresh(self) -> None:
        """See `SqlServer`."""
        self._session.commit()

    def columns(self, relation: SourceRelation) -> tuple[ServerColumn, ...]:
        """See `SqlServer`."""
        with self._execute(f"SELECT * FROM {_from(relation)} LIMIT 0") as cursor:
            fields = [(field.name, (field.metadata or {})) for field in cursor.fetch_record_batch().schema]
        filled = self._not_null(relation)
        return tuple(
            ServerColumn(name, facts.get(b"POSTGRESQL:type", b"").decode(), name not in filled, _digits(facts))
            for name, facts in fields
        )

    def facts(self, relation: SourceRelation) -> TableFacts:
        """See `SqlServer`."""
        query = f"""SELECT i.indisprimary, a.attname::text, k.place FROM pg_index AS i
            CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (number, place)
            JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
            WHERE i.indrelid = to_regclass({literal(_from(relation))}) AND i.indisvalid AND i.indpred IS NULL ORDER BY k.place"""
        if not relation.table:
            return TableFacts()
        with self._execute(query) as cursor:
            rows = cursor.fetchall()
        key = tuple(name for is_primary, name, _ in rows if is_primary)
        return TableFacts(key, frozenset(name for _, name, place in rows if place == 1))

    def watermark_kind(self, column: ServerColumn) -> WatermarkKind | None:
        """See `SqlServer`."""
        return _KINDS.get(column.type)

    def transaction_bounds(self) -> tuple[int, int]:
        """See `SqlServer`."""
        row = self._row(
            "SELECT pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text FROM (SELECT pg_current_snapshot() AS s) AS now"
        )
        return int(row[0]), int(row[1])

    def newest(self, relation: SourceRelation, range_: Range, zone: str | None) -> str | None:
        """See `SqlServer`."""
        highest = f"max({identifier(range_.column)})"
        by_kind = {
            WatermarkKind.INSTANT: f"least({highest}, now())",
            WatermarkKind.LOCAL: f"least({highest}::timestamp, now() AT TIME ZONE {literal(zone or 'UTC')})",
        }
        # Without a row, `least` would be now.
        item = f"CASE WHEN {highest} IS NOT NULL THEN {by_kind.get(range_.kind, highest)} END"
        query = f"SELECT ({item})::text FROM {_from(relation)}"
        found = self._text(query)
        return self._text(f"{query} WHERE {finite(range_.column)}") if found in NOT_FINITE else found

    def value_at(self, relation: SourceRelation, range_: Range, offset: int) -> str | None:
        """See `SqlServer`."""
        name = identifier(range_.column)
        limits = " AND ".join([f"{name} IS NOT NULL", *bounds(range_)])
        # The text is made outside: beside it, ORDER BY would take the name for the text, which sorts 10 before 9 and by no index.
        ordered = f"SELECT {name} AS value FROM {_from(relation)} WHERE {limits} ORDER BY value OFFSET {offset} LIMIT 1"
        return self._text(f"SELECT value::text FROM ({ordered}) AS found")

    def value_after(self, relation: SourceRelation, range_: Range, after: str) -> str | None:
        """See `SqlServer`."""
        name = identifier(range_.column)
        limits = " AND ".join([f"{name} > {value(after, range_)}", *bounds(range_)])
        return self._text(f"SELECT min({name})::text FROM {_from(relation)} WHERE {limits}")

    def has_nulls(self, relation: SourceRelation, column: str) -> bool:
        """See `SqlServer`."""
        return self._text(f"SELECT 'x' FROM {_from(relation)} WHERE {identifier(column)} IS NULL LIMIT 1") is not None

    def read(
        self, relation: SourceRelation, columns: tuple[ServerColumn, ...], range_: Range, again: Range | None
    ) -> Iterator[Any]:
        """See `SqlServer`."""
        return self._stream(columns, f"{_from(relation)} WHERE {condition(range_)}", condition(again) if again else None)

    def sample(self, relation: SourceRelation, columns: tuple[ServerColumn, ...], rows: int) -> Iterator[Any]:
        """See `SqlServer`."""
        return self._stream(columns, f"{_from(relation)} LIMIT {rows}")

    def _stream(self, columns: tuple[ServerColumn, ...], rest: str, again: str | None = None) -> Iterator[Any]:
        import pyarrow as pa  # noqa: PLC0415 -- an extra

        items = [*map(_item, columns), *([again] if again else [])]
        selected = ", ".join(f"{expression} AS c{at}" for at, expression in enumerate(items))
        with self._execute(f"SELECT {selected} FROM {rest}") as cursor:
            try:
                for batch in cursor.fetch_record_batch():
                    batch.validate(full=True)
                    yield _named(batch, columns)
            except (self._session.Error, pa.ArrowException) as error:
                raise query_fault(self._connection, error) from None

    def _not_null(self, relation: SourceRelation) -> set[str]:
        if not relation.table:
            return set()
        name = literal(_from(relation))
        query = f"SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass({name}) AND attnotnull AND attnum > 0"
        with self._execute(query) as cursor:
            return {row[0] for row in cursor.fetchall()}

    def _text(self, query: str) -> str | None:
        row = self._row(query)
        return row[0] if row else None

    def _row(self, query: str) -> tuple[Any, ...]:
        with self._execute(query) as cursor:
            found: tuple[Any, ...] | None = cursor.fetchone()
        return found or ()

    @contextmanager
    def _execute(self, query: str) -> Iterator[Any]:
        with self._session.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH_BYTES)})
            try:
                cursor.execute(query)
            except self._session.Error as error:
                raise query_fault(self._connection, error) from None
            yield cursor


def _digits(facts: Mapping[bytes, bytes]) -> tuple[int, int] | None:
    """Digits of a numeric, which its modifier holds (src/include/utils/numeric.c, make_numeric_typmod); None without one."""
    modifier = int(facts.get(b"POSTGRESQL:typmod", b"-1")) - 4
    if facts.get(b"POSTGRESQL:type") != b"numeric" or modifier < 0:
        return None
    return (modifier >> 16) & 0xFFFF, ((modifier & 0x7FF) ^ 1024) - 1024


def _from(relation: SourceRelation) -> str:
    return ".".join(map(identifier, relation.table)) if relation.table else f"(\n{relation.query}\n) AS q"


def _item(column: ServerColumn) -> str:
    """The SELECT item of a column."""
    name = identifier(column.name)
    if column.type in NATIVE or column.type in TIMES:
        return name
    return f"encode({name}, 'hex')" if column.type == "bytea" else f"{name}::text"


def _named(batch: Any, columns: tuple[ServerColumn, ...]) -> Any:
    """The record batch of the columns under their names, and of `AGAIN` if there is one more."""
    import pyarrow as pa  # noqa: PLC0415 -- an extra

    arrays: dict[str, Any] = {}
    for column, found in zip(columns, batch.columns, strict=False):
        arrays[column.name] = found
        if column.type in TIMES:
            arrays[column.name], arrays[column.name + FAR] = split_far_times(found, TIMES[column.type])
    if batch.num_columns > len(columns):
        arrays[AGAIN] = batch.columns[-1]
    return pa.RecordBatch.from_arrays(list(arrays.values()), names=list(arrays))
