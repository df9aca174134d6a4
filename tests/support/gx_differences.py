"""The listed differences to Great Expectations, and the words in which a case and its data are said."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lakeward.contracts.model import Kind
from lakeward.quality.catalogue import gx_differences
from support.gx_comparison import SCHEMA

READ = {"d": Decimal, "t": datetime.fromisoformat, "k": date.fromisoformat}
WORDS = {Kind.STRING: "text", Kind.DECIMAL: "decimal", Kind.DATE: "date", Kind.TIMESTAMP: "instant"}


@dataclass(frozen=True)
class Difference:
    id: str
    types: list[str]
    when: list[str]
    theirs: str
    reason: str
    example: dict[str, Any]

    def explains(self, case, rows) -> bool:
        return (self.types == ["*"] or case[0] in self.types) and set(self.when) <= features(case, rows)

    def case(self):
        return self.example["type"], self.example["kwargs"]

    def rows(self):
        return [{name: _read(name, value) for name, value in row.items()} for row in self.example["rows"]]


def differences() -> list[Difference]:
    return [Difference(**entry) for entry in gx_differences()]


def _read(name, value):
    return READ[name](value) if value is not None and name in READ else value


def features(case, rows) -> set[str]:
    kwargs = case[1]
    names = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs] + list(kwargs.get("column_list") or ())
    known = [name for name in names if name in SCHEMA]
    found = {WORDS[SCHEMA[name][0]] for name in known if SCHEMA[name][0] in WORDS}
    values = [row.get(name) for row in rows for name in known]
    if any(isinstance(value, float) and value in (float("inf"), float("-inf")) for value in values):
        found.add("infinite")
    if any(isinstance(value, float) and 1e150 <= abs(value) < float("inf") for value in values):
        found.add("huge")
    if len({SCHEMA[name][1] for name in known}) > 1:
        found.add("mixed_missing")
    if None in values:
        found.add("missing")
    return found | _kwarg_features(kwargs)


def _kwarg_features(kwargs) -> set[str]:
    ends = [kwargs.get("min_value"), kwargs.get("max_value")]
    condition = kwargs.get("row_condition")
    words = {
        "naive_time": any(isinstance(end, str) and "T" in end and end[-1] != "Z" and "+" not in end for end in ends),
        "fraction": any(isinstance(value, float) and not (value * 4).is_integer() for value in _numbers(kwargs)),
        "index_0": kwargs.get("column_index") == 0,
        "condition": bool(condition),
        "spark": kwargs.get("condition_parser") == "spark",
    }
    return {word for word, holds in words.items() if holds}


def _numbers(kwargs):
    return [kwargs.get("min_value"), kwargs.get("max_value"), kwargs.get("sum_total"), *(kwargs.get("value_set") or ())]
