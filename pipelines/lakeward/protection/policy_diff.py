"""What changes for whom between two policies, from the decisions of both about every combination."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import product

from lakeward.protection.matrix import MatrixAxes, decide_all, protection
from lakeward.protection.policy import AccessDecision, Policy
from lakeward.protection.reachable import GRADE_LEVELS
from lakeward.protection.read_request import ReadRequest

# Instants at which both policies are compared, at most: now, and where a rule begins or ends.
MAX_INSTANTS = 12
# What a reader without row filters gets of a table.
ALL_ROWS = "all rows"


class ChangeKind(StrEnum):
    """Whether a reader sees more or less."""

    GAINS = "gains"
    LOSES = "loses"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """One change of what a role sees. The lists combine: each name of one goes with each of the others.

    Args:
        kind: Whether the role sees more or less.
        role: Role of the policy.
        purposes, parties: What for and for whom it reads.
        column: `layer.dataset.column`, or `*` for every column that no rule names; of rows `layer.dataset`, or `*`.
        categories, grades: How the column is graded, as `general 3`; empty for rows.
        before, after: What the role gets of the values; of rows `all rows`, or the filters that they must pass.
        rule_before, rule_after: Ids of the rules that decide; None where none does.
        at: Time from which the change shows.
    """

    kind: ChangeKind
    role: str
    purposes: tuple[str, ...]
    parties: tuple[str, ...]
    column: str
    categories: tuple[str, ...]
    grades: tuple[str, ...]
    before: str
    after: str
    rule_before: str | None
    rule_after: str | None
    at: datetime


def compare_policies(old: Policy, new: Policy, now: datetime) -> list[PolicyChange]:
    """Every change of an action between two policies, from now on: also that of rules that begin or end later."""
    axes = MatrixAxes.of(old, new)
    seen: set[PolicyChange] = set()
    found: list[PolicyChange] = []
    for at in _instants((old, new), now):
        both = (*_changes(old, new, axes, at), *_row_changes(old, new, axes, at))
        changes = [change for change in both if replace(change, at=now) not in seen]
        seen |= {replace(change, at=now) for change in changes}
        found += changes
    return _merge(found)


def _changes(old: Policy, new: Policy, axes: MatrixAxes, at: datetime) -> Iterator[PolicyChange]:
    pairs = zip(decide_all(old, axes, at), decide_all(new, axes, at), strict=True)
    for (cell, before), (_, after) in pairs:
        if before.action is after.action:
            continue
        yield PolicyChange(
            kind=change_kind(before, after),
            role=cell.role,
            purposes=(cell.purpose,),
            parties=(cell.party,),
            column=cell.column,
            categories=(cell.category,),
            grades=(cell.grade_name,),
            before=before.action,
            after=after.action,
            rule_before=before.rule,
            rule_after=after.rule,
            at=at,
        )


def _row_changes(old: Policy, new: Policy, axes: MatrixAxes, at: datetime) -> Iterator[PolicyChange]:
    """Changes of the filters that rows must pass."""
    tables = ("*", *sorted({name for policy in (old, new) for rule in policy.row_filters for name in rule.tables}))
    for role, purpose, party, table in product(axes.roles, axes.purposes, axes.parties, tables):
        request = ReadRequest(role=role, purpose=purpose, party=party, at=at)
        before, after = (frozenset(rule.filter for rule in policy.filters_for(request, table)) for policy in (old, new))
        if before != after:
            yield PolicyChange(
                kind=ChangeKind.GAINS if after < before else ChangeKind.LOSES,
                role=role,
                purposes=(purpose,),
                parties=(party,),
                column=table,
                categories=(),
                grades=(),
                before=", ".join(sorted(before)) or ALL_ROWS,
                after=", ".join(sorted(after)) or ALL_ROWS,
                rule_before=None,
                rule_after=None,
                at=at,
            )


def change_kind(before: AccessDecision, after: AccessDecision) -> ChangeKind:
    """Whether `after` shows more or less than `before`."""
    return ChangeKind.GAINS if protection(after) < protection(before) else ChangeKind.LOSES


def _instants(policies: Iterable[Policy], now: datetime) -> list[datetime]:
    windows = [rule.scope.window for policy in policies for rule in (*policy.rules, *policy.limits)]
    found = [now]
    while len(found) < MAX_INSTANTS:
        later = min((at for window in windows if (at := window.next_change(found[-1]))), default=None)
        if later is None:
            break
        found.append(later)
    ends = sorted({at for window in windows for at in (window.start, window.end) if at and at > found[-1]})
    return found + ends  # hours can fill the list before a day that is far


def _merge(changes: list[PolicyChange]) -> list[PolicyChange]:
    """Changes that differ in one list alone become one: grades first, then categories, purposes and parties."""
    order = [f"{grade}" if level is None else f"{grade} {level}" for grade, level in GRADE_LEVELS]
    found = _merge_by(changes, lambda c: c.grades, lambda c, names: replace(c, grades=tuple(sorted(names, key=order.index))))
    found = _merge_by(found, lambda c: c.categories, lambda c, names: replace(c, categories=names))
    found = _merge_by(found, lambda c: c.purposes, lambda c, names: replace(c, purposes=names))
    return _merge_by(found, lambda c: c.parties, lambda c, names: replace(c, parties=names))


def _merge_by(
    changes: list[PolicyChange],
    names_of: Callable[[PolicyChange], tuple[str, ...]],
    with_names: Callable[[PolicyChange, tuple[str, ...]], PolicyChange],
) -> list[PolicyChange]:
    groups: dict[PolicyChange, tuple[str, ...]] = {}
    for change in changes:
        key = with_names(change, ())
        groups[key] = tuple(dict.fromkeys((*groups.get(key, ()), *names_of(change))))
    return [with_names(key, names) for key, names in groups.items()]
