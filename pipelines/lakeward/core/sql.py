"""Quotes identifiers and literals for SQL.

Header names, paths and JSON keys are untrusted input.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from lakeward.core.errors import DataError

# A window over all rows. `OVER ()` has the same meaning, but with an aggregate DuckDB 1.5.5 sometimes fails on it where one thread has no
# rows (duckdb issue 25713), and then refuses every further query of the database.
OVER_ALL_ROWS = "OVER (PARTITION BY 1)"
_NUL = "\0"
_PATTERN_SIGNS = re.compile(r"[\[*?]")
_PLACES = re.compile(r"\$(\w+)")


def identifier(name: str) -> str:
    """`name` as a quoted identifier; any text is valid except the empty text.

    Raises:
        DataError: It holds NUL, which ends SQL text: no query can name it.
    """
    if _NUL in name:
        raise DataError("identifier_nul", name=nul_names([name]))
    return '"' + name.replace('"', '""') + '"'


def nul_names(names: Iterable[str]) -> str:
    """Those of the names that hold NUL and so can't be identifiers, joined, with control characters as escapes."""
    return ", ".join(repr(name) for name in names if _NUL in name)


def path_literal(path: object) -> str:
    """A path as a literal for DuckDB's functions that read files, to which `[`, `*` and `?` would be a pattern of other files' names.

    Addresses of object stores are left as they are.
    """
    text = str(path)
    return literal(text if "://" in text else _PATTERN_SIGNS.sub(r"[\g<0>]", text))


def literal(text: str) -> str:
    """`text` as a text literal. NUL would end DuckDB's SQL text, so it is written `chr(0)`."""
    quoted = "'" + text.replace("'", "''") + "'"
    return quoted if "\0" not in text else "(" + quoted.replace("\0", "' || chr(0) || '") + ")"


def with_values(query: str, values: Mapping[str, str | int | Decimal | None]) -> str:
    """A query of this package with values, which can be untrusted, in its places `$name`.

    A value that DuckDB binds makes it import pandas: half a second and 250 MB of a process that needs nothing of it.

    Examples:
        >>> with_values("FROM runs WHERE dataset = $name AND batch > $after", {"name": "a'b", "after": 3})
        "FROM runs WHERE dataset = 'a''b' AND batch > CAST(3 AS BIGINT)"
    """
    return _PLACES.sub(lambda place: _value(values[place[1]]), query) if values else query


def _value(found: str | int | Decimal | None) -> str:
    """The literal, of the type that DuckDB gives a bound value."""
    if isinstance(found, str):
        return literal(found)
    if found is None or isinstance(found, bool):
        return "NULL" if found is None else str(found)
    return f"CAST({found} AS BIGINT)" if isinstance(found, int) else format(found, "f")


def instant(at: datetime) -> str:
    """The aware time `at` as a literal."""
    return f"TIMESTAMPTZ {literal(at.isoformat())}"


def equals(**values: str | int) -> str:
    """The condition that each column equals its value; values can be untrusted, column names can't."""
    return " AND ".join(f"{column} = {literal(v) if isinstance(v, str) else v}" for column, v in values.items())
