"""Finds the files of a table that hold the rows of one batch, from the log.

Files that mix batches, or could, are not used.
"""

from typing import Any

_SEQ = "_batch_seq"


def batch_file_indexes(files: Any, batch_seq: int) -> list[int]:
    """Indexes of the batch's files in a table's flat add actions; empty if another file could hold rows of it."""
    bound_columns = (f"min.{_SEQ}", f"max.{_SEQ}")
    if not set(bound_columns) <= set(files.schema.names):
        return []
    bounds = list(zip(*(action_values(files, name) for name in bound_columns), strict=True))
    touched = [index for index, (low, high) in enumerate(bounds) if None in (low, high) or low <= batch_seq <= high]
    return touched if all(bounds[index] == (batch_seq, batch_seq) for index in touched) else []


def action_values(files: Any, name: str) -> list[Any]:
    """A column of the add actions as Python values."""
    return [value.as_py() for value in files.column(name)]
