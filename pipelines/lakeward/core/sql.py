"""Names and texts from outside, written so that SQL reads them as nothing but names and texts.

Header names, paths and JSON keys are hostile input. Refuses to build more SQL than a value or a comparison.
"""

from datetime import datetime


def identifier(name: str) -> str:
    """`name` as a quoted identifier; any text but the empty one and NUL is a valid name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as a text literal. NUL ends DuckDB's SQL text, so that it is spelt `chr(0)`."""
    quoted = "'" + text.replace("'", "''") + "'"
    return quoted if "\0" not in text else "(" + quoted.replace("\0", "' || chr(0) || '") + ")"


def instant(at: datetime) -> str:
    """`at`, which has a zone, as a literal of an instant."""
    return f"TIMESTAMPTZ {literal(at.isoformat())}"


def equals(**values: str | int) -> str:
    """The condition that each column has the value given; columns are ours, values may be anybody's."""
    return " AND ".join(f"{column} = {literal(v) if isinstance(v, str) else v}" for column, v in values.items())
