"""All that a policy decides: every combination of role, purpose, party, column, category, grade and level, at one time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise, product
from typing import Any

from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.protection.policy import PROTECTION_ORDER, AccessDecision, Policy
from lakeward.protection.reachable import GRADE_LEVELS
from lakeward.protection.read_request import NO_PURPOSE, OWN_PARTY, ReadRequest

# Stands for every column that no rule names.
OTHER_COLUMNS = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixAxes:
    """The names whose combinations are decided.

    Args:
        columns: `layer.dataset.column`, and `*` for every other column.
    """

    roles: Sequence[str]
    purposes: Sequence[str]
    parties: Sequence[str]
    columns: Sequence[str]
    categories: Sequence[str]

    @classmethod
    def of(cls, *policies: Policy) -> "MatrixAxes":
        """All names of these policies."""
        rules = [rule for policy in policies for rule in (*policy.limits, *policy.rules)]
        return cls(
            roles=_distinct(role for policy in policies for role in policy.roles),
            purposes=_distinct((NO_PURPOSE, *(name for policy in policies for name in policy.purposes))),
            parties=_distinct((OWN_PARTY, *(name for policy in policies for name in policy.parties))),
            columns=(OTHER_COLUMNS, *sorted({name for rule in rules for name in rule.columns})),
            categories=_distinct(name for policy in policies for name in policy.categories),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """One combination: who reads for what, and how the column is graded.

    Args:
        level: Level inside general; None for other grades.
    """

    role: str
    purpose: str
    party: str
    column: str
    category: str
    grade: Grade
    level: int | None

    @property
    def grade_name(self) -> str:
        """Grade and level, as `general 3`."""
        return str(self.grade) if self.level is None else f"{self.grade} {self.level}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixBreach:
    """A pair of combinations of which the first is shown more than the second, and should not be.

    Args:
        code: Message code of the expectation that is broken.
    """

    code: str
    cell: MatrixCell
    found: AccessDecision
    other: MatrixCell
    expected: AccessDecision


def decide_all(policy: Policy, axes: MatrixAxes, at: datetime) -> Iterator[tuple[MatrixCell, AccessDecision]]:
    """The decision about each combination at `at`; the levels of one category follow each other, the highest grade first."""
    for role, purpose, party in product(axes.roles, axes.purposes, axes.parties):
        request = ReadRequest(role=role, purpose=purpose, party=party, at=at)
        # Only the rules for this reader: there can be a hundred thousand combinations.
        own = replace(policy, rules=_for(policy.rules, request), limits=_for(policy.limits, request))
        for column, category, (grade, level) in product(axes.columns, axes.categories, GRADE_LEVELS):
            cell = MatrixCell(role=role, purpose=purpose, party=party, column=column, category=category, grade=grade, level=level)
            yield cell, own.decide_column(request, column, example_grade(grade, level, category))


def find_breaches(policy: Policy, at: datetime) -> Iterator[MatrixBreach]:
    """Where a higher grade is shown more than a lower one, or an outside party sees more than the project's own people."""
    decisions = dict(decide_all(policy, MatrixAxes.of(policy), at))
    for (cell, found), (lower, expected) in pairwise(decisions.items()):
        if replace(lower, grade=cell.grade, level=cell.level) == cell and _shows_more(found, expected):
            yield MatrixBreach(code="policy_higher_grade_shown", cell=cell, found=found, other=lower, expected=expected)
    for cell, found in decisions.items():
        own = replace(cell, party=OWN_PARTY)
        if _shows_more(found, decisions[own]):
            yield MatrixBreach(code="policy_party_shown", cell=cell, found=found, other=own, expected=decisions[own])


def example_grade(grade: Grade, level: int | None, category: str) -> ColumnGrade:
    """A confirmed grade, for a decision about no real column."""
    return ColumnGrade(
        grade=grade,
        level=level,
        category=category,
        state=GradeState.CONFIRMED,
        detector=None,
        ratio=None,
        sample=None,
        rule_version="-",
        catalogue="-",
        why="-",
    )


def protection(decision: AccessDecision) -> int:
    """How much a decision protects: 0 for clear, the most for deny."""
    return PROTECTION_ORDER.index(decision.action)


def _shows_more(one: AccessDecision, other: AccessDecision) -> bool:
    return protection(one) < protection(other)


def _for(rules: Sequence[Any], request: ReadRequest) -> tuple[Any, ...]:
    return tuple(rule for rule in rules if rule.scope.includes(request))


def _distinct(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
