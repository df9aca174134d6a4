"""Excel workbooks (.xlsx, ECMA-376 Office Open XML) as rows of texts, read as a stream with what Python itself has.

Why not a library: none of the two that are kept up reads them for a lakehouse. One gives errors such as #N/A as empty and holds a sheet
whole in memory, empty cells too; the other takes dates in Excel's built-in Chinese formats for numbers, and knows no merged cells while
it streams.

Refuses formulas (their stored results count), macros, and every part that is no sheet.
"""

from lakeward.core.workbook.cells import ERRORS
from lakeward.core.workbook.headers import column_names
from lakeward.core.workbook.merges import CellRange, MergedCells
from lakeward.core.workbook.package import Sheet, Workbook
from lakeward.core.workbook.sheets import Row
from lakeward.core.workbook.xml import UnreadableError

__all__ = ["ERRORS", "CellRange", "MergedCells", "Row", "Sheet", "UnreadableError", "Workbook", "column_names"]
