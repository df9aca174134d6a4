"""What a table's log says of its rows, without opening a file.

Of one batch it refuses files that mix batches: their bounds are those of other rows too. Relies on `stats`, which keeps no bounds of a column with NaN.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from deltalake import DeltaTable

from lakeward.engines.delta.batch_files import batch_places, values
from lakeward.engines.protocols import ColumnStatistics, Statistics

# Other writers cut a greatest instant off to milliseconds (Delta protocol, "Per-file Statistics").
_CUT = timedelta(milliseconds=1)


def batch_statistics(table: DeltaTable, batch_seq: int) -> Statistics | None:
    """See `TableStore.statistics`."""
    files = table.get_add_actions(flatten=True)
    names = list(files.schema.names)
    parts = [{name: files.column(name)[place].as_py() for name in names} for place in batch_places(files, batch_seq)]
    if not parts:
        return None
    columns = (name.removeprefix("null_count.") for name in names if name.startswith("null_count."))
    found = {column: _column(parts, column) for column in columns}
    return Statistics(sum(part["num_records"] for part in parts), {name: one for name, one in found.items() if one})


def has_none_between(table: DeltaTable, column: str, low: datetime, high: datetime) -> bool:
    """See `TableStore.has_none_between`."""
    files = table.get_add_actions(flatten=True)
    wanted = (f"min.{column}", f"max.{column}", f"null_count.{column}")
    if not files.num_rows:
        return True
    if not set(wanted) <= set(files.schema.names):
        return False
    return all(
        None not in (least, greatest) and nulls == 0 and (greatest + _CUT < low or least > high)
        for least, greatest, nulls in zip(*(values(files, name) for name in wanted), strict=True)
    )


def _column(parts: Iterable[Mapping[str, Any]], column: str) -> ColumnStatistics | None:
    """The statistics of all files together; None where one of them does not count its nulls."""
    nulls, low, high = 0, list[Any](), list[Any]()
    for part in parts:
        empty = part[f"null_count.{column}"]
        if empty is None:
            return None
        nulls += empty
        if empty < part["num_records"]:
            low.append(part.get(f"min.{column}"))
            high.append(part.get(f"max.{column}"))
    known = low and None not in (*low, *high)
    return ColumnStatistics(nulls, min(low) if known else None, max(high) if known else None)
