"""What left with an answer: rows, bytes and time, and a digest of the rows, for the access log."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Rows that are measured of a larger answer.
SAMPLE = 10_000
# Bytes of a value that is neither text nor bytes.
VALUE_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Rows that were read.

    Args:
        rows: Number of rows.
        elapsed_us: Microseconds until they were ready.
        content: The rows, in the form in which they leave; None for none.
    """

    rows: int = 0
    elapsed_us: int = 0
    content: Any = None

    def bytes_out(self) -> int:
        """Size of the values in bytes; of a large answer in Python from a sample of its rows."""
        content = self.content
        if isinstance(content, list):
            return _rows_size(content)
        for name in ("nbytes", "estimated_size"):  # Arrow, polars
            if hasattr(content, name):
                found = getattr(content, name)
                return int(found() if callable(found) else found)
        if hasattr(content, "memory_usage"):  # pandas
            step = _step(self.rows)
            return int(content.iloc[::step].memory_usage(index=False, deep=True).sum()) * step
        return len(str(content).encode("utf-8", "replace")) if content is not None else 0

    def digest(self) -> str:
        """SHA-256 of the rows, after the name of their form: only answers in one form can be compared."""
        content, form = self.content, type(self.content).__module__.partition(".")[0]
        if hasattr(content, "rows"):  # polars
            content = content.rows()
        elif hasattr(content, "to_pylist"):  # Arrow
            content = [tuple(row.values()) for row in content.to_pylist()]
        elif hasattr(content, "itertuples"):  # pandas
            content = list(content.itertuples(index=False, name=None))
        return f"{form}:{hashlib.sha256(repr(content).encode('utf-8', 'backslashreplace')).hexdigest()}"


def _rows_size(rows: Sequence[Sequence[object]]) -> int:
    step = _step(len(rows))
    return step * sum(_value_size(value) for row in rows[::step] for value in row)


def _value_size(value: object) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, list | tuple | dict):
        return len(str(value))
    return 0 if value is None else VALUE_BYTES


def _step(rows: int) -> int:
    return max(1, rows // SAMPLE)
