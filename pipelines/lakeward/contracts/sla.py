"""Service levels of a contract, in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Sla
from lakeward.contracts.view import View, properties_by_name
from lakeward.core.keys import KeyDoc

DAY = 86_400
# Unit -> seconds; the spellings of the standard, and their plurals. A year of retention has 365 days.
SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("y", "yr", "year", "years"), 365 * DAY),
}
PROPERTIES: Mapping[str, KeyDoc] = {
    "latency": KeyDoc(
        "number and unit", "The dataset is late when its last run is longer ago.", "`latency_days` of `project.yaml`"
    ),
    "frequency": KeyDoc("number and unit", "Period of a series' readings; sensor rules expect it.", "none"),
    "retention": KeyDoc(
        "number and unit", "How long a received file is kept in `landing` after its batch, in whole days.", "for ever"
    ),
}


@dataclass(frozen=True, slots=True)
class SlaProperties:
    """Values of `slaProperties`."""

    sla: Sla
    retention_days: int | None


def read_sla_properties(contract: View) -> SlaProperties:
    """Read `latency`, `frequency` and `retention`; other properties are ignored."""
    items = properties_by_name(contract, "slaProperties", PROPERTIES)
    seconds = {name: _seconds(item) for name, item in items.items() if name in PROPERTIES}
    latency, retention = seconds.get("latency"), seconds.get("retention")
    return SlaProperties(
        Sla(int(latency) if latency else None, seconds.get("frequency")),
        int(retention // DAY) if retention else None,
    )


def _seconds(view: View) -> Decimal | None:
    value = view.entry("value", "a positive number", _positive)
    unit = view.entry("unit", "s, min, h, d or y", lambda v: SECONDS.get(v) if isinstance(v, str) else None)
    return value * unit if value and unit else None


def _positive(value: Any) -> Decimal | None:
    number = Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else Decimal(0)
    return number if number.is_finite() and number > 0 else None
