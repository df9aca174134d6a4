"""Reads CSV files beside a contract that people edit: every fault with its line and column."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lakeward.contracts.document import safe_repr
from lakeward.core.errors import DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean

Entry = TypeVar("Entry")
# The column that every such file has, and in which a text stands once.
ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class MappingLine:
    """One line of the file.

    Args:
        number: Its number, from 1; of one with line breaks in quotes that of the last.
        values: Its texts, by column.
    """

    path: Path
    number: int
    values: Mapping[str, str]

    def fault(self, column: str, expected: str | Phrase) -> DefinitionError:
        """That a value is not as expected."""
        return _value_fault(self.path, self.number, column, expected, self.values.get(column, ""))


def read_mapping(
    path: Path,
    columns: Mapping[str, KeyDoc],
    header_code: str,
    read: Callable[[MappingLine], Entry],
    content: bytes | None = None,
) -> tuple[tuple[Entry, ...], tuple[DefinitionError, ...]]:
    """The entries of the file, and all its faults: at most one per line.

    Args:
        columns: Columns that it can have; those that are required must be there.
        header_code: Message of a header that is not valid.
        read: The entry of a line; raises a fault of it.
        content: What the file holds, where it was read before.
    """
    entries: list[Entry] = []
    faults: list[DefinitionError] = []
    seen: set[str] = set()
    try:
        rows = _rows(path, path.read_bytes() if content is None else content)
        header = _header(path, rows, columns, header_code)
    except DefinitionError as error:
        return (), (error,)
    for number, row in rows[1:]:
        try:
            line = _line(path, number, header, row)
            entries.append(read(line))
            if line.values[ADDRESS] in seen:
                raise line.fault(ADDRESS, Phrase("phrase_address_once"))
            seen.add(line.values[ADDRESS])
        except DefinitionError as error:
            faults.append(error)
    return tuple(entries), tuple(faults)


def is_number(text: str) -> bool:
    """Whether it is a finite number in digits."""
    try:
        return math.isfinite(float(text)) and "_" not in text
    except ValueError:
        return False


def _rows(path: Path, content: bytes) -> list[tuple[int, list[str]]]:
    """The rows that hold something, with their lines.

    Raises:
        DefinitionError: The file is no UTF-8 text, or no CSV.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DefinitionError("series_file_not_text", file=path) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    return list(_number_lines(path, reader))


def _number_lines(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    try:
        for row in reader:
            if row:
                yield reader.line_num, row  # type: ignore[attr-defined]
    except csv.Error as error:
        number = reader.line_num  # type: ignore[attr-defined]
        raise _value_fault(path, number, "-", Phrase("phrase_quoted_csv"), str(error)) from None


def _header(path: Path, rows: list[tuple[int, list[str]]], columns: Mapping[str, KeyDoc], header_code: str) -> tuple[str, ...]:
    header = tuple(name.strip() for name in rows[0][1]) if rows else ()
    for name in header:
        if name not in columns or header.count(name) > 1:
            raise DefinitionError(
                header_code, file=path, line=1, column=name, found=safe_repr(name), close=did_you_mean(name, columns)
            )
    for name in (name for name, doc in columns.items() if doc.required and rows):
        if name not in header:
            raise DefinitionError(header_code, file=path, line=1, column=name, found="-", close=name)
    return header


def _line(path: Path, number: int, header: tuple[str, ...], row: list[str]) -> MappingLine:
    if len(row) != len(header):
        raise _value_fault(path, number, "-", Phrase("phrase_fields", count=len(header)), f"{len(row)}")
    return MappingLine(path, number, dict(zip(header, row, strict=True)))


def _value_fault(path: Path, line: int, column: str, expected: str | Phrase, found: str) -> DefinitionError:
    return DefinitionError("series_file_value", file=path, line=line, column=column, expected=expected, found=safe_repr(found))
