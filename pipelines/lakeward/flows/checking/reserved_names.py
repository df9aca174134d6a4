"""Names of columns that judging needs for itself. Data that has one is refused: a rule would look at the wrong column."""

import re
from collections.abc import Sequence

from lakeward.core.errors import DataError

# Columns that a plan adds to what it judges (`_v0`, `_f12`), and those of ours that say where a row stands, and why.
_RESERVED = re.compile(r"_[a-z]\d+|_own_\d+|_extra|_file|_file_seq|_row|_reasons|_rules")
# A table of Lakeward's has its rows' places already, and these beside them.
_LAKEWARD_COLUMNS = frozenset({"_file", "_file_seq", "_row", "_extra", "_reasons", "_rules"})


def check_reserved_names(names: Sequence[str], file: str) -> None:
    """Check that the data has none of these names, or is a table of Lakeward's.

    Raises:
        DataError: It has one.
    """
    lower = {name.lower() for name in names}
    allowed = _LAKEWARD_COLUMNS if {"_file_seq", "_row"} <= lower else frozenset()
    reserved = next((name for name in names if _RESERVED.fullmatch(name.lower()) and name.lower() not in allowed), None)
    if reserved:
        raise DataError("data_column_reserved", file=file, column=reserved)
