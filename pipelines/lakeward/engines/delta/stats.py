"""Delta statistics of a data file, from the statistics of DuckDB's writer.

Bounds that could make readers skip matching files are left out: with NaN, of long text, or out of Delta's range.
Source: Delta protocol, "Per-file Statistics".
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from lakeward.contracts.model import DataType, Kind

# Longer bounds enlarge the log and skip few more files.
_LONGEST_BOUND = 64
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MILLISECOND = timedelta(milliseconds=1)

WrittenStatistics = Mapping[str, Mapping[str, str]]


def stats_json(rows: int, written: WrittenStatistics, types: Mapping[str, DataType]) -> str:
    """Delta's statistics of one file.

    Args:
        written: Per column, named in quotes, `min`, `max`, `null_count` and `has_nan` as text (`RETURN_STATS`).
        types: The columns that can have statistics.
    """
    columns = {unquote_name(name): values for name, values in written.items()}
    known = {name: (columns[name], types[name]) for name in columns if name in types}
    bounded = {name: bounds for name, (values, type_) in known.items() if (bounds := _bounds(values, type_))}
    return _object(
        {
            "numRecords": str(rows),
            "minValues": _object({name: low for name, (low, _) in bounded.items()}),
            "maxValues": _object({name: high for name, (_, high) in bounded.items()}),
            "nullCount": _object({name: values["null_count"] for name, (values, _) in known.items() if "null_count" in values}),
        }
    )


def unquote_name(name: str) -> str:
    """A column's name from DuckDB's quoted form."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _object(members: Mapping[str, str]) -> str:
    """A JSON object of members that are JSON text already, so that a decimal keeps all digits."""
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in members.items()) + "}"


def _bounds(values: Mapping[str, str], type_: DataType) -> tuple[str, str] | None:
    as_json = _AS_JSON.get(type_.kind)
    if as_json is None or values.get("has_nan") == "true" or "min" not in values or "max" not in values:
        return None
    low, high = as_json(values["min"], False), as_json(values["max"], True)
    return (low, high) if low is not None and high is not None else None


def _number_bound(text: str, _upper: bool) -> str | None:  # noqa: FBT001
    return text if _NUMBER.fullmatch(text) else None


def _date_bound(text: str, _upper: bool) -> str | None:  # noqa: FBT001
    return json.dumps(text) if _DATE.fullmatch(text) else None


def _text_bound(text: str, _upper: bool) -> str | None:  # noqa: FBT001
    return json.dumps(text, ensure_ascii=False) if len(text) <= _LONGEST_BOUND else None


def _instant_bound(text: str, upper: bool) -> str | None:  # noqa: FBT001
    """Milliseconds, the maximum rounded up: Delta truncates, and a reader must not skip the last microseconds."""
    try:
        instant = datetime.fromisoformat(text).astimezone(UTC)
        whole = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
        if upper and whole != instant:
            whole += _MILLISECOND
    except (ValueError, OverflowError):
        return None
    return json.dumps(whole.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z")


_AS_JSON: Mapping[Kind, Callable[[str, bool], str | None]] = {
    Kind.INTEGER: _number_bound,
    Kind.DOUBLE: _number_bound,
    Kind.DECIMAL: _number_bound,
    Kind.DATE: _date_bound,
    Kind.TIMESTAMP: _instant_bound,
    Kind.STRING: _text_bound,
}
