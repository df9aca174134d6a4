"""Quotes identifiers and literals for SQL.

Header names, paths and JSON keys are untrusted input.
"""

from collections.abc import Iterable
from datetime import datetime

from lakeward.core.errors import DataError

# A window over all rows. `OVER ()` has the same meaning, but with an aggregate DuckDB 1.5.5 sometimes fails on it where one thread has no
# rows (duckdb issue 25713), and then refuses every further query of the database.
OVER_ALL_ROWS = "OVER (PARTITION BY 1)"
_NUL = "\0"


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


def literal(text: str) -> str:
    """`text` as a text literal. NUL would end DuckDB's SQL text, so it is written `chr(0)`."""
    quoted = "'" + text.replace("'", "''") + "'"
    return quoted if "\0" not in text else "(" + quoted.replace("\0", "' || chr(0) || '") + ")"


def instant(at: datetime) -> str:
    """The aware time `at` as a literal."""
    return f"TIMESTAMPTZ {literal(at.isoformat())}"


def equals(**values: str | int) -> str:
    """The condition that each column equals its value; values can be untrusted, column names can't."""
    return " AND ".join(f"{column} = {literal(v) if isinstance(v, str) else v}" for column, v in values.items())
