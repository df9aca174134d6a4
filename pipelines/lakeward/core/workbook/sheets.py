"""The rows of a sheet and the shared texts of a workbook, as a stream: one row at a time is in memory."""

from collections.abc import Iterator
from typing import IO

from lakeward.core.workbook.cells import UNCALCULATED, CellReader, unescape
from lakeward.core.workbook.merges import ROWS, column_number
from lakeward.core.workbook.styles import NumberFormat
from lakeward.core.workbook.xml import LocalNames, UnreadableError, new_parser, parse

# Maximum characters of one row: above Excel's widest rows with text in every cell.
MAX_CHARACTERS = 64 << 20
DIGITS = "0123456789"
# The number of a row in its sheet, and the texts of its cells by column number; both from 1.
Row = tuple[int, dict[int, str]]


class SheetRows:
    """Rows of a sheet that have cells, in order.

    Args:
        percent: Columns with a number formatted as a percentage; filled while rows are read.
    """

    def __init__(self, stream: IO[bytes], reader: CellReader) -> None:
        self.percent: set[int] = set()
        self._stream = stream
        self._reader = reader
        self._local_names = LocalNames()
        self._columns: dict[str, int] = {}
        self._finished_rows: list[Row] = []
        self._cells: dict[int, str] = {}
        self._attributes: dict[str, str] = {}
        self._text: str | None = None
        self._value: str | None = None
        self._row = self._column = self._characters = self._phonetic = 0
        self._ended = self._has_formula = False

    def __iter__(self) -> Iterator[Row]:
        parser = new_parser()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        for _ in parse(self._stream, parser, more=lambda: not self._ended):
            yield from self._finished_rows
            self._finished_rows = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = self._local_names[name]
        if name == "c":
            self._attributes, self._value, self._has_formula = attributes, None, False
            self._column = self._column_number(attributes["r"]) if "r" in attributes else self._column + 1
        elif name == "f":
            self._has_formula = True
        elif name == "v" or (name == "t" and not self._phonetic):
            self._text = ""
        elif name == "rPh":
            self._phonetic += 1
        elif name == "row":
            self._begin_row(int(attributes["r"]) if "r" in attributes else self._row + 1)

    def _data(self, text: str) -> None:
        if self._text is not None:
            self._text += text
            self._characters += len(text)
            if self._characters > MAX_CHARACTERS:
                raise UnreadableError("reject_workbook_too_large")

    def _end(self, name: str) -> None:
        name = self._local_names[name]
        if name == "c":
            self._finish_cell()
        elif name in {"v", "t"} and self._text is not None:
            # Inline texts of a cell have several runs.
            self._value = self._text if self._value is None else self._value + self._text
            self._text = None
        elif name == "rPh":
            self._phonetic -= 1
        elif name == "row":
            self._finished_rows.append((self._row, self._cells))
        elif name == "sheetData":
            self._ended = True

    def _begin_row(self, number: int) -> None:
        """Row numbers must rise, since they identify rows."""
        if not self._row < number <= ROWS or self._ended:
            raise UnreadableError("reject_workbook_damaged")
        self._row, self._column, self._characters, self._cells = number, 0, 0, {}

    def _column_number(self, reference: str) -> int:
        letters = reference.rstrip(DIGITS)
        if letters not in self._columns:
            self._columns[letters] = column_number(letters)
        return self._columns[letters]

    def _finish_cell(self) -> None:
        """Store the cell's text; a cell with only a style has none."""
        kind, style, value = self._attributes.get("t", "n"), int(self._attributes.get("s", "0")), self._value
        if not value and (value is None or kind == "n"):
            if self._has_formula:
                self._cells[self._column] = UNCALCULATED
            return
        text, how = self._reader.cell_text(kind, style, value)
        self._cells[self._column] = text
        # A shared text is long in few bytes of the sheet.
        self._characters += len(text)
        if how is NumberFormat.PERCENT:
            self.percent.add(self._column)


def shared_strings(stream: IO[bytes]) -> list[str]:
    """The shared texts, without the phonetic texts of Chinese and Japanese."""
    found: list[str] = []
    parts: list[str] = []
    state, locals_ = {"t": 0, "rPh": 0}, LocalNames()

    def start(name: str, _: dict[str, str]) -> None:
        name = locals_[name]
        if name == "si":
            parts.clear()
        elif name in state:
            state[name] += 1

    def end(name: str) -> None:
        name = locals_[name]
        if name == "si":
            found.append(unescape("".join(parts)))
        elif name in state:
            state[name] -= 1

    parser = new_parser()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda text: parts.append(text) if state["t"] and not state["rPh"] else None
    for _ in parse(stream, parser):
        pass
    return found
