"""The batch in two: good rows typed, bad rows as they came, each with every reason."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lakeward.core.sql import literal
from lakeward.quality.beside import beside
from lakeward.quality.checks import Check, PlacedCheck, RowCheck, UniqueCheck
from lakeward.quality.sql import any_of, stack

# What a relation of places has: a row's place in its batch.
PLACE = ("_file_seq", "_row")


@dataclass(frozen=True, slots=True)
class Diversion:
    """The checks whose failing rows go to quarantine, and the relations that tell those that no predicate can tell."""

    checks: tuple[Check, ...]
    relations: Mapping[str, str]

    def flags(self) -> list[tuple[Check, str]]:
        """Each check that can tell its failing rows, with the column that is true on them."""
        return [(check, flag) for check in self.checks if (flag := self._flag(check))]

    def judge(self, converted: str) -> str:
        """`converted` with those columns, as a relation."""
        predicates = {check.flag: check.fails for check in self.checks if isinstance(check, RowCheck)}
        rows = stack(beside(converted, self.checks), [predicates])
        for check in self.checks:
            if isinstance(check, UniqueCheck | PlacedCheck) and check.rule.id in self.relations:
                rows = _joined(rows, check, self.relations[check.rule.id])
        return rows

    def _flag(self, check: Check) -> str | None:
        if isinstance(check, RowCheck):
            return check.flag
        if isinstance(check, UniqueCheck | PlacedCheck) and check.rule.id in self.relations:
            return check.hit
        return None


def split(converted: str, diversion: Diversion, typed: str, stored: str) -> tuple[str, str | None]:
    """SELECT of the good rows with the items `typed`, SELECT of the bad ones with the items `stored` and their reasons."""
    flags = diversion.flags()
    if not flags:
        return f"SELECT {typed} FROM {converted} AS judged", None
    judged, bad = diversion.judge(converted), any_of(flag for _, flag in flags)
    reasons = _listed({_json(check.rule.id): flag for check, flag in flags})
    rules = _listed({f"{_json(check.rule.id)}: {_json(check.rule.version)}": flag for check, flag in flags})
    return (
        f"SELECT {typed} FROM {judged} AS judged WHERE NOT {bad}",
        f"SELECT {stored}, '[' || {reasons} || ']' AS _reasons, '{{' || {rules} || '}}' AS _rules FROM {judged} AS judged WHERE {bad}",
    )


def _joined(rows: str, check: UniqueCheck | PlacedCheck, relation: str) -> str:
    if isinstance(check, UniqueCheck):
        pairs = {f"k{place}": key for place, key in enumerate(check.keys)}
    else:
        pairs = {column: column for column in PLACE}
    same = " AND ".join(f"rws.{mine} IS NOT DISTINCT FROM hits.{theirs}" for theirs, mine in pairs.items())
    marked = f"(SELECT *, TRUE AS hit FROM {relation})"
    return f"(SELECT rws.*, hits.hit AS {check.joined} FROM {rows} AS rws LEFT JOIN {marked} AS hits ON {same})"


def _listed(items: Mapping[str, str]) -> str:
    return f"concat_ws(', ', {', '.join(f'CASE WHEN {flag} THEN {literal(item)} END' for item, flag in items.items())})"


def _json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
