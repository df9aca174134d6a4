"""The mapping of a source's addresses to series: a CSV file beside the contract, which people edit and drafts propose."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakeward.contracts.mapping_lines import MappingLine, is_number, read_mapping
from lakeward.core.errors import DefinitionError
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase
from lakeward.core.spelling import did_you_mean
from lakeward.core.units import units

SERIES_FILE = "series.csv"
COLUMNS: Mapping[str, KeyDoc] = {
    "address": KeyDoc("text", "Address of the reading at its source, such as topic and member.", required=True),
    "series": KeyDoc("text", "Name of the series, by the levels of ISA-95: `enterprise/site/area/line/cell/tag`.", required=True),
    "unit": KeyDoc("text", "UCUM code of the unit, such as `Cel`.", "none"),
    "type": KeyDoc("`number`, `boolean` or `string`", "Type of its values, for people.", "none"),
    "interval": KeyDoc(
        "number above 0, up to 1000000000",
        "Seconds in which a reading is expected: a silence of more than one and a half is a gap.",
        "none",
    ),
    "deadband": KeyDoc(
        "number, 0 or more",
        "Smallest change that the source reports, 0 for any: the series is not silent while its source lives.",
        "none: it reports in its `interval`",
    ),
    "low": KeyDoc("number", "Smallest value that is possible.", "none"),
    "high": KeyDoc("number", "Largest value that is possible.", "none"),
    "range": KeyDoc(
        "`proposed` or `checked`",
        "Whether a person has checked `low` and `high`: a reading outside of a checked range goes to quarantine, outside of a proposed one it is a warning.",
        "`proposed`",
    ),
}
# Bounds of an interval: a microsecond, and some 30 years.
SHORTEST_S, LONGEST_S = 1e-6, 1e9
_NUMBERS = ("interval", "deadband", "low", "high")
_TYPES = ("", "number", "boolean", "string")
_RANGES = ("", "proposed", "checked")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesEntry:
    """One line of the mapping: texts by column; empty for none.

    Args:
        is_judged: Whether what it says of its values is valid; otherwise no rule follows from it.
    """

    address: str
    series: str
    unit: str = ""
    values: Mapping[str, str] | None = None
    line: int = 0
    is_judged: bool = True


def read_series_file(path: Path, content: bytes | None = None) -> tuple[SeriesEntry, ...]:
    """The entries of a mapping. A line whose limits are not valid has none: its readings keep their series.

    Args:
        content: What the file holds, where it was read before.

    Raises:
        DefinitionError: It is not valid; with its first fault and the line.
    """
    entries, faults = read_mapping(path, COLUMNS, "series_file_column", _entry, content)
    if faults:
        raise faults[0]
    return entries


def check_series_file(path: Path) -> tuple[tuple[SeriesEntry, ...], tuple[DefinitionError, ...]]:
    """The entries of a mapping, and all its faults."""
    return read_mapping(path, COLUMNS, "series_file_column", _checked_entry)


def unjudged_lines(path: Path) -> list[int]:
    """Lines of a mapping that say limits which are not valid, so that no rule follows."""
    return [entry.line for entry in read_mapping(path, COLUMNS, "series_file_column", _entry)[0] if not entry.is_judged]


def _checked_entry(line: MappingLine) -> SeriesEntry:
    entry = _entry(line)
    _check_rules(line)
    return entry


def _entry(line: MappingLine) -> SeriesEntry:
    values = line.values
    for name in ("address", "series"):
        if not values[name].strip():
            raise line.fault(name, Phrase("phrase_text"))
    unit = values.get("unit", "")
    if unit and unit not in units():
        raise line.fault("unit", Phrase("phrase_ucum", code=did_you_mean(unit, units()) or "Cel"))
    if values.get("type", "") not in _TYPES:
        raise line.fault("type", "number, boolean, string")
    for name in _NUMBERS:
        if values.get(name) and not is_number(values[name]):
            raise line.fault(name, Phrase("phrase_number"))
    if values.get("low") and values.get("high") and float(values["low"]) > float(values["high"]):
        raise line.fault("high", Phrase("phrase_not_below_low"))
    return SeriesEntry(
        address=values["address"], series=values["series"], unit=unit, values=values, line=line.number, is_judged=_is_judged(line)
    )


def _is_judged(line: MappingLine) -> bool:
    try:
        _check_rules(line)
    except DefinitionError:
        return False
    return True


def _check_rules(line: MappingLine) -> None:
    """That what becomes a rule is one."""
    values = line.values
    if values.get("interval") and not SHORTEST_S <= float(values["interval"]) <= LONGEST_S:
        raise line.fault("interval", Phrase("phrase_positive_up_to", most=f"{LONGEST_S:.0f}"))
    if values.get("deadband") and float(values["deadband"]) < 0:
        raise line.fault("deadband", Phrase("phrase_deadband"))
    if values.get("range", "") not in _RANGES:
        raise line.fault("range", "proposed, checked")
    if values.get("range") == "checked" and not (values.get("low") or values.get("high")):
        raise line.fault("range", Phrase("phrase_bound_beside"))
    if values.get("type") in ("boolean", "string") and (values.get("low") or values.get("high")):
        raise line.fault("type", Phrase("phrase_number_beside_bound"))
