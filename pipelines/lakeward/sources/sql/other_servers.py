"""MySQL, MariaDB, SQL Server, Oracle and SQLite by SQLAlchemy: its dialects quote names and compare values, and its drivers give exact ones.

Rows arrive in blocks. Whole numbers, doubles, texts and times have Arrow's types; decimals and all else come as exact text.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from lakeward.core.clock import SystemClock
from lakeward.core.connections import ConnectionSettings
from lakeward.core.errors import DefinitionError
from lakeward.sources.sql.faults import connect_fault, query_text_fault
from lakeward.sources.sql.server import AGAIN, Range, ServerColumn, SourceRelation, TableFacts, WatermarkKind
from lakeward.sources.sql.values import block_of_rows, bound_value, step_back, type_of_value

if TYPE_CHECKING:
    import sqlalchemy as sa

BLOCK_ROWS = 20_000
# What each product needs at the beginning of a transaction that only reads and sees one state of the data.
_BEGIN = {
    "mysql": ("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET SESSION TRANSACTION READ ONLY"),
    "oracle": ("SET TRANSACTION READ ONLY",),
    "sqlite": ("PRAGMA query_only = ON",),
}


@contextmanager
def open_other(connection: ConnectionSettings, driver: str) -> Iterator["OtherServer"]:
    """A connection, closed at the end.

    Args:
        driver: SQLAlchemy's name of dialect and driver.

    Raises:
        MachineError: It can't be had.
    """
    import sqlalchemy as sa  # noqa: PLC0415 -- an extra

    engine = sa.create_engine(_address(connection, driver), poolclass=sa.NullPool, hide_parameters=True)
    try:
        try:
            session = engine.connect()
        except sa.exc.SQLAlchemyError as error:
            raise connect_fault(connection, str(getattr(error, "orig", error))) from None
        with session:
            yield OtherServer(connection, session)
    finally:
        engine.dispose()


def _address(connection: ConnectionSettings, driver: str) -> "sa.URL":
    import sqlalchemy as sa  # noqa: PLC0415 -- an extra

    if connection.scheme == "sqlite":
        path = connection.parameters.get("file") or f"/{connection.path}"
        return sa.URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    return sa.URL.create(
        driver,
        username=connection.user,
        password=connection.password,
        host=connection.host,
        port=connection.port,
        database=connection.path or None,
        query=dict(connection.parameters),
    )


class OtherServer:
    """See `SqlServer`."""

    def __init__(self, connection: ConnectionSettings, session: "sa.Connection") -> None:
        self._connection, self._session = connection, session
        self._begin()

    def version(self) -> str:
        """See `SqlServer`."""
        found = self._session.dialect.server_version_info or ()
        return f"{self._session.dialect.name} {'.'.join(map(str, found))}"

    def refresh(self) -> None:
        """See `SqlServer`."""
        self._session.rollback()
        self._begin()

    def columns(self, relation: SourceRelation) -> tuple[ServerColumn, ...]:
        """See `SqlServer`."""
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        if not relation.table:
            result = self._execute(sa.select(sa.text("*")).select_from(self._from(relation)).limit(1))
            first = result.fetchone()
            return tuple(
                ServerColumn(name, type_of_value(value)) for name, value in zip(result.keys(), first or (), strict=False)
            )
        try:
            found = sa.inspect(self._session).get_columns(relation.table[-1], schema=".".join(relation.table[:-1]) or None)
        except sa.exc.SQLAlchemyError as error:
            raise query_text_fault(self._connection, error) from None
        return tuple(
            ServerColumn(one["name"], str(one["type"]).lower(), bool(one.get("nullable", True)), _digits(one["type"]))
            for one in found
        )

    def facts(self, relation: SourceRelation) -> TableFacts:
        """See `SqlServer`."""
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        if not relation.table:
            return TableFacts()
        catalogue, schema = sa.inspect(self._session), ".".join(relation.table[:-1]) or None
        key = tuple(catalogue.get_pk_constraint(relation.table[-1], schema=schema).get("constrained_columns") or ())
        indexes = [index["column_names"] for index in catalogue.get_indexes(relation.table[-1], schema=schema)]
        return TableFacts(key, frozenset(str(names[0]) for names in (*indexes, key) if names))

    def watermark_kind(self, column: ServerColumn) -> WatermarkKind | None:
        """See `SqlServer`."""
        kind = column.type.partition("(")[0].strip()
        if kind in {"tinyint", "smallint", "mediumint", "int", "integer", "bigint", "number", "numeric", "decimal"}:
            return WatermarkKind.NUMBER
        # Drivers drop the offset of a time, which leaves another one.
        has_offset = "zone" in kind or "offset" in kind
        is_time = (
            not has_offset
            and kind.startswith(("datetime", "timestamp", "date", "smalldatetime"))
            and self._session.dialect.name != "sqlite"
        )
        return WatermarkKind.LOCAL if is_time else None

    def transaction_bounds(self) -> tuple[int, int]:
        """See `SqlServer`."""
        raise DefinitionError("sql_watermark_type", column="-", found=self._session.dialect.name, mode="xid8")

    def newest(self, relation: SourceRelation, range_: Range, zone: str | None) -> str | None:
        """See `SqlServer`. Now is this machine's time."""
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        highest = self._value(sa.select(sa.func.max(sa.column(range_.column))).select_from(self._from(relation)))
        if highest is None:
            return None
        value = bound_value(str(highest), range_)
        if range_.kind is WatermarkKind.NUMBER:
            return str(highest)
        now = SystemClock().now().astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None)
        return str(min(value, now))

    def value_at(self, relation: SourceRelation, range_: Range, offset: int) -> str | None:
        """See `SqlServer`."""
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        column: sa.ColumnClause[Any] = sa.column(range_.column)
        query = sa.select(column).select_from(self._from(relation)).where(column.is_not(None), *_bounds(range_))
        found = self._value(query.order_by(column).offset(offset).limit(1))
        return None if found is None else str(found)

    def value_after(self, relation: SourceRelation, range_: Range, value: str) -> str | None:
        """See `SqlServer`."""
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        column: sa.ColumnClause[Any] = sa.column(range_.column)
        query = sa.select(sa.func.min(column)).select_from(self._from(relation))
        found = self._value(query.where(column > bound_value(value, range_), *_bounds(range_)))
        return None if found is None else str(found)

    def has_nulls(self, relation: SourceRelation, column: str) -> bool:
        """See `SqlServer`."""
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        query: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(self._from(relation))
        return self._value(query.where(sa.column(column).is_(None)).limit(1)) is not None

    def read(
        self, relation: SourceRelation, columns: tuple[ServerColumn, ...], range_: Range, again: Range | None
    ) -> Iterator[Any]:
        """See `SqlServer`."""
        items = [*self._items(columns), *([_condition(again).label("again_")] if again else [])]
        names = [*(column.name for column in columns), *([AGAIN] if again else [])]
        return self._stream(relation, columns, names, lambda query: query.where(_condition(range_)), items)

    def sample(self, relation: SourceRelation, columns: tuple[ServerColumn, ...], rows: int) -> Iterator[Any]:
        """See `SqlServer`."""
        return self._stream(
            relation, columns, [one.name for one in columns], lambda query: query.limit(rows), self._items(columns)
        )

    def _stream(
        self,
        relation: SourceRelation,
        columns: tuple[ServerColumn, ...],
        names: Sequence[str],
        choose: Callable[[Any], Any],
        items: Sequence[Any],
    ) -> Iterator[Any]:
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        query = choose(sa.select(*items).select_from(self._from(relation)))
        result = self._execute(query.execution_options(stream_results=True, yield_per=BLOCK_ROWS))
        for rows in result.partitions(BLOCK_ROWS):
            yield block_of_rows(rows, columns, names)

    def _items(self, columns: tuple[ServerColumn, ...]) -> list[Any]:
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        return [sa.column(column.name).label(f"c{at}") for at, column in enumerate(columns)]

    def _from(self, relation: SourceRelation) -> Any:
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        if relation.table:
            return sa.table(relation.table[-1], schema=".".join(relation.table[:-1]) or None)
        return sa.text(f"(\n{relation.query.replace(':', chr(92) + ':')}\n) q")

    def _begin(self) -> None:
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        name = "mysql" if self._session.dialect.name == "mariadb" else self._session.dialect.name
        for statement in _BEGIN.get(name, ()):
            self._execute(sa.text(statement))

    def _value(self, query: Any) -> Any:
        return self._execute(query).scalar()

    def _execute(self, query: Any) -> Any:
        import sqlalchemy as sa  # noqa: PLC0415 -- an extra

        try:
            return self._session.execute(query)
        except sa.exc.SQLAlchemyError as error:
            raise query_text_fault(self._connection, error) from None


def _digits(type_: Any) -> tuple[int, int] | None:
    precision, scale = getattr(type_, "precision", None), getattr(type_, "scale", None)
    is_exact = str(type_).lower().startswith(("numeric", "decimal", "number"))
    return (int(precision), int(scale or 0)) if is_exact and precision else None


def _bounds(range_: Range) -> list[Any]:
    import sqlalchemy as sa  # noqa: PLC0415 -- an extra

    column: sa.ColumnClause[Any] = sa.column(range_.column)
    bounds: list[Any] = []
    if range_.start is not None:
        bounds.append(column >= step_back(bound_value(range_.start, range_), range_.back))
    if range_.stop is not None:
        bounds.append(column < bound_value(range_.stop, range_))
    return bounds


def _condition(range_: Range) -> Any:
    import sqlalchemy as sa  # noqa: PLC0415 -- an extra

    bounds = sa.and_(sa.true(), *_bounds(range_))
    return sa.or_(bounds, sa.column(range_.column).is_(None)) if range_.with_nulls else bounds
