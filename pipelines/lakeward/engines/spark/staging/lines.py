r"""Reads lines of text files on executors, with their numbers.

Spark numbers rows within the split of a file that a task reads. The lines of each split are counted first, so a line's number
follows without a shuffle. The splits are the same in every scan: their size is fixed per session and does not depend on the
available cores. A line ends only at `\n` and keeps its carriage return; text stays bytes until it is needed.
"""

import os.path
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pyspark.sql import SparkSession

from lakeward.core.errors import InvariantError
from lakeward.engines.reading.footers import FileFooter
from lakeward.engines.reading.text_lines import TextFile
from lakeward.engines.spark.results import collect_rows
from lakeward.engines.spark.staging.text_sql import SPARK
from lakeward.engines.text.decoding import BYTE_MARK, CARRIAGE_RETURN, NEVER_IN_TEXT

# Spark's setting for the least number of splits; its default depends on the available cores.
_MIN_SPLITS_SETTING = "spark.sql.files.minPartitionNum"
_RESERVED = SPARK.literal(f"[{chr(BYTE_MARK)}-{NEVER_IN_TEXT}]")
# Bytes as characters, and the marks that stand for those that are not ASCII.
_NO_TEXT = range(128, 256)
_BYTES = SPARK.literal("".join(map(chr, _NO_TEXT)))
_MARKS = SPARK.literal("".join(chr(BYTE_MARK + byte) for byte in _NO_TEXT))
_ORDER_MARK = SPARK.literal("\ufeff")


@dataclass(frozen=True, slots=True)
class SparkTextFile:
    """A text file for executors.

    Args:
        native: It is read where it lies, as the bytes that were received; else it is a working copy, in which marks stand for
            bytes that did not decode and for carriage returns.
        footer: Its last lines, which are no records; those of the header are none of them.
        header_line: Number of the header's last line.
        uncounted: Lines that hold something and are no records: of the header, and above it.
    """

    text: TextFile
    _: KW_ONLY
    native: bool
    footer: FileFooter = field(default_factory=FileFooter)
    header_line: int = 0
    uncounted: int = 0

    def footer_below_header(self, total: int) -> FileFooter:
        """The footer's lines in a file of so many lines."""
        return self.footer.below(self.header_line, total)

    @property
    def scan_key(self) -> tuple[object, ...]:
        """Properties that files must share to be read by one scan."""
        view = self.text.view
        return self.native, view.newline, view.mixed, view.undecoded


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSplit:
    """The split of a file that one task reads, with its counts.

    Args:
        first_line_id: Spark's number of its first line.
    """

    path: str
    start: int
    first_line_id: int
    lines: int
    counts: Mapping[str, Any]


class TextLines:
    """Lines of files with the same scan key.

    Args:
        name: Name of the session's relation with the lines.
    """

    def __init__(self, session: SparkSession, name: str, files: Sequence[SparkTextFile]) -> None:
        if not session.sparkContext.getConf().contains(_MIN_SPLITS_SETTING):
            session.conf.set(
                _MIN_SPLITS_SETTING, session.conf.get(_MIN_SPLITS_SETTING, None) or str(session.sparkContext.defaultParallelism)
            )
        self._session = session
        self._name = name
        self.files = files
        self.native, newline, self._has_return_marks, self._has_marks = files[0].scan_key
        self.mixed = bool(self.native or self._has_return_marks)
        paths = sorted({escape_path(file.text.view.path) for file in files})
        frame = session.read.option("lineSep", str(newline)).text(paths)
        items = (
            "monotonically_increasing_id() AS id",
            "value",
            "_metadata.file_path AS path",
            "_metadata.file_block_start AS start",
        )
        frame.selectExpr(*items).createOrReplaceTempView(name)

    def measure_splits(self, text: str, counts: Mapping[str, str]) -> tuple[FileSplit, ...]:
        """Count the lines of each split, and other aggregates, in one scan.

        Args:
            text: SELECT item over `text` (a record if lines are records), for use in `counts`.
            counts: Aggregates over `text`, `value` and that item, by name.
        """
        raw = f"SELECT *, {self._line_sql(undecoded=False)} AS line FROM {self._name}"
        texts = f"SELECT *, {SPARK.restore_returns('line', mixed=self.mixed)} AS text FROM ({raw})"
        aggregates = "".join(f", {count} AS {name}" for name, count in counts.items())
        every = "path, start, min(id) AS first, count(*) AS lines"
        rows = collect_rows(
            self._session.sql(f"SELECT {every}{aggregates} FROM (SELECT *, {text} FROM ({texts})) GROUP BY path, start")
        )
        return tuple(
            FileSplit(path=row["path"], start=row["start"], first_line_id=row["first"], lines=row["lines"], counts=row)
            for row in sorted(rows, key=lambda r: r["start"])
        )

    def undecoded_condition(self) -> str:
        """Condition on `value`: it has bytes that do not decode."""
        if not self.native:
            return SPARK.has_marks("value") if self._has_marks else "false"
        # The lead bytes are searched first: they do not occur in real text.
        reserved = f"(contains(CAST(value AS BINARY), X'F48F') AND value RLIKE {_RESERVED})"
        return f"(NOT is_valid_utf8(value) OR {reserved})"

    def data_lines_select(self, parts: Mapping[int, Sequence[FileSplit]], *, undecoded: bool) -> str:
        """SELECT of `file, seq, n, line` over the data lines of all files in `parts`, the splits by file number."""
        offsets = [offset for file in self.files for offset in _line_offsets(file, parts.get(file.text.input.seq, ()))]
        values = ", ".join(
            f"({SPARK.literal(path)}, {start}L, {shift}L, {seq}L, {SPARK.literal(name)}, {skip}L, {last}L)"
            for path, start, shift, seq, name, skip, last in offsets
        )
        known = f"(VALUES {values or _NO_OFFSETS}) AS p(path, start, shift, seq, file, skip, last)"
        path_condition = "" if len({offset[0] for offset in offsets}) == 1 else " AND l.path = p.path"
        return (
            f"SELECT /*+ BROADCAST(p) */ p.file, p.seq, l.id + p.shift AS n, {self._line_sql(undecoded=undecoded)} AS line "
            f"FROM {self._name} l JOIN {known} ON l.start = p.start{path_condition} WHERE l.id + p.shift > p.skip AND l.id + p.shift <= p.last"
        )

    def splits_of(self, parts: Sequence[FileSplit]) -> Callable[[SparkTextFile], tuple[FileSplit, ...]]:
        """The splits of a file, in order.

        Raises:
            InvariantError: Spark read a file that is not in the batch.
        """
        found: dict[str, list[FileSplit]] = {_absolute_path(file.text.view.path): [] for file in self.files}
        for part in parts:
            path = unquote(urlsplit(part.path).path)
            if path not in found:
                raise InvariantError("staged_file_unknown", path=path)
            found[path].append(part)
        return lambda file: tuple(found[_absolute_path(file.text.view.path)])

    def _line_sql(self, *, undecoded: bool) -> str:
        """The line as text, NULL for a blank line; with marks for bytes that do not decode."""
        line = "value"
        if self.native and not undecoded:
            line = f"CASE WHEN startswith(value, {_ORDER_MARK}) THEN ltrim({_ORDER_MARK}, value) ELSE value END"
        if self._has_return_marks and not self.native:
            line = f"replace(value, {SPARK.literal(CARRIAGE_RETURN)}, '\\r')"
        elif undecoded and self.native:
            marks = f"translate(decode(CAST(value AS BINARY), 'ISO-8859-1'), {_BYTES}, {_MARKS})"
            line = f"CASE WHEN {self.undecoded_condition()} THEN {marks} ELSE ltrim({_ORDER_MARK}, value) END"
        return f"nullif({line}, '')"


_NO_OFFSETS = "('', -1L, 0L, 0L, '', 0L, 0L)"


def _line_offsets(file: SparkTextFile, parts: Sequence[FileSplit]) -> list[tuple[str, int, int, int, str, int, int]]:
    """Of each part, what must be added to Spark's numbers to have the file's; and which of the file's lines are data."""
    found, before, text = [], 0, file.text
    total = sum(part.lines for part in parts)
    last = total - len(file.footer_below_header(total).lines)
    for part in parts:
        shift = before - part.first_line_id + 1
        found.append((part.path, part.start, shift, text.input.seq, text.input.name, text.skip, last))
        before += part.lines
    return found


def escape_path(path: Path) -> str:
    """The path, with the characters of Spark's patterns escaped."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", _absolute_path(path))


def _absolute_path(path: Path) -> str:
    """The absolute path without `..`, as in Hadoop; links stay."""
    return os.path.normpath(path.absolute())
