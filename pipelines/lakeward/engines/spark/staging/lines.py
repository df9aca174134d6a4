r"""Lines of text files on executors, each with its number in the file.

Spark numbers rows within the part of a file that a task reads; how many lines each part has is counted first, and so a line's number
follows without moving a line. The parts are the same in every scan: their size is settled once per session, not by the cores
that happen to be there. A line ends at `\n` alone and keeps its carriage return; text is bytes until somebody looks at it.
"""

import os.path
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pyspark.sql import SparkSession

from lakeward.core.errors import InvariantError
from lakeward.engines.reading.text_lines import TextFile
from lakeward.engines.spark.results import collect_rows
from lakeward.engines.spark.staging.text_sql import SPARK
from lakeward.engines.text.decoding import BYTE_MARK, CARRIAGE_RETURN, NEVER_IN_TEXT

# Spark's own setting for how small the parts of a small batch may be; its default follows the cores of the moment.
_MIN_SPLITS_SETTING = "spark.sql.files.minPartitionNum"
_RESERVED = SPARK.literal(f"[{chr(BYTE_MARK)}-{NEVER_IN_TEXT}]")
# Bytes as characters, and the marks that stand for those that are not ASCII.
_BYTES = SPARK.literal("".join(map(chr, range(128, 256))))
_MARKS = SPARK.literal("".join(chr(BYTE_MARK + byte) for byte in range(128, 256)))


@dataclass(frozen=True, slots=True)
class SparkTextFile:
    """A text file as executors read it.

    Args:
        native: It is read where it lies, as the bytes that were received; else it is a working copy, in which marks stand for
            bytes that did not decode and for carriage returns.
    """

    text: TextFile
    native: bool

    @property
    def scan_key(self) -> tuple[object, ...]:
        """What files must share to be read by one scan."""
        view = self.text.view
        return self.native, view.newline, view.mixed, view.undecoded


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSplit:
    """What one task reads of a file, and what was counted in it.

    Args:
        first: What Spark gives its first line for a number.
    """

    path: str
    start: int
    first_line_id: int
    lines: int
    counts: Mapping[str, Any]


class TextLines:
    """Lines of files that share a way of reading.

    Args:
        name: Of the session's relation that has them as Spark reads them.
    """

    def __init__(self, session: SparkSession, name: str, files: Sequence[SparkTextFile]) -> None:
        if not session.sparkContext.getConf().contains(_MIN_SPLITS_SETTING):
            session.conf.set(
                _MIN_SPLITS_SETTING, session.conf.get(_MIN_SPLITS_SETTING, None) or str(session.sparkContext.defaultParallelism)
            )
        self._session = session
        self._name = name
        self._files = files
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
        """Count the lines of each part, and what else is asked for, in one scan.

        Args:
            text: Item of a SELECT over `text`, a record if lines are records, for `counts` to look at.
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
        """Condition on `value`: bytes of it are no text."""
        if not self.native:
            return SPARK.has_marks("value") if self._has_marks else "false"
        # The lead bytes are looked for first: nobody's text has them.
        reserved = f"(contains(CAST(value AS BINARY), X'F48F') AND value RLIKE {_RESERVED})"
        return f"(NOT is_valid_utf8(value) OR {reserved})"

    def data_lines_select(self, parts: Mapping[int, Sequence[FileSplit]], *, undecoded: bool) -> str:
        """SELECT of `file, seq, n, line` over the data lines of all files that `parts`, by their number, has."""
        offsets = [offset for file in self._files for offset in _line_offsets(file.text, parts.get(file.text.input.seq, ()))]
        values = ", ".join(
            f"({SPARK.literal(path)}, {start}L, {shift}L, {seq}L, {SPARK.literal(name)}, {skip}L)"
            for path, start, shift, seq, name, skip in offsets
        )
        known = f"(VALUES {values or _NO_OFFSETS}) AS p(path, start, shift, seq, file, skip)"
        path_condition = "" if len({offset[0] for offset in offsets}) == 1 else " AND l.path = p.path"
        return (
            f"SELECT /*+ BROADCAST(p) */ p.file, p.seq, l.id + p.shift AS n, {self._line_sql(undecoded=undecoded)} AS line "
            f"FROM {self._name} l JOIN {known} ON l.start = p.start{path_condition} WHERE l.id + p.shift > p.skip"
        )

    def splits_of(self, parts: Sequence[FileSplit]) -> Callable[[SparkTextFile], tuple[FileSplit, ...]]:
        """The parts of a file, in its order.

        Raises:
            InvariantError: Spark read something that is none of the files: its rows would be lost.
        """
        found: dict[str, list[FileSplit]] = {_absolute_path(file.text.view.path): [] for file in self._files}
        for part in parts:
            path = unquote(urlsplit(part.path).path)
            if path not in found:
                raise InvariantError("staged_file_unknown", path=path)
            found[path].append(part)
        return lambda file: tuple(found[_absolute_path(file.text.view.path)])

    def _line_sql(self, *, undecoded: bool) -> str:
        """The line as text, NULL for a blank one; marks stand for the bytes of a line that is none."""
        line = "value"
        if self._has_return_marks and not self.native:
            line = f"replace(value, {SPARK.literal(CARRIAGE_RETURN)}, '\\r')"
        elif undecoded and self.native:
            marks = f"translate(decode(CAST(value AS BINARY), 'ISO-8859-1'), {_BYTES}, {_MARKS})"
            line = f"CASE WHEN {self.undecoded_condition()} THEN {marks} ELSE value END"
        return f"nullif({line}, '')"


_NO_OFFSETS = "('', -1L, 0L, 0L, '', 0L)"


def _line_offsets(file: TextFile, parts: Sequence[FileSplit]) -> list[tuple[str, int, int, int, str, int]]:
    """Of each part, what must be added to Spark's numbers to have the file's."""
    found, before = [], 0
    for part in parts:
        found.append((part.path, part.start, before - part.first_line_id + 1, file.input.seq, file.input.name, file.skip))
        before += part.lines
    return found


def escape_path(path: Path) -> str:
    """The path as Spark reads it: no letter of it is a pattern."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", _absolute_path(path))


def _absolute_path(path: Path) -> str:
    """The path as Hadoop names it: whole, and without `..`; links stay."""
    return os.path.normpath(path.absolute())
