"""Row statistics from a table's log, without opening a file.

For one batch, files that mix batches are not used, since their bounds include other rows. Relies on `stats`, which stores no
bounds of a column with NaN.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from deltalake import DeltaTable

from lakeward.engines.delta.batch_files import action_values, batch_file_indexes
from lakeward.engines.tables import ColumnStatistics, RowStatistics

# Other writers truncate the greatest time to milliseconds (Delta protocol, "Per-file Statistics").
_TRUNCATION = timedelta(milliseconds=1)


def batch_statistics(table: DeltaTable, batch_seq: int) -> RowStatistics | None:
    """See `TableStore.statistics`."""
    files = table.get_add_actions(flatten=True)
    names = list(files.schema.names)
    parts = [{name: files.column(name)[index].as_py() for name in names} for index in batch_file_indexes(files, batch_seq)]
    if not parts:
        return None
    columns = (name.removeprefix("null_count.") for name in names if name.startswith("null_count."))
    found = {column: _column_statistics(parts, column) for column in columns}
    return RowStatistics(
        sum(part["num_records"] for part in parts),
        {name: column_statistics for name, column_statistics in found.items() if column_statistics},
    )


def has_no_rows_between(table: DeltaTable, column: str, low: datetime, high: datetime) -> bool:
    """See `TableStore.has_no_rows_between`."""
    files = table.get_add_actions(flatten=True)
    bound_columns = (f"min.{column}", f"max.{column}", f"null_count.{column}")
    if not files.num_rows:
        return True
    if not set(bound_columns) <= set(files.schema.names):
        return False
    return all(
        None not in (least, greatest) and nulls == 0 and (greatest + _TRUNCATION < low or least > high)
        for least, greatest, nulls in zip(*(action_values(files, name) for name in bound_columns), strict=True)
    )


def _column_statistics(files_statistics: Iterable[Mapping[str, Any]], column: str) -> ColumnStatistics | None:
    """The statistics of all files together; None if one of them lacks its number of nulls."""
    nulls, low, high = 0, list[Any](), list[Any]()
    for part in files_statistics:
        empty = part[f"null_count.{column}"]
        if empty is None:
            return None
        nulls += empty
        if empty < part["num_records"]:
            low.append(part.get(f"min.{column}"))
            high.append(part.get(f"max.{column}"))
    known = low and None not in (*low, *high)
    return ColumnStatistics(nulls, min(low) if known else None, max(high) if known else None)
