"""What the mapping of addresses to series says of each series, as of the version that a batch was read with: rules, and their limits.

A version holds from the segment on that it is named by, and is not changed once that is landed; a replay keeps the one that it judged by in
its plan. So a rebuild judges a row as it was judged.
"""

import base64
import functools
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from lakeward.contracts.collected_source import OpcUaSource, SparkplugSource
from lakeward.contracts.model import Column, Contract
from lakeward.contracts.payload import ENVELOPE_MARK
from lakeward.contracts.project import DATASETS
from lakeward.contracts.record_format import FileFormat
from lakeward.contracts.series_file import SERIES_FILE, SeriesEntry, read_series_file, unjudged_lines
from lakeward.core.units import Spellings, convert, spellings_of, unit, units
from lakeward.flows.base.batch_context import BatchContext
from lakeward.flows.base.pinning import Reprocess
from lakeward.flows.base.report import Warnings
from lakeward.flows.base.workspace import Workspace
from lakeward.quality.catalogue import derived_dimension
from lakeward.quality.rule import Rule, Severity, rule_version
from lakeward.quality.series.mapped import INTERVAL, PROPOSED_RANGE, RANGE
from lakeward.quality.series.rule_sql import ROWS_PER_FILE, microseconds
from lakeward.quality.series.source_record import LIMIT_COLUMNS
from lakeward.sources.segments.series import series_versions

# Sources that report changes alone.
CHANGES_ONLY = (OpcUaSource, SparkplugSource)
# Warning of a run and of lint.
RANGES_DIFFER = "series_ranges_differ"
# Above every row's place.
_LAST_PLACE = 2**63 - 1
Limit = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeriesLimits:
    """The limits of a batch.

    Args:
        rows: As `LIMIT_COLUMNS`; one per series and version.
        columns: Names of the columns of series, value and unit; the last one empty without it.
    """

    rows: tuple[Limit, ...] = ()
    columns: tuple[str, str, str] = ("", "", "")

    @property
    def units(self) -> tuple[tuple[str, Spellings], ...]:
        """Codes of the ranges, with their spellings."""
        codes = dict.fromkeys(row["unit"] for row in self._ranged if row["unit"])
        return tuple((code, spellings_of(unit(code))) for code in codes)

    @property
    def _ranged(self) -> list[Limit]:
        return [row for row in self.rows if row["low"] is not None or row["high"] is not None]

    def rules(self) -> tuple[Rule, ...]:
        """The rules that follow: those of which some series has a limit."""
        kinds = {
            RANGE: [row for row in self._ranged if row["is_checked"]],
            PROPOSED_RANGE: [row for row in self._ranged if not row["is_checked"]],
            INTERVAL: [row for row in self.rows if row["interval_us"] is not None],
        }
        return tuple(self._rule(kind, rows) for kind, rows in kinds.items() if rows)

    def _rule(self, kind: str, rows: Sequence[Limit]) -> Rule:
        series, value, unit_column = self.columns
        kwargs: dict[str, Any] = {"series_columns": [series]}
        if kind != INTERVAL:
            kwargs |= {"column": value} | ({"unit_column": unit_column} if unit_column else {})
        own = ("interval_us", "changes_only") if kind == INTERVAL else ("low", "high", "unit")
        meaning = sorted(repr([row["series"], *(row[name] for name in own)]) for row in rows)
        return Rule(
            id=f"{kind}:{series}" if kind == INTERVAL else f"{kind}:{value}",
            version=rule_version(kind, kwargs, *meaning),
            type=kind,
            kwargs=kwargs,
            severity=Severity.QUARANTINE if kind == RANGE else Severity.WARN,
            dimension=derived_dimension(kind),
            columns=(series,) if kind == INTERVAL else (series, value),
        )


class _Version(NamedTuple):
    """A version of the mapping, and the places of rows that it holds for: `first <= place < end`.

    Its content is that of its file, where it is None.
    """

    number: int
    path: Path
    first: int = 0
    end: int = _LAST_PLACE
    content: bytes | None = None

    def read(self) -> bytes:
        """What it says."""
        return self.path.read_bytes() if self.content is None else self.content


def range_rule_id(value: str) -> str:
    """Id of the rule on checked ranges of the column."""
    return f"{RANGE}:{value}"


def series_limits(context: BatchContext) -> SeriesLimits:
    """The limits of the batch's rows."""
    named, pinned = _columns(context.contract), context.pinned
    if pinned.reprocess in (Reprocess.REPLAY, Reprocess.RELEASE):
        return replay_limits(context.contract, context.landing, _kept_version(context))
    return _read(context.contract, named, _versions(context)) if named else SeriesLimits()


def replay_limits(contract: Contract, landing: Path, kept: "_Version | None" = None) -> SeriesLimits:
    """The limits of rows that are judged again: a person's last word of a series; of one that it does not name any more, those of the row's time.

    Args:
        landing: See `newest_limits`.
        kept: The mapping that the batch was planned with; None for the newest one.
    """
    named, versions = _columns(contract), _all_versions(landing)
    newest = kept or (versions[-1]._replace(first=0, end=_LAST_PLACE) if versions else None)
    if named is None or newest is None:
        return SeriesLimits()
    known = _series_names(newest.path, newest.read())
    own, earlier = (_read(contract, named, found) for found in ([newest], versions))
    return SeriesLimits((*own.rows, *(row for row in earlier.rows if row["series"] not in known)), named)


def newest_limits(contract: Contract, landing: Path) -> SeriesLimits:
    """The limits of the newest mapping, whatever the row.

    Args:
        landing: Folder of the dataset's landed files.
    """
    named, versions = _columns(contract), series_versions(landing / "series")[-1:]
    return _read(contract, named, [_Version(number, path) for number, path in versions]) if named else SeriesLimits()


def newest_mapping(contract: Contract, landing: Path) -> dict[str, Any]:
    """The newest mapping for the request of a batch that judges rows by it: until a segment is landed, its file can still change.

    Args:
        landing: See `newest_limits`.
    """
    if not _columns(contract):
        return {}
    versions = series_versions(landing / "series")
    number, content = (versions[-1][0], versions[-1][1].read_bytes()) if versions else (0, b"")
    packed = zlib.compress(content)
    return {"mapping": {"version": number, "zlib": base64.b64encode(packed).decode()}}


def unjudged_notes(workspace: Workspace, contract: Contract) -> Warnings:
    """That lines of the project's mapping say limits from which no rule follows."""
    file = workspace.project.root / DATASETS / contract.name / SERIES_FILE
    if contract.record_format.format is not FileFormat.MESSAGES or not file.is_file():
        return ()
    found = {"series_lines_unjudged": unjudged_lines(file), RANGES_DIFFER: _lines_without_range(contract, file)}
    label = workspace.project.label(file)
    return tuple(
        (code, {"dataset": contract.name, "file": label, "lines": len(lines), "line": lines[0]})
        for code, lines in found.items()
        if lines
    )


def _lines_without_range(contract: Contract, file: Path) -> list[int]:
    """Lines with a bound that another line of their series undoes."""
    if not (named := _columns(contract)):
        return []
    content, value = file.read_bytes(), contract.column(named[1])
    own = {row["series"]: row for row in _limits(file, content, value)}
    lines = (_limit(entry, value) for entry in read_series_file(file, content))
    return [
        line["line"]
        for line in lines
        if any(line[bound] is not None and own[line["series"]][bound] is None for bound in ("low", "high"))
    ]


def reporting_series(contract: Contract, landing: Path) -> list[Limit]:
    """The series that report in an interval whether anything changes or not, by the newest mapping."""
    limits = () if isinstance(contract.source, CHANGES_ONLY) else newest_limits(contract, landing).rows
    return [row for row in limits if row["interval_us"] is not None and not row["changes_only"]]


def _read(contract: Contract, named: tuple[str, str, str], versions: Sequence[_Version]) -> SeriesLimits:
    value = next(column for column in contract.columns if column.name == named[1])
    rows = (
        {**limit, "first_place": version.first, "end_place": version.end, "version": version.number}
        for version in versions
        for limit in _limits(version.path, version.read(), value)
    )
    return SeriesLimits(tuple({name: row[name] for name in LIMIT_COLUMNS} for row in rows), named)


def _kept_version(context: BatchContext) -> _Version | None:
    """The mapping that the batch's request holds."""
    kept = json.loads(context.pinned.request or "{}").get("mapping")
    if kept is None:
        return None
    path = context.landing / "series" / f"{kept['version']:020d}.csv"
    return _Version(kept["version"], path, content=zlib.decompress(base64.b64decode(kept["zlib"])))


def _versions(context: BatchContext) -> list[_Version]:
    """The versions that rows of the batch can have been read with."""
    versions, pinned = _all_versions(context.landing), context.pinned
    if pinned.reprocess or pinned.end <= pinned.start:
        return versions
    first, last = (pinned.start + 1) * ROWS_PER_FILE, pinned.end * ROWS_PER_FILE
    return [version for version in versions if version.first <= last and first < version.end]


def _all_versions(landing: Path) -> list[_Version]:
    found = series_versions(landing / "series")
    ends = [*(number * ROWS_PER_FILE for number, _ in found[1:]), _LAST_PLACE]
    return [_Version(number, path, number * ROWS_PER_FILE, end) for (number, path), end in zip(found, ends, strict=False)]


def _columns(contract: Contract) -> tuple[str, str, str] | None:
    """The columns that hold series, value and unit of a reading; None where messages are no readings, or have no time."""
    payload = contract.record_format.payload
    if payload is None or payload.readings is None or contract.time_column is None:
        return None
    names = {
        name.removeprefix(ENVELOPE_MARK): column.name for column in reversed(contract.columns) for name in column.source_names
    }
    return (names["series"], names["value"], names.get("unit", "")) if {"series", "value"} <= names.keys() else None


@functools.lru_cache(maxsize=8)
def _limits(path: Path, content: bytes, value: Column) -> tuple[Limit, ...]:
    """What one version says; of several lines of one series what is the least strict."""
    found: dict[str, Limit] = {}
    for entry in read_series_file(path, content) if content else ():
        limit = _limit(entry, value)
        found[entry.series] = _milder(found[entry.series], limit) if entry.series in found else limit
    return tuple(row for row in found.values() if is_limited(row) or row["series"] != row["address"])


@functools.lru_cache(maxsize=8)
def _series_names(path: Path, content: bytes) -> frozenset[str]:
    return frozenset(entry.series for entry in read_series_file(path, content)) if content else frozenset()


def is_limited(row: Limit) -> bool:
    """Whether it says more than which address a series has."""
    return any(row[name] is not None for name in ("interval_us", "low", "high")) or bool(row["changes_only"])


def _limit(entry: SeriesEntry, value: Column) -> Limit:
    texts = (entry.values or {}) if entry.is_judged else {}
    code, low, high = _in_unit_of(value, entry.unit, texts.get("low", ""), texts.get("high", ""))
    return {
        "series": entry.series,
        "address": entry.address,
        "interval_us": microseconds(float(texts["interval"])) if texts.get("interval") else None,
        "low": low,
        "high": high,
        "unit": code,
        "changes_only": bool(texts.get("deadband")),
        "is_checked": texts.get("range") == "checked",
        "line": entry.line,
    }


def _in_unit_of(value: Column, code: str, low: str, high: str) -> tuple[str, float | None, float | None]:
    """Unit and bounds as silver has them, where the contract says in which unit it does."""
    targets = [unit(one) for one in value.units if code in units() and unit(one).kind == unit(code).kind]
    if not targets:
        return code, float(low) if low else None, float(high) if high else None
    least, most = (float(convert(Decimal(text), unit(code), targets[0])) if text else None for text in (low, high))
    return targets[0].code, least, most


def _milder(one: Limit, other: Limit) -> Limit:
    """The wider range, the longer interval; none where one of them has none."""
    both = {
        name: None if one[name] is None or other[name] is None else (one[name], other[name])
        for name in ("low", "high", "interval_us")
    }
    same_unit = one["unit"] == other["unit"]
    return {
        **one,
        "low": min(both["low"]) if both["low"] and same_unit else None,
        "high": max(both["high"]) if both["high"] and same_unit else None,
        "interval_us": max(both["interval_us"]) if both["interval_us"] else None,
        "changes_only": one["changes_only"] or other["changes_only"],
        "is_checked": one["is_checked"] and other["is_checked"],
    }


def line_names(folder: str, lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Where the lines stand, as paths in the lake."""
    return (f"{folder}/series/{row['version']:020d}.csv:{row['line']}" for row in lines)
