"""Which columns of different tables share values, by the smallest hashes of their distinct values.

Each column is linked to the one column that fits best: one that identifies its table first. So the number of links follows the number of columns.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Hashes of a sketch, and hex digits of each: of a million values, two have one hash with a chance of 1 in 10^7.
SIZE, DIGITS = 1024, 16
# Columns with fewer distinct values coincide by chance.
LEAST_VALUES = 5
# From one of these on, two columns are linked.
LEAST_SIMILARITY, LEAST_CONTAINED = Decimal("0.5"), Decimal("0.8")
SHARE_UNIT = Decimal("0.0001")
# Hashes by which a column is found: of two that are linked, one has nearly surely one of them in common with the other.
_PROBED = 32

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far two columns share their distinct values, each 0 to 1: of all values of both, and of those of the smaller one."""

    similarity: Decimal
    contained: Decimal


@dataclass(frozen=True, slots=True)
class _Column:
    """A sketched column: its row, and its hashes in order."""

    row: Row
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.row["column_name"])

    @property
    def count(self) -> int:
        return int(self.row["distinct_values"])


def link_columns(rows: Iterable[Row], following: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    """The rows of `governance.column_links`, sorted.

    Args:
        rows: Rows of `governance.column_sketches`.
        following: Column -> the columns that are made of it directly.
    """
    columns = {row["column_name"]: _Column(row, _hashes(row)) for row in rows if row["distinct_values"] >= LEAST_VALUES}
    index: dict[str, list[str]] = defaultdict(list)
    for column in columns.values():
        for each in column.hashes[:_PROBED]:
            index[each].append(column.name)
    pairs: dict[tuple[str, str], Overlap] = {}
    for column in columns.values():
        others = (columns[name] for name in {name for each in column.hashes for name in index.get(each, ())})
        best = _best_partner(column, others)
        if best:
            first, second = sorted((column.name, best[0].name))
            pairs[first, second] = best[1]
    return [_link(columns[one], columns[other], pairs[one, other], following) for one, other in sorted(pairs)]


def measure_overlap(one: Sequence[str], other: Sequence[str], counts: tuple[int, int]) -> Overlap:
    """The overlap of two columns, from the smallest hashes of their distinct values, sorted.

    Args:
        counts: Number of distinct values of each.

    Example:
        >>> measure_overlap(["a", "b"], ["b", "c"], (2, 2))
        Overlap(similarity=Decimal('0.3333'), contained=Decimal('0.5000'))
    """
    first, second = set(one), set(other)
    size = min(SIZE, min(len(one), len(other)) if max(counts) > SIZE else len(first | second))
    smallest = sorted(first | second)[:size]
    similarity = Decimal(sum(each in first and each in second for each in smallest)) / size if size else Decimal()
    both = similarity * sum(counts) / (1 + similarity)
    contained = min(Decimal(1), both / min(counts)) if min(counts) else Decimal()
    return Overlap(similarity.quantize(SHARE_UNIT), contained.quantize(SHARE_UNIT))


def _hashes(row: Row) -> tuple[str, ...]:
    text = row["hashes"]
    return tuple(text[at : at + DIGITS] for at in range(0, len(text), DIGITS))


def _best_partner(column: _Column, others: Iterable[_Column]) -> tuple[_Column, Overlap] | None:
    found = []
    for other in others:
        if other.row["asset"] != column.row["asset"]:
            overlap = measure_overlap(column.hashes, other.hashes, (column.count, other.count))
            if overlap.similarity >= LEAST_SIMILARITY or overlap.contained >= LEAST_CONTAINED:
                found.append((other.row["identifier"], overlap.similarity, other.name, other, overlap))
    if not found:
        return None
    *_, other, overlap = max(found, key=lambda each: (each[0], each[1], each[2]))
    return other, overlap


def _link(one: _Column, other: _Column, overlap: Overlap, following: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    return {
        "left_asset": one.row["asset"],
        "left_column": one.name,
        "right_asset": other.row["asset"],
        "right_column": other.name,
        "similarity": overlap.similarity,
        "contained": overlap.contained,
        "lineage": int(_leads_to(following, one.name, other.name) or _leads_to(following, other.name, one.name)),
    }


def _leads_to(following: Mapping[str, Iterable[str]], source: str, target: str) -> bool:
    seen, waiting = {source}, [source]
    while waiting and target not in seen:
        new = set(following.get(waiting.pop(), ())) - seen
        seen |= new
        waiting += new
    return target in seen
