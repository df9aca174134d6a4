"""The mapping of a source's addresses to series: a CSV file beside the contract, which people edit and drafts propose."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.document import safe_repr
from lakeward.core.errors import DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.spelling import did_you_mean
from lakeward.core.units import units

SERIES_FILE = "series.csv"
COLUMNS: Mapping[str, KeyDoc] = {
    "address": KeyDoc("text", "Address of the reading at its source, such as topic and member.", required=True),
    "series": KeyDoc("text", "Name of the series, by the levels of ISA-95: `enterprise/site/area/line/cell/tag`.", required=True),
    "unit": KeyDoc("text", "UCUM code of the unit, such as `Cel`.", "none"),
    "type": KeyDoc("`number`, `boolean` or `string`", "Type of its values, for people.", "none"),
    "interval": KeyDoc("number", "Seconds in which a reading is expected at least.", "none"),
    "deadband": KeyDoc("number", "Smallest change that the source reports: a flat line may be silence.", "none"),
    "low": KeyDoc("number", "Smallest value that is possible.", "none"),
    "high": KeyDoc("number", "Largest value that is possible.", "none"),
}
_NUMBERS = ("interval", "deadband", "low", "high")
_TYPES = ("", "number", "boolean", "string")


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """One line of the mapping: texts by column; empty for none."""

    address: str
    series: str
    unit: str = ""
    values: Mapping[str, str] | None = None


def read_series_file(path: Path) -> tuple[SeriesEntry, ...]:
    """The entries of a mapping.

    Raises:
        DefinitionError: It is not valid; with its first fault and the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DefinitionError("series_file_not_text", file=path) from None
    rows = list(csv.reader(io.StringIO(text), strict=True))
    entries = tuple(_entries(path, rows))
    seen: set[str] = set()
    for line, entry in enumerate(entries, 2):
        if entry.address in seen:
            raise _fault(path, line, "address", "each address once", entry.address)
        seen.add(entry.address)
    return entries


def _entries(path: Path, rows: list[list[str]]) -> Iterator[SeriesEntry]:
    if not rows:
        return
    header = rows[0]
    for name in header:
        if name not in COLUMNS or header.count(name) > 1:
            raise DefinitionError("series_file_column", file=path, found=safe_repr(name), close=did_you_mean(name, COLUMNS))
    for name in ("address", "series"):
        if name not in header:
            raise DefinitionError("series_file_column", file=path, found="-", close=name)
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise _fault(path, line, "-", f"{len(header)} fields", f"{len(row)}")
        values = dict(zip(header, row, strict=True))
        _check(path, line, values)
        yield SeriesEntry(values["address"], values["series"], values.get("unit", ""), values)


def _check(path: Path, line: int, values: Mapping[str, str]) -> None:
    for name in ("address", "series"):
        if not values[name].strip():
            raise _fault(path, line, name, "a text", "")
    unit = values.get("unit", "")
    if unit and unit not in units():
        raise _fault(path, line, "unit", f"a UCUM code such as {did_you_mean(unit, units()) or 'Cel'}", unit)
    if values.get("type", "") not in _TYPES:
        raise _fault(path, line, "type", "number, boolean, string", values["type"])
    for name in _NUMBERS:
        if values.get(name) and not _is_number(values[name]):
            raise _fault(path, line, name, "a number", values[name])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fault(path: Path, line: int, column: str, expected: str, found: str) -> DefinitionError:
    return DefinitionError("series_file_value", file=path, line=line, column=column, expected=expected, found=safe_repr(found))
