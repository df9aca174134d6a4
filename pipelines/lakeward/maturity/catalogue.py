"""Catalogues of readiness, read once from the package's data: the standard's items and our indicators."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from lakeward.core.names import Sha256, sha256
from lakeward.grading.catalogue import verified_text

STANDARD = "dcmm_gbt_36073_2025.yaml"
# Year of an edition -> its file; the first one is the default.
EDITIONS: Mapping[str, str] = {"2025": STANDARD, "2018": "dcmm_gbt_36073_2018.yaml"}
INDICATORS = "dcmm_indicators_lakeward_v4.yaml"

_TABLE = re.compile(r"\bgovernance\.(\w+)")
# Hundredths of a per cent by integers, so that every engine rounds half up.
_RATIO_SQL = (
    "SELECT CAST(numerator AS BIGINT) AS numerator, CAST(denominator AS BIGINT) AS denominator,\n"
    "  CASE WHEN denominator > 0 THEN CAST(CAST((20000 * CAST(numerator AS BIGINT) + CAST(denominator AS BIGINT))\n"
    "    // (2 * CAST(denominator AS BIGINT)) AS DECIMAL(16, 0)) * 0.01 AS DECIMAL(18, 2)) END AS value\n"
    "FROM (\n{query})"
)
_FIGURE_SQL = (
    "SELECT CAST(NULL AS BIGINT) AS numerator, CAST(denominator AS BIGINT) AS denominator, CAST(value AS DECIMAL(18, 2)) AS value\n"
    "FROM (\n{query})"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One capability item.

    Args:
        number: Its number in this edition; the same number is another item in another edition.
        ceiling: What telemetry alone may propose at most, 0 to 5.
    """

    number: str
    names: Mapping[str, str]
    ceiling: Decimal


@dataclass(frozen=True, slots=True)
class Domain:
    """One capability domain with its items, in the standard's order."""

    number: str
    names: Mapping[str, str]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator.

    Args:
        item: Number of its item.
        steps: Values of levels 2, 3, 4 and 5.
        lower: Whether less is better.
        must: Whether its level limits the item.
        crit: Whether it measures critical assets, so that a small sample counts less.
        days: Length of its window.
        query: Its SQL with `{since}` and `{as_of}` open; None if no table has the data.
        lacks: The missing record, if there is no query.
    """

    id: str
    item: str
    names: Mapping[str, str]
    steps: tuple[Decimal, ...]
    lower: bool
    must: bool
    crit: bool
    days: int
    query: str | None
    lacks: str | None

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the governance tables that it reads, sorted."""
        return tuple(sorted(set(_TABLE.findall(self.query or ""))))

    @property
    def ratio(self) -> bool:
        """Whether its value is a share in per cent."""
        return " AS numerator" in (self.query or "")

    def sql(self, day: datetime) -> str:
        """One row `numerator, denominator, value` as of midnight `day`; `value` has two decimals, NULL if unmeasured."""
        asked = (self.query or "").format(since=_instant(day - timedelta(days=self.days)), as_of=_instant(day))
        return (_RATIO_SQL if self.ratio else _FIGURE_SQL).format(query=asked.rstrip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """An edition of the standard with our indicators.

    Args:
        limits: The figures of the arithmetic, by name.
        bands: Least overall scores of levels 2 to 5.
        conformities: Allowed conformities of a clause, in per cent.
        sha256: Hash of both files.
    """

    edition: str
    domains: tuple[Domain, ...]
    indicators: tuple[Indicator, ...]
    limits: Mapping[str, Decimal]
    bands: tuple[Decimal, ...]
    conformities: tuple[int, ...]
    sha256: Sha256

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, in the standard's order."""
        return tuple(item for domain in self.domains for item in domain.items)

    def indicators_of(self, item: str) -> tuple[Indicator, ...]:
        """The indicators of one item."""
        return tuple(indicator for indicator in self.indicators if indicator.item == item)


@functools.cache
def default_catalogue() -> Catalogue:
    """The default edition, GB/T 36073-2025.

    Raises:
        DefinitionError: A file of it was edited in place.
    """
    return edition_catalogue(next(iter(EDITIONS)))


@functools.cache
def edition_catalogue(year: str) -> Catalogue:
    """The edition of a year, one of `EDITIONS`.

    Raises:
        DefinitionError: A file of it was edited in place.
    """
    return load_catalogue(resources.files("lakeward") / "expectations" / "catalogues", EDITIONS[year])


def load_catalogue(folder: Traversable, standard_file: str = STANDARD) -> Catalogue:
    """The edition of a file in `folder`, with our indicators.

    Raises:
        DefinitionError: A file is missing, or does not match CHECKSUMS.
    """
    texts = [verified_text(folder, standard_file), verified_text(folder, INDICATORS)]
    standard, ours = (yaml.load(text, Loader=yaml.CSafeLoader) for text in texts)
    limits = {name: Decimal(limit["value"]) for name, limit in standard["limits"].items()}
    return Catalogue(
        edition=standard["edition"],
        domains=tuple(_domain(domain) for domain in standard["domains"]),
        indicators=tuple(_indicators(standard, ours["indicators"], int(limits["window_days"]))),
        limits=limits,
        bands=tuple(map(Decimal, standard["bands"]["values"])),
        conformities=tuple(map(int, standard["conformities"]["values"])),
        sha256=sha256("\n".join(texts).encode()),
    )


def _domain(entry: Mapping[str, Any]) -> Domain:
    items = (Item(item["number"], _names(item), Decimal(item["ceiling"])) for item in entry["items"])
    return Domain(entry["number"], _names(entry), tuple(items))


def _indicators(standard: Mapping[str, Any], entries: Mapping[str, Any], days: int) -> Iterator[Indicator]:
    """The indicators by the items of this edition; those of items that it does not have are left out."""
    items = [item for domain in standard["domains"] for item in domain["items"]]
    number = {counted: item["number"] for item in items for counted in item.get("counts", [item["number"]])}
    steps = standard.get("steps", {})
    for key, entry in entries.items():
        if entry["item"] in number:
            yield _indicator(key, {**entry, "item": number[entry["item"]], "steps": steps.get(key, entry["steps"])}, days)


def _indicator(key: str, entry: Mapping[str, Any], days: int) -> Indicator:
    flags = {flag: bool(entry.get(flag)) for flag in ("lower", "must", "crit")}
    steps = tuple(map(Decimal, entry["steps"]))
    query, lacks = entry.get("sql"), entry.get("lacks")
    return Indicator(
        id=key,
        item=entry["item"],
        names=_names(entry),
        steps=steps,
        **flags,
        days=entry.get("days", days),
        query=query,
        lacks=lacks,
    )


def _names(entry: Mapping[str, Any]) -> Mapping[str, str]:
    return {"en": entry["en"], "zh": entry["zh"]}


def _instant(day: datetime) -> str:
    return f"TIMESTAMPTZ '{day:%Y-%m-%d} 00:00:00+00'"
