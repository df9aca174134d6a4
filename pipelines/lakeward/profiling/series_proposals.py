"""Proposes the mapping of addresses to series from what messages show: `series.csv`, which people edit."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from lakeward.contracts.series_file import COLUMNS
from lakeward.core.names import Relation
from lakeward.core.units import guess_unit_from_name, units
from lakeward.engines.protocols import Engine

# Readings of an address from which on its longest step says something.
_STEPS = 10
# Levels that are no place of a plant: of the Unified Namespace of UMH, its version and data contracts.
_UMH = re.compile(r"umh[./]v1[./]")
_CONTRACT_LEVEL = re.compile(r"_\w+")
_FORBIDDEN = re.compile(r"[+#$.\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesProposal:
    """A line of the mapping.

    Args:
        unit: UCUM code; empty: unknown.
        type: `number`, `boolean` or `string`; empty: they differ.
        interval: Longest step between readings in seconds; None with few of them.
    """

    address: str
    series: str
    unit: str
    type: str
    interval: Decimal | None


def propose_series(engine: Engine, values: Relation) -> tuple[SeriesProposal, ...]:
    """One line per address of the readings in `values`."""
    # Every column has the type that a profile gave it.
    texts = (
        "CAST(address AS VARCHAR) AS address, value, lower(CAST(value_text AS VARCHAR)) AS word, CAST(unit AS VARCHAR) AS unit"
    )
    steps = f"SELECT {texts}, epoch(ts) - lag(epoch(ts)) OVER (PARTITION BY address ORDER BY ts) AS step FROM {values}"
    found = engine.fetch(
        "SELECT address, count(*) AS n, count(value) AS numbers, count_if(word IN ('true', 'false')) AS booleans, min(unit) AS unit, "
        f"count(DISTINCT unit) AS units, count(step) AS steps, max(step) AS longest FROM ({steps}) GROUP BY address ORDER BY address"
    )
    names = _series_names([row["address"] for row in found])
    return tuple(
        SeriesProposal(
            address=row["address"],
            series=names[row["address"]],
            unit=_unit(row["address"], row["unit"] if row["units"] == 1 else None),
            type=_type(row["n"], row["numbers"], row["booleans"]),
            interval=_seconds(row["longest"]) if row["steps"] >= _STEPS and row["longest"] else None,
        )
        for row in found
    )


def series_text(proposals: Sequence[SeriesProposal]) -> str:
    """The mapping as CSV, with the columns of `contracts/series_file.py`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in proposals:
        interval = "" if one.interval is None else f"{one.interval:f}"
        writer.writerow((one.address, one.series, one.unit, one.type, interval, *[""] * 4))
    return out.getvalue()


def _series_names(addresses: Sequence[str]) -> dict[str, str]:
    """Levels in small letters with `/` between; of addresses that would have one name, each keeps its own."""
    named = {address: _series_name(address) for address in addresses}
    counts = Counter(named.values())
    return {address: name if counts[name] == 1 and name else address for address, name in named.items()}


def _series_name(address: str) -> str:
    match = _UMH.match(address)
    levels = address[match.end() if match else 0 :].split("/")
    kept = [level for level in levels if level and not (match and _CONTRACT_LEVEL.fullmatch(level))]
    return "/".join(_FORBIDDEN.sub("_", level.lower()) for level in kept)


def _type(readings: int, numbers: int, booleans: int) -> str:
    if readings == numbers:
        return "number"
    if readings == booleans:
        return "boolean"
    return "" if numbers or booleans else "string"


def _unit(address: str, own: str | None) -> str:
    """The unit that all readings of the address have, or that its last level names."""
    if own in units():
        return own or ""
    guess = guess_unit_from_name(address.rpartition("/")[2])
    return guess.code if guess else ""


def _seconds(step: float) -> Decimal:
    return Decimal(str(step)).quantize(Decimal("0.001"), ROUND_UP).normalize()
