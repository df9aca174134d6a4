"""Cuts the plan of a wide batch into parts, since engines plan a query in a time that grows faster than its length."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lakeward.quality import conditions
from lakeward.quality.checks import Check, UniqueCheck
from lakeward.quality.data_flow import sources
from lakeward.quality.identity import row_identity
from lakeward.quality.plan import JudgePlan, checks_to_run, measure_aliases

# Columns up to which one query judges all rules in one scan, and columns of a part beyond.
WIDE, PART = 300, 200


def plan_parts(plan: JudgePlan, *, wide: int = WIDE, part: int = PART) -> tuple[JudgePlan, ...]:
    """Plans that together measure what `plan` does, over different columns; the plan itself unless it is wide.

    The first part counts repeated keys and finds the bounds of times. Every part reads only its columns of the batch.
    """
    if len(plan.columns) <= wide:
        return (plan,)
    first, *others = _groups(plan, part)
    return (_part(plan, first, _batch_columns(plan)), *(replace(_part(plan, own, ()), counts_batch=False) for own in others))


def merge_facts(plan: JudgePlan, parts: Sequence[JudgePlan], facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of `plan`, from those of its parts."""
    aliases = measure_aliases(plan)
    merged = {name: value for name, value in facts[0].items() if name not in aliases.values()}
    for part, found in zip(parts, facts, strict=True):
        merged |= {aliases[measure]: found[alias] for measure, alias in measure_aliases(part).items()}
    return merged


def _groups(plan: JudgePlan, part: int) -> Iterator[list[Check]]:
    """The checks by their first columns, `part` of them in a group; a first group of what is no column's."""
    places = {column: place for place, column in enumerate(plan.columns)}
    groups: dict[int, list[Check]] = {-1: []}
    for check in checks_to_run(plan):
        first = next(iter(_columns(check)), "")
        # A proof of uniqueness is counted beside the key, which often is the same one.
        group = -1 if isinstance(check, UniqueCheck) else places.get(first, -part) // part
        groups.setdefault(group, []).append(check)
    yield from groups.values()


def _part(plan: JudgePlan, checks: Sequence[Check], columns: Sequence[str]) -> JudgePlan:
    named = {*columns, *(column for check in checks for column in _columns(check))}
    needed = {source for column in plan.contract.columns if column.name in named for source in sources(column)}
    return replace(plan, checks=tuple(checks), columns={name: found for name, found in plan.columns.items() if name in needed})


def _columns(check: Check) -> tuple[str, ...]:
    """The columns that a check reads, those of its condition too."""
    reading = conditions.parse(check.rule.kwargs) if check.rule.kwargs.get("row_condition") else None
    return (*check.rule.columns, *(conditions.columns(reading.condition) if reading else ()))


def _batch_columns(plan: JudgePlan) -> tuple[str, ...]:
    same = row_identity(plan.contract)
    time = plan.contract.time_column
    readings = [column.name for column in plan.contract.columns if column.units]
    return (*(same.keys if same else ()), *((time,) if time else ()), *readings)
