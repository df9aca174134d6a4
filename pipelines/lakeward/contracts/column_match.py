"""Matches the columns of a file to the contract's columns by their names, and decides whether they are enough.

Names are compared exactly; similar names do not match.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakeward.contracts.model import Column

# Why a file, or each of its records, is rejected: message codes.
OTHER_COLUMNS, MISSING_COLUMN = "reject_other_columns", "reject_missing_column"

# What no one calls a column: numbers, dates, times of day; alone, or between delimiters that the contract does not name.
_VALUE = re.compile(
    r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?\s?%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AP]M)?"
)
_DELIMITERS = re.compile(r"[,;\t|]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMatch:
    """How the columns of a file are those of a contract.

    Args:
        sources: Name in the file, by the contract's name.
        unknown: Names in the file that are none of the contract's.
        missing, absent: `physicalName` of required and of other columns that the file lacks.
        fault: Why no record of the file can be used (a message code); None: they can.
    """

    sources: Mapping[str, str]
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    fault: str | None = None


def match_columns(columns: Sequence[Column], names: Sequence[str], least: float = 0.0) -> ColumnMatch:
    """Find the contract's columns among the `names` of a file.

    Args:
        least: Share of the columns that must be there, 0 to 1.
    """
    there = set(names)
    plain = [column for column in columns if not column.joined_names]
    found = ((column, next((name for name in column.source_names if name in there), None)) for column in plain)
    sources = {column.name: name for column, name in found if name is not None}
    joined = [column for column in columns if column.joined_names and there.issuperset(column.joined_names)]
    used = {*sources.values(), *(name for column in joined for name in column.joined_names)}
    sources |= {column.name: column.source_name for column in joined}
    lacking = [column for column in columns if column.name not in sources]
    missing = tuple(column.source_name for column in lacking if column.required)
    fault = OTHER_COLUMNS if len(sources) < least * len(columns) or (least and not sources) else None
    return ColumnMatch(
        sources=sources,
        unknown=tuple(name for name in names if name not in used),
        missing=missing,
        absent=tuple(dict.fromkeys(column.source_name for column in lacking if not column.required)),
        fault=fault or (MISSING_COLUMN if missing else None),
    )


def holds_values(names: Sequence[str]) -> bool:
    """Whether the first record of a file, read as its header, is a record: one of its fields is a number, a date or a time."""
    return any(_VALUE.fullmatch(part.strip().strip("\"'")) for name in names for part in (name, *_DELIMITERS.split(name)))


def first_names(columns: Sequence[Column], match: ColumnMatch) -> dict[str, str]:
    """For each name in the file that is an alternative one, the column's first name."""
    first = {column.name: column.source_name for column in columns}
    return {name: first[column] for column, name in match.sources.items() if name != first[column]}
