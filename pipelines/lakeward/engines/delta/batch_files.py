"""Which files of a table hold the rows of one batch, as the log tells it.

Refuses files that mix batches, or may do so: they are not the batch's alone.
"""

from typing import Any

_SEQ = "_batch_seq"


def batch_file_indexes(files: Any, batch_seq: int) -> list[int]:
    """Places of the batch's own files among a table's flat add actions; none where another file may hold rows of it."""
    bound_columns = (f"min.{_SEQ}", f"max.{_SEQ}")
    if not set(bound_columns) <= set(files.schema.names):
        return []
    bounds = list(zip(*(action_values(files, name) for name in bound_columns), strict=True))
    touched = [index for index, (low, high) in enumerate(bounds) if None in (low, high) or low <= batch_seq <= high]
    return touched if all(bounds[index] == (batch_seq, batch_seq) for index in touched) else []


def action_values(files: Any, name: str) -> list[Any]:
    """A column of the add actions, in Python's types."""
    return [value.as_py() for value in files.column(name)]
