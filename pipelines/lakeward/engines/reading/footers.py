"""The last lines of a text file that are no records: sums, counts, an end mark. The contract says which.

Only the end of a file is searched: a line like a footer in the middle of a file is a record. What is left out is counted.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lakeward.contracts.batch import OmittedLines
from lakeward.contracts.dialect import LINES_BELOW_FOOTER
from lakeward.contracts.record_format import WHITESPACE, RecordFormat
from lakeward.core.workbook import Row
from lakeward.engines.text.decoding import CARRIAGE_RETURN, TextView

# Bytes that the lines of a footer may have.
_TAIL_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileFooter:
    """Lines of a footer, blank ones included, in file order."""

    lines: tuple[str, ...] = ()

    def below(self, line: int, total: int) -> "FileFooter":
        """What of the footer is below the line of that number, in a file of so many lines."""
        return FileFooter(self.lines[max(line - (total - len(self.lines)), 0) :])

    def count_records(self, comment: str) -> int:
        """So many of the lines would count as records."""
        return sum(1 for line in self.lines if _holds(line) and not (comment and line.startswith(comment)))

    def omitted_lines(self, total: int) -> tuple[OmittedLines, ...]:
        """What the report of a file of so many lines says of its footer."""
        held = [number for number, line in enumerate(self.lines, total - len(self.lines) + 1) if _holds(line)]
        return (OmittedLines("footer", len(held), held[0]),) if held else ()


@dataclass(slots=True)
class SheetBody:
    """The rows of a sheet without its footer, to be read once.

    Args:
        footer: As in the contract.
        omitted: Numbers of the footer's rows that hold something, known when the others are read.
    """

    rows: Iterable[Row]
    footer: int | str
    omitted: list[int] = field(default_factory=list)

    def __iter__(self) -> Iterator[Row]:
        count = self.footer if isinstance(self.footer, int) else LINES_BELOW_FOOTER + 1
        waiting: deque[Row] = deque()
        held = 0
        for row in self.rows:
            waiting.append(row)
            held += bool(_first_text(row))
            while held > count:
                held -= bool(_first_text(waiting[0]))
                yield waiting.popleft()
        last = list(waiting)
        start = _last_start([_first_text(row) for row in last], self.footer) if isinstance(self.footer, str) else 0
        yield from last[:start]
        self.omitted = [row[0] for row in last[start:] if _first_text(row)]


def read_footer(view: TextView, record_format: RecordFormat) -> FileFooter:
    """The footer that the contract tells of, as the file has it; none where its text does not come.

    Raises:
        OSError: The file can't be read.
    """
    footer = record_format.footer
    if not footer:
        return FileFooter()
    lines = _tail_lines(view)
    if isinstance(footer, int):
        return FileFooter(tuple(lines[_start_of_last(lines, footer) :]))
    first = _start_of_last(lines, LINES_BELOW_FOOTER + 1)
    delimiter = "" if record_format.delimiter == WHITESPACE else record_format.delimiter
    begin = f"{record_format.quote}{delimiter} \t\r{CARRIAGE_RETURN}\ufeff"
    texts = [line.strip(begin) for line in lines[first:]]
    return FileFooter(tuple(lines[first + _last_start(texts, footer, begin) :]))


def _last_start(texts: Sequence[str], footer: str, ends: str = "") -> int:
    """The place of the last text that begins as a footer does, of equal neighbours the first; their number where none does.

    A footer's text is a whole one, or a blank, a colon or one of `ends` stands behind it: `Total` begins no `Totalizer`.
    """
    text = footer.strip()
    behind = "" if text and not text[-1].isalnum() else rf"(?=$|[\s:：{re.escape(ends)}])"
    begins = re.compile(re.escape(text) + behind)
    last = next((at for at in reversed(range(len(texts))) if begins.match(texts[at])), len(texts))
    whole = re.compile(re.escape(text) + rf"(?=$|[:：{re.escape(ends.replace(' ', ''))}])")
    while 0 < last < len(texts) and whole.match(texts[last]) and whole.match(texts[last - 1]):
        last -= 1
    return last


def _first_text(row: Row) -> str:
    return next((text.strip() for _, text in sorted(row[1].items()) if text.strip()), "")


def _start_of_last(lines: list[str], count: int) -> int:
    """Where the last `count` lines that hold something begin; 0 where there are fewer."""
    held = [at for at, line in enumerate(lines) if _holds(line)]
    return held[-count] if len(held) >= count else 0


def _holds(line: str) -> bool:
    return line not in ("", "\r", CARRIAGE_RETURN)


def _tail_lines(view: TextView) -> list[str]:
    """The whole lines at the end of the file, as an engine counts them: what follows the last line end is one if it holds something."""
    text = _read_tail(view.path).decode("utf-8", errors="replace")
    lines = text.split({"\r\n": "\n"}.get(view.newline, view.newline))
    return lines[:-1] if lines[-1] == "" else lines


def _read_tail(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    return tail if size <= _TAIL_BYTES else tail[tail.find(b"\n") + 1 :]
