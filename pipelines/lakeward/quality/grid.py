"""A proof that keys are unique, for readings at roughly regular times: one bit per series and time step.

If there are as many bits as rows, no two rows share a key, for any step. This takes a sixth of the time of hashing all keys,
since
integers of many bits are grouped, not rows. If it proves nothing, hashes are counted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakeward.contracts.model import Kind
from lakeward.core.clock import EPOCH, MICROSECOND
from lakeward.core.sql import identifier
from lakeward.engines.tables import ColumnStatistics, RowStatistics
from lakeward.quality.convert import ConvertedColumn

# For fewer rows hashing costs less than another query.
MIN_ROWS = 1_000_000
# Bits of one integer, without the sign.
WORD_BITS = 62
SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)
# Kinds whose grouping is exact equality.
GROUPABLE_KINDS = frozenset({Kind.STRING, Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One key of a batch as a grid of bits.

    Args:
        key: All columns of the key.
        series: Its columns except the time.
        time: Its time column, with values from `first` to `last`.
        rows: Number of rows of the batch.
    """

    key: frozenset[str]
    series: tuple[str, ...]
    time: str
    first: datetime
    last: datetime
    rows: int

    def proof(self, rows: str) -> str:
        """SELECT of `is_distinct`: true proves that keys are unique; false proves nothing."""
        steps = f"(epoch_us({identifier(self.time)}) - {(self.first - EPOCH) // MICROSECOND}) // {self._step // MICROSECOND}"
        names = "".join(f"{identifier(name)}, " for name in self.series)
        bits = f"bit_or(CAST(1 AS BIGINT) << CAST(__step % {WORD_BITS} AS INTEGER)) AS bits"
        words = f"SELECT {bits} FROM (SELECT {names}{steps} AS __step FROM {rows}) AS steps GROUP BY {names}__step // {WORD_BITS}"
        return f"SELECT coalesce(sum(bit_count(bits)), 0) = {self.rows} AS is_distinct FROM ({words}) AS words"

    @property
    def _step(self) -> timedelta:
        """Whole seconds if both bounds are: most plants record in seconds. Bounds of files have at most milliseconds."""
        return MILLISECOND if self.first.microsecond or self.last.microsecond else SECOND


def grids(
    keys: Iterable[frozenset[str]], columns: Mapping[str, ConvertedColumn], statistics: RowStatistics | None
) -> tuple[Grid, ...]:
    """Grids of those `keys` that suit such a proof: in the contract's type in bronze, without NULLs, and with one time column."""
    if statistics is None or statistics.rows < MIN_ROWS:
        return ()
    found = (_grid(key, columns, statistics) for key in dict.fromkeys(keys))
    return tuple(grid for grid in found if grid)


def _grid(key: frozenset[str], columns: Mapping[str, ConvertedColumn], statistics: RowStatistics) -> Grid | None:
    known: dict[str, ColumnStatistics] = {name: statistics.columns[name] for name in key if name in statistics.columns}
    if len(known) < len(key) or any(one_statistics.nulls or not columns[name].native for name, one_statistics in known.items()):
        return None
    times = [name for name in sorted(key) if columns[name].column.type.kind is Kind.TIMESTAMP]
    series = tuple(name for name in sorted(key) if columns[name].column.type.kind in GROUPABLE_KINDS)
    if len(times) != 1 or len(series) != len(key) - 1 or known[times[0]].low is None:
        return None
    return Grid(key=key, series=series, time=times[0], first=known[times[0]].low, last=known[times[0]].high, rows=statistics.rows)
