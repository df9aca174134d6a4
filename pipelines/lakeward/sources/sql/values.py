"""Values of drivers as Arrow: what a column's type does not hold exactly stands beside it as text."""

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import MAX_PREC, Decimal, InvalidOperation, localcontext
from typing import Any

from lakeward.core.errors import MachineError
from lakeward.core.messages import Phrase
from lakeward.sources.sql.server import AGAIN, FAR, Range, ServerColumn, WatermarkKind

_MAX_INTEGER, _MAX_EXACT_DOUBLE = 1 << 63, 1 << 53
# Beginning of the server's name of a type -> Arrow's type, and whether it holds a value.
_TYPES: tuple[tuple[tuple[str, ...], str, Callable[[Any], bool]], ...] = (
    (("bool",), "bool_", lambda v: isinstance(v, bool)),
    (
        ("int", "bigint", "smallint", "tinyint", "mediumint"),
        "int64",
        lambda v: type(v) is int and -_MAX_INTEGER <= v < _MAX_INTEGER,
    ),
    (
        ("float", "double", "real", "binary_double", "binary_float"),
        "float64",
        lambda v: isinstance(v, float) or (type(v) is int and abs(v) <= _MAX_EXACT_DOUBLE),
    ),
)


def block_of_rows(rows: Sequence[Sequence[Any]], columns: Sequence[ServerColumn], names: Sequence[str]) -> Any:
    """A record batch of rows.

    Args:
        names: Of the columns, and of `AGAIN` behind them if there is one.
    """
    import pyarrow as pa  # noqa: PLC0415 -- an extra

    values = list(zip(*rows, strict=True))
    arrays: dict[str, Any] = {}
    for column, found in zip(columns, values, strict=False):
        arrow, holds = _arrow_type(column)
        fits = [value is None or holds(value) for value in found]
        arrays[column.name] = pa.array([v if fit else None for v, fit in zip(found, fits, strict=True)], getattr(pa, arrow)())
        if arrow != "string":
            arrays[column.name + FAR] = pa.array(
                [None if fit else text_of(v) for v, fit in zip(found, fits, strict=True)], pa.string()
            )
        else:
            arrays[column.name] = pa.array([None if v is None else text_of(v) for v in found], pa.string())
    if len(names) > len(columns):
        arrays[AGAIN] = pa.array([bool(value) for value in values[-1]], pa.bool_())
    return pa.RecordBatch.from_pydict(arrays)


def _arrow_type(column: ServerColumn) -> tuple[str, Callable[[Any], bool]]:
    found = next(((arrow, holds) for starts, arrow, holds in _TYPES if column.type.startswith(starts)), None)
    return found or ("string", lambda _: False)


def text_of(value: Any) -> str:
    """A value as text from which it can be had again: decimals with all digits, bytes in hexadecimal, times in ISO 8601."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat(" ") if isinstance(value, dt.datetime) else str(value)


def type_of_value(value: Any) -> str:
    """A name of the type of a column of a query, by a value of it."""
    return {int: "bigint", float: "double", bool: "boolean", dt.datetime: "datetime", dt.date: "date"}.get(type(value), "text")


def bound_value(text: str, range_: Range) -> Any:
    """The value of a watermark in its text: a time, a whole number that each driver takes, or a decimal.

    Raises:
        MachineError: It is none: SQLite keeps any value in any column, MySQL days that do not exist.
    """
    is_time = range_.kind is WatermarkKind.LOCAL
    try:
        value = dt.datetime.fromisoformat(text) if is_time else Decimal(text)
    except (ValueError, InvalidOperation):
        value = None
    if value is None or (isinstance(value, Decimal) and not value.is_finite()):
        expected = Phrase("phrase_sql_time" if is_time else "phrase_sql_number")
        raise MachineError("sql_watermark_value", column=range_.column, expected=expected)
    if isinstance(value, Decimal) and value.copy_abs() < _MAX_INTEGER and value == int(value):
        return int(value)
    return value


def step_back(value: Any, back: int) -> Any:
    """The value so many seconds, or so much, before; exact."""
    if isinstance(value, dt.datetime):
        return value - dt.timedelta(seconds=back)
    with localcontext(prec=MAX_PREC):
        return value - back
