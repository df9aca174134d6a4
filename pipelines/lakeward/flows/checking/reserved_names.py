"""Column names that judging uses itself, that no query can name, or that may be another column's: a rule would read the wrong column."""

import re
from collections.abc import Sequence

from lakeward.core.errors import DataError
from lakeward.core.sql import nul_names

# Columns that a plan adds (`_v0`, `_f12`), and columns with the row id and the reasons.
_RESERVED = re.compile(r"_[a-z]\d+|_own_\d+|_extra|_file|_file_seq|_row|_reasons|_rules")
_NUMBERED = re.compile(r"(.+)_\d+")
# Columns of a Lakeward table, which has row ids already.
_LAKEWARD_COLUMNS = frozenset({"_file", "_file_seq", "_row", "_extra", "_reasons", "_rules"})


def check_reserved_names(names: Sequence[str], file: str) -> None:
    """Check that the data has none of these names, or is a Lakeward table.

    Raises:
        DataError: The data has a reserved name, or one with NUL.
    """
    if found := nul_names(names):
        raise DataError("data_column_nul", file=file, column=found)
    lower = {name.lower() for name in names}
    allowed = _LAKEWARD_COLUMNS if {"_file_seq", "_row"} <= lower else frozenset()
    reserved = next((name for name in names if _RESERVED.fullmatch(name.lower()) and name.lower() not in allowed), None)
    if reserved:
        raise DataError("data_column_reserved", file=file, column=reserved)


def check_numbered_names(names: Sequence[str], file: str) -> None:
    """Check that no column has a name which the engine gave to another one.

    Of columns that differ by case alone (`T`, `t`) the engine calls the later one `t_1`; a column of that name becomes `t_1_1`.

    Raises:
        DataError: Two columns may be meant by one name.
    """
    known = {name.casefold(): name for name in names}
    for name in names:
        given = known.get(_without_number(name))
        first = known.get(_without_number(given)) if given else None
        if given and first and not given.startswith(f"{first}_"):
            raise DataError("data_columns_by_case", file=file, column=given)


def _without_number(name: str) -> str:
    found = _NUMBERED.fullmatch(name)
    return found[1].casefold() if found else ""
