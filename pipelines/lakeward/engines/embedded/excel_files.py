"""Reads sheets of workbooks: rows pass as texts through Python into a working copy that DuckDB reads.

A declared, bounded exception to "rows do not pass through Python" (docs/explanation/batch.md): no engine reads workbooks
exactly. The sheet and the position of its header come from the contract and are never guessed.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from lakeward.contracts.batch import BatchInput, FileReport, OmittedLines
from lakeward.contracts.column_match import OTHER_COLUMNS, ColumnMatch, holds_values, match_columns
from lakeward.contracts.model import Column
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.sql import literal, path_literal
from lakeward.core.workbook import MergedCells, Row, UnreadableError, Workbook, column_names, open_workbook
from lakeward.engines.reading.footers import SheetBody
from lakeward.engines.reading.text_sql import DUCKDB
from lakeward.engines.text.repeated_headers import OTHER_HEADER, REPEATED_HEADER, HeaderRows
from lakeward.engines.text.staging_queries import StagingQueries, match_fault_detail, rejects_select, rows_select

# DuckDB's limit of a JSON object; its buffers grow with it.
USUAL_OBJECT = 16 << 20


def read_excel(
    files: Iterable[BatchInput], record_format: RecordFormat, columns: Sequence[Column], scratch: Path
) -> StagingQueries:
    """Read one sheet of each workbook; a file that lacks a required column is all rejects.

    A record is a row below the header with a cell that is not blank; merged cells have the value of the first.
    """
    reading = StagingQueries(DUCKDB)
    for file in files:
        try:
            with open_workbook(file.path, record_format.sheet_limit_bytes) as book:
                copy = _copy_sheet(book, record_format, columns, scratch / f"{file.seq}.jsonl")
        except UnreadableError as error:
            reading.reject_file(file, error.code)
        else:
            copy.add_to(reading, file, columns)
    return reading


@dataclass(slots=True, kw_only=True)
class _SheetCopy:
    """A sheet's records as lines of JSON: `n` the row's number, `v` the contract's columns, `x` other columns.

    Args:
        names: Column names of the header.
        match: The contract's columns in the header; if it has a fault, `x` holds the whole record.
        omitted: The footer below the records.
        repeated: Numbers of the rows that are the header again.
        other_header: Number of the first row that is the header of another table; 0: none is.
    """

    path: Path
    names: tuple[str, ...]
    match: ColumnMatch
    records: int = 0
    longest: int = 0
    extra_names: set[str] = field(default_factory=set)
    omitted: tuple[OmittedLines, ...] = ()
    repeated: list[int] = field(default_factory=list)
    other_header: int = 0

    def write(self, file: IO[bytes], number: int, values: Sequence[str | None], extra_cells: Mapping[str, str]) -> int:
        """Add a record; returns its size in bytes."""
        extra = json.dumps(extra_cells, ensure_ascii=False) if extra_cells else None
        line = json.dumps({"n": number, "v": values, "x": extra}, ensure_ascii=False).encode() + b"\n"
        self.records += 1
        self.longest = max(self.longest, len(line))
        self.extra_names.update(extra_cells)
        return file.write(line)

    def count_header(self, number: int, why: str | None) -> None:
        """Take note of a row that is a header, by the message code."""
        if why == REPEATED_HEADER:
            self.repeated.append(number)
        elif why:
            self.other_header = self.other_header or number

    def add_to(self, reading: StagingQueries, file: BatchInput, columns: Sequence[Column]) -> None:
        """Add the copy's rows or rejects, and its report, to the reading."""
        match = self.match
        if match.fault == OTHER_COLUMNS and not self.records:
            reading.reject_columns(file, self.names)
            return
        if self.other_header:
            reading.reject_file(file, OTHER_HEADER, f"line {self.other_header}")
            return
        more = () if match.fault else sorted(name for name in self.extra_names if name not in match.unknown)
        report = FileReport.of_match(file, self.records, self.names, replace(match, unknown=(*match.unknown, *more)))
        reading.reports.append(replace(report, omitted=self.omitted))
        if not self.records:
            return
        scan = (
            f"read_json({path_literal(self.path)}, format='newline_delimited', compression='uncompressed', "
            f"maximum_object_size={max(USUAL_OBJECT, 2 * self.longest)}, columns={{'n': 'BIGINT', 'v': 'VARCHAR[]', 'x': 'VARCHAR'}})"
        )
        records = f"SELECT {literal(file.name)} AS file, {file.seq}::BIGINT AS seq, n, v, x FROM {scan}"
        if match.fault:
            why, detail = literal(match.fault), match_fault_detail(DUCKDB, match)
            reading.rejects.append(rejects_select(records, why, detail, "encode(x)"))
        else:
            if self.repeated:
                again = f"n IN ({', '.join(map(str, self.repeated))})"
                reading.rejects.append(
                    rejects_select(f"{records} WHERE {again}", literal(REPEATED_HEADER), "CAST(NULL AS VARCHAR)", "encode(x)")
                )
                records = f"{records} WHERE NOT {again}"
            reading.rows.append(rows_select(DUCKDB, records, columns, [f"v[{place}]" for place, _ in enumerate(columns, 1)], "x"))


def _copy_sheet(book: Workbook, record_format: RecordFormat, columns: Sequence[Column], path: Path) -> _SheetCopy:
    """The records of the contract's sheet, written to `path`.

    Raises:
        UnreadableError: The whole file must be rejected.
    """
    sheet = book.sheet(record_format.sheet)
    with book.rows(sheet) as found, path.open("wb") as file:
        merges = book.merged_cells(sheet)
        first = record_format.header_row or 1
        body, end = SheetBody(found, record_format.footer), first + record_format.header_rows
        above, below = _split_at_row(iter(body), end)
        header = column_names(above, merges, first)
        column_numbers = {name: column_number for column_number, name in header.items()}
        match = match_columns(columns, tuple(column_numbers), record_format.columns_found)
        if match.fault == OTHER_COLUMNS and holds_values(tuple(column_numbers)):
            below = itertools.chain((row for row in above if row[0] >= record_format.header_row), below)
        known = [_column_numbers(column, match, column_numbers) for column in columns]
        copy = _SheetCopy(path=path, names=tuple(column_numbers), match=match)
        left = record_format.sheet_limit_bytes
        head = HeaderRows(
            tuple(tuple(_texts(row, max(header))) for row in _records(iter(above), merges, max(header)) if row[0] >= first)
        )
        for number, cells in _records(below, merges, max(header)):
            again = None if match.fault else head.judge(_texts((number, cells), max(header)), match.sources.values())
            copy.count_header(number, again)
            values = [_text(cells, numbers) for numbers in known]
            own = set() if match.fault or again else {number for numbers in known for number in numbers}
            extra_cells = {
                header.get(column_number, f"_unnamed_{column_number}"): cells[column_number]
                for column_number in sorted(cells.keys() - own)
            }
            left -= copy.write(file, number, values, extra_cells)
            if left < 0:
                raise UnreadableError("reject_workbook_too_large")
    left_out = [number for number in body.omitted if number >= end]
    return replace(copy, omitted=(OmittedLines("footer", len(left_out), left_out[0]),) if left_out else ())


def _texts(row: Row, width: int) -> list[str]:
    """The texts of the first cells, empty where there is none."""
    return [row[1].get(number, "") for number in range(1, width + 1)]


def _column_numbers(column: Column, match: ColumnMatch, numbers: Mapping[str, int]) -> tuple[int, ...]:
    """The sheet's columns whose texts are the column's; none where it is absent."""
    source = match.sources.get(column.name)
    return () if source is None else tuple(numbers[name] for name in column.joined_names or (source,))


def _text(cells: Mapping[int, str], numbers: Sequence[int]) -> str | None:
    """The text of one cell; of several, joined by blanks, as long as none is empty."""
    texts = [cells.get(number) for number in numbers]
    if len(texts) < 2:
        return texts[0] if texts else None
    filled = [text.strip() for text in texts if text is not None]
    return " ".join(filled) if len(filled) == len(texts) else None


def _records(data_rows: Iterator[Row], merges: MergedCells, width: int) -> Iterator[Row]:
    """Rows with a cell of their own that is not blank, merged cells filled."""
    for number, cells in data_rows:
        filled = merges.fill(number, cells, width)
        if any(not text.isspace() for text in cells.values() if text):
            yield number, filled


def _split_at_row(rows: Iterator[Row], first: int) -> tuple[list[Row], Iterator[Row]]:
    """The rows before number `first`, and the rows from `first` on."""
    above: list[Row] = []
    for row in rows:
        if row[0] >= first:
            return above, itertools.chain([row], rows)
        above.append(row)
    return above, rows
