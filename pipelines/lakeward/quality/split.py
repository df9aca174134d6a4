"""Splits a batch into typed good rows and bad rows as stored in bronze, with all reasons."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lakeward.core.sql import literal
from lakeward.quality.check_columns import add_check_columns
from lakeward.quality.checks import Check, PlacedCheck, RowCheck, UniqueCheck
from lakeward.quality.sql import any_of, stack

# Columns of a row id.
ROW_ID = ("_file_seq", "_row")


@dataclass(frozen=True, slots=True)
class Diversion:
    """The checks whose failing rows are quarantined, and the relations of failing rows that have no predicate."""

    checks: tuple[Check, ...]
    relations: Mapping[str, str]

    def flags(self) -> list[tuple[Check, str]]:
        """Each check with identified failing rows, and its flag column."""
        return [(check, flag) for check in self.checks if (flag := self._flag(check))]

    def with_flags(self, converted: str) -> str:
        """`converted` with the flag columns, as a relation."""
        predicates = {check.flag: check.fails for check in self.checks if isinstance(check, RowCheck)}
        rows = stack(add_check_columns(converted, self.checks), [predicates])
        for check in self.checks:
            if isinstance(check, UniqueCheck | PlacedCheck) and check.rule.id in self.relations:
                rows = _join_matches(rows, check, self.relations[check.rule.id])
        return rows

    def _flag(self, check: Check) -> str | None:
        if isinstance(check, RowCheck):
            return check.flag
        if isinstance(check, UniqueCheck | PlacedCheck) and check.rule.id in self.relations:
            return check.match_condition
        return None


def split(converted: str, diversion: Diversion, typed: str, stored: str) -> tuple[str, str | None]:
    """SELECT of the good rows with the items `typed`, and SELECT of the bad ones with the items `stored` and their reasons."""
    flags = diversion.flags()
    if not flags:
        return f"SELECT {typed} FROM {converted} AS judged", None
    judged, bad = diversion.with_flags(converted), any_of(flag for _, flag in flags)
    reasons = _concat_flagged({_json_text(check.rule.id): flag for check, flag in flags})
    rules = _concat_flagged({f"{_json_text(check.rule.id)}: {_json_text(check.rule.version)}": flag for check, flag in flags})
    return (
        f"SELECT {typed} FROM {judged} AS judged WHERE NOT {bad}",
        f"SELECT {stored}, '[' || {reasons} || ']' AS _reasons, '{{' || {rules} || '}}' AS _rules FROM {judged} AS judged WHERE {bad}",
    )


def _join_matches(rows: str, check: UniqueCheck | PlacedCheck, relation: str) -> str:
    if isinstance(check, UniqueCheck):
        pairs = {f"k{place}": key for place, key in enumerate(check.keys)}
    else:
        pairs = {column: column for column in ROW_ID}
    same = " AND ".join(
        f"rws.{row_column} IS NOT DISTINCT FROM hits.{match_column}" for match_column, row_column in pairs.items()
    )
    marked = f"(SELECT *, TRUE AS hit FROM {relation})"
    return f"(SELECT rws.*, hits.hit AS {check.match_column} FROM {rows} AS rws LEFT JOIN {marked} AS hits ON {same})"


def _concat_flagged(items: Mapping[str, str]) -> str:
    return f"concat_ws(', ', {', '.join(f'CASE WHEN {flag} THEN {literal(item)} END' for item, flag in items.items())})"


def _json_text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
