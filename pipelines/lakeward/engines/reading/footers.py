"""The last lines of a text file that are no records: sums, counts, an end mark. The contract says which.

Only the end of a file is searched: a line like a footer in the middle of a file is a record.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.dialect import FOOTER_LINES
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.workbook import Row
from lakeward.engines.text.decoding import CARRIAGE_RETURN, TextView

# Bytes that the lines of a footer may have.
_TAIL_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class FileFooter:
    """Lines of a footer, blank ones included, in file order."""

    lines: tuple[str, ...] = ()

    def count_records(self, comment: str) -> int:
        """So many of the lines would count as records."""
        return sum(1 for line in self.lines if _holds(line) and not (comment and line.startswith(comment)))


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
    recent = range(_start_of_last(lines, FOOTER_LINES), len(lines))
    begin = f"{record_format.quote} \t\ufeff"
    start = next((at for at in recent if lines[at].lstrip(begin).startswith(footer)), len(lines))
    return FileFooter(tuple(lines[start:]))


def above_footer(rows: Iterable[Row], footer: int | str) -> Iterator[Row]:
    """The rows of a sheet without its footer."""
    count = footer if isinstance(footer, int) else FOOTER_LINES
    waiting: deque[Row] = deque()
    for row in rows:
        waiting.append(row)
        if len(waiting) > count:
            yield waiting.popleft()
    if isinstance(footer, str):
        yield from itertools.takewhile(lambda row: not _first_text(row).startswith(footer), waiting)


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
