"""Levels of incidents and fields of their report, from the catalogue of the authority's plan."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any

import yaml

from lakeward.grading.catalogue import verified_text

CATALOGUE = "incident_levels_miit_214_v1.yaml"
# Facts that decide the level, each a number from 0.
MEASURES = ("loss", "persons", "sensitive_persons")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportField:
    """One field of the report.

    Args:
        key: Key of the fact.
        names: Its name by language.
        by_person: Whether a person states it; otherwise queries fill it.
    """

    key: str
    names: Mapping[str, str]
    by_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRules:
    """One edition of the plan.

    Args:
        id: Id with version.
        source: Rule that it comes from.
        levels: Level -> its least amounts, the highest level first.
        level_names: Level -> its name in Chinese.
        report_from: Least level that is reported to the local authority at once.
        summary_days: Working days from the end of the handling for the summary.
        fields: Fields of the report, in order.
        to_close: Fields without which an incident can't be closed.
    """

    id: str
    source: str
    levels: Mapping[str, Mapping[str, Decimal]]
    level_names: Mapping[str, str]
    report_from: str
    summary_days: int
    fields: tuple[ReportField, ...]
    to_close: tuple[str, ...]

    def level_of(self, facts: Mapping[str, str]) -> str | None:
        """The level that the known amounts reach; None where none is known. An unknown amount can raise it."""
        known = {key: Decimal(facts[key]) for key in MEASURES if facts.get(key)}
        if not known:
            return None
        return next(level for level, least in self.levels.items() if any(known[key] >= least[key] for key in known))

    def must_be_reported(self, level: str | None) -> bool:
        """Whether an incident of this level is reported at once; one of an unknown level is, until it is known."""
        order = list(self.levels)
        return level is None or order.index(level) <= order.index(self.report_from)


@functools.cache
def incident_rules() -> IncidentRules:
    """The shipped edition.

    Raises:
        DefinitionError: Its file was edited in place.
    """
    folder = resources.files("lakeward") / "expectations" / "catalogues"
    found: dict[str, Any] = yaml.load(verified_text(folder, CATALOGUE), Loader=yaml.CSafeLoader)
    return IncidentRules(
        id=f"{found['id']}@{found['version']}",
        source=found["source"],
        levels={each["level"]: {key: Decimal(each[key]) for key in MEASURES} for each in found["levels"]},
        level_names={each["level"]: each["zh"] for each in found["levels"]},
        report_from=found["report_from"],
        summary_days=found["summary_working_days"],
        fields=tuple(
            ReportField(key=key, names={"en": each["en"], "zh": each["zh"]}, by_person=each["from"] == "person")
            for key, each in found["fields"].items()
        ),
        to_close=tuple(found["to_close"]),
    )
