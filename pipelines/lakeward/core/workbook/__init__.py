"""Excel workbooks (.xlsx, ECMA-376 Office Open XML) as rows of texts, read as a stream with Python's standard library.

Neither of the two maintained libraries fits a lakehouse. One returns errors such as #N/A as empty and holds a sheet
in memory, empty cells included; the other reads dates in Excel's built-in Chinese formats as numbers, and ignores merged cells
when
streaming.

Formulas are read as their stored results; macros and other parts are ignored.
"""

from lakeward.core.workbook.cells import ERRORS
from lakeward.core.workbook.headers import column_names
from lakeward.core.workbook.legacy import check_legacy_reader
from lakeward.core.workbook.merges import CellRange, MergedCells
from lakeward.core.workbook.opening import COMPOUND, is_legacy_workbook, open_workbook
from lakeward.core.workbook.package import Sheet, Workbook
from lakeward.core.workbook.sheets import Row
from lakeward.core.workbook.xml import UnreadableError

__all__ = [
    "COMPOUND",
    "ERRORS",
    "CellRange",
    "MergedCells",
    "Row",
    "Sheet",
    "UnreadableError",
    "Workbook",
    "check_legacy_reader",
    "column_names",
    "is_legacy_workbook",
    "open_workbook",
]
