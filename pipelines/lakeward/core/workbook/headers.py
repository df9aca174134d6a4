"""The header of a sheet: one row of names or several, with merged cells."""

import itertools
from collections.abc import Iterable, Sequence

from lakeward.core.workbook.merges import MergedCells
from lakeward.core.workbook.sheets import Row
from lakeward.core.workbook.xml import UnreadableError


def column_names(rows: Sequence[Row], merges: MergedCells, first_row: int) -> dict[int, str]:
    """Names of the columns by number: with several header rows, the texts above a column are joined.

    A cell merged over several columns names the first one, unless the rows below distinguish them.

    Args:
        rows: The rows of the sheet down to the header's last.
        first_row: Number of the header's first row.

    Raises:
        UnreadableError: No column has a name, or two have the same.
    """
    own = {column for number, cells in rows if number >= first_row for column, text in cells.items() if text.strip()}
    if not own:
        raise UnreadableError("reject_workbook_without_header")
    lines = [merges.fill(number, cells, max(own)) for number, cells in rows]
    kept = [line for (number, _), line in zip(rows, lines, strict=True) if number >= first_row]
    names: dict[int, str] = {}
    for column in range(1, max(own) + 1):
        name = _join_texts([line.get(column, "") for line in kept])
        if name in names.values() and column in own:
            raise UnreadableError("reject_duplicate_header")
        if name and name not in names.values():
            names[column] = name
    return names


def _join_texts(texts: Iterable[str]) -> str:
    """The texts above a column, each once, with line breaks as single blanks."""
    return "_".join(text for text, _ in itertools.groupby(" ".join(raw.split()) for raw in texts) if text)
