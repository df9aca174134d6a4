"""Service levels of a contract, in seconds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Sla
from lakeward.contracts.view import View, properties_by_name
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

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


SCHEDULE = KeyDoc(
    "duration of at least `1min`, such as `5min` or `2h`",
    "How often Airflow runs the dataset. A model runs when its inputs do, and has none.",
    "half the `latency`, and no more than `5min` for messages and databases, `1h` for files",
)
# Seconds: a run costs about one, and what runs less often than each month needs no schedule.
_SHORTEST, _LONGEST = 60, 31 * DAY
_DURATION = re.compile(r"([1-9][0-9]{0,5}) ?([a-z]+)")


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


def read_schedule(properties: View, *, has_source: bool) -> int | None:
    """Seconds from one run of Airflow to the next; None if the contract does not say."""
    if properties.values.get("schedule") is None:
        return None
    if not has_source:
        properties.fail_value("schedule", Phrase("phrase_no_schedule"))
        return None
    return properties.entry("schedule", Phrase("phrase_schedule"), _duration)


def _duration(value: Any) -> int | None:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    seconds = int(match[1]) * SECONDS.get(match[2], 0) if match else 0
    return seconds if _SHORTEST <= seconds <= _LONGEST else None


def _seconds(view: View) -> Decimal | None:
    value = view.entry("value", Phrase("phrase_positive_number"), _positive)
    unit = view.entry(
        "unit",
        Phrase("phrase_either", first="s, min, h, d", second="y"),
        lambda v: SECONDS.get(v) if isinstance(v, str) else None,
    )
    return value * unit if value and unit else None


def _positive(value: Any) -> Decimal | None:
    number = Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else Decimal(0)
    return number if number.is_finite() and number > 0 else None
