"""The fields of the report and the rules that find risks, from their catalogue."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import yaml

from lakeward.core.sql import instant
from lakeward.grading.catalogue import verified_text

CATALOGUE = "risk_report_lakeward_v1.yaml"
_TABLE = re.compile(r"\bgovernance\.(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskQuery:
    """A query of the catalogue, with its times open."""

    sql: str

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the governance tables that it reads, sorted."""
        return tuple(sorted(set(_TABLE.findall(self.sql))))

    def at(self, since: datetime, until: datetime, relations: Mapping[str, str]) -> str:
        """The SQL for a period; `relations` are what stands for its tables."""
        asked = self.sql.format(since=instant(since), as_of=instant(until))
        return _TABLE.sub(lambda found: relations[found[1]], asked).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFormField:
    """One field of the report.

    Args:
        key: Its key.
        section: Key of its section.
        names: Its name by language.
        columns: Columns of its rows; empty for a question to a person.
        query: What fills it; None for a question to a person.
    """

    key: str
    section: str
    names: Mapping[str, str]
    columns: tuple[str, ...]
    query: RiskQuery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRule:
    """A rule that finds risks.

    Args:
        rule: Its name.
        kind: Part of the list of risks: `management`, `activities`, `technique` or `personal`.
        level: `high`, `medium` or `low`, before any remedy.
        names: What it finds, by language.
        query: One row `subject` for each place.
    """

    rule: str
    kind: str
    level: str
    names: Mapping[str, str]
    query: RiskQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportForm:
    """One edition of the report.

    Args:
        id: Id with version.
        source: Rules that it comes from.
        due_days: Days for questions and findings.
        sections: Name of each section by language, in order.
        fields: Fields, in order.
        rules: Rules by name.
    """

    id: str
    source: str
    due_days: int
    sections: Mapping[str, Mapping[str, str]]
    fields: tuple[RiskFormField, ...]
    rules: Mapping[str, RiskRule]

    @property
    def questions(self) -> tuple[str, ...]:
        """Keys of the fields that a person answers."""
        return tuple(field.key for field in self.fields if field.query is None)


@functools.cache
def report_form() -> ReportForm:
    """The shipped edition.

    Raises:
        DefinitionError: Its file was edited in place.
    """
    folder = resources.files("lakeward") / "expectations" / "catalogues"
    found: dict[str, Any] = yaml.load(verified_text(folder, CATALOGUE), Loader=yaml.CSafeLoader)
    return ReportForm(
        id=f"{found['id']}@{found['version']}",
        source=found["source"],
        due_days=found["due_days"],
        sections={key: _names(each) for key, each in found["sections"].items()},
        fields=tuple(_field(key, each) for key, each in found["fields"].items()),
        rules={key: _rule(key, each) for key, each in found["rules"].items()},
    )


def _field(key: str, entry: Mapping[str, Any]) -> RiskFormField:
    query = RiskQuery(sql=entry["sql"]) if "sql" in entry else None
    return RiskFormField(
        key=key, section=entry["section"], names=_names(entry), columns=tuple(entry.get("columns", ())), query=query
    )


def _rule(key: str, entry: Mapping[str, Any]) -> RiskRule:
    return RiskRule(rule=key, kind=entry["kind"], level=entry["level"], names=_names(entry), query=RiskQuery(sql=entry["sql"]))


def _names(entry: Mapping[str, Any]) -> Mapping[str, str]:
    return {"zh": entry["zh"], "en": entry["en"]}
