"""Compiled checks of rules: the aggregates to measure in the query, and the verdict from them. Here: checks with failing rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from lakeward.quality.rule import Outcome, Rule, Verdict
from lakeward.quality.scope import Predicate, RelationSql, Scope

NOTHING_TO_EVALUATE = "nothing to evaluate"
# Aggregates that are the value of a row and so must not be in the verdict (docs/explanation/laws.md, 6).
ROW_VALUE_EXPECTATIONS = frozenset(f"expect_column_{name}_to_be_between" for name in ("min", "max", "median"))


class Check(Protocol):
    """One rule, compiled."""

    @property
    def rule(self) -> Rule:
        """The rule that it judges."""
        ...

    def measures(self) -> Mapping[str, str]:
        """Aggregates to compute over the judged rows, by role."""
        ...

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """The verdict from the aggregates, by the same roles."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCheck:
    """A predicate per row.

    Args:
        fails: True if a row fails; NULL or false if it passes or is not evaluated.
        evaluated: Aggregate that counts the evaluated rows.
        flag: Alias under which `fails` is a column of the judged rows.
        mostly: Least share of evaluated rows that pass, as in Great Expectations.
        elements: Aggregate that counts the rows of its domain, evaluated or not.
        batch_aggregates: Numbers of the whole batch that `fails` uses, by name.
        matches: Flag column that `fails` uses, and the relation of row ids on which it is true.
    """

    rule: Rule
    fails: str
    evaluated: str
    flag: str
    mostly: Decimal = Decimal(1)
    elements: str = "count(*)"
    batch_aggregates: Mapping[str, RelationSql] = field(default_factory=dict)
    matches: tuple[str, RelationSql] | None = None

    def measures(self) -> Mapping[str, str]:
        """Rows in the domain, rows evaluated, rows failed."""
        return {"elements": self.elements, "evaluated": self.evaluated, "failed": f"count_if({self.flag})"}

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """PASS if at least `mostly` of the evaluated rows pass."""
        return verdict_of_share(self.rule, measures["elements"], measures["evaluated"] or 0, measures["failed"] or 0, self.mostly)


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueCheck:
    """No two rows share a key. `proof` counts repeats by a hash; only if it is not 0, the keys are compared.

    Args:
        keys: Expressions of the key.
        present: True if the row is evaluated.
        match_column: Name of the flag column of rows with a repeated key.
    """

    rule: Rule
    keys: tuple[str, ...]
    present: str
    match_column: str
    mostly: Decimal = Decimal(1)
    elements: str = "count(*)"

    @property
    def match_condition(self) -> str:
        """Condition of a row with a repeated key; it can also be true on a row that is not evaluated."""
        return f"{self.match_column} AND {self.present}"

    @property
    def hashes(self) -> str:
        """Number of different hashes of the keys of evaluated rows."""
        return f"count(DISTINCT CASE WHEN {self.present} THEN hash({', '.join(self.keys)}) END)"

    def measures(self) -> Mapping[str, str]:
        """Rows in the domain, rows evaluated, and the difference between these and the distinct hashes."""
        evaluated = f"count_if({self.present})"
        return {"elements": self.elements, "evaluated": evaluated, "proof": f"{evaluated} - {self.hashes}"}

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """As a row rule; `found["repeated"]` is the number of rows with a repeated key, needed if `proof` is not 0."""
        failed = measures["repeated"] if measures["proof"] else 0
        return verdict_of_share(self.rule, measures["elements"], measures["evaluated"] or 0, failed, self.mostly)


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """A check of the columns themselves, decided without a query."""

    rule: Rule
    passed: bool
    observed: str
    value: Any

    def measures(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def verdict(self, _: Mapping[str, Any]) -> Verdict:
        """The decided verdict."""
        outcome = Outcome.PASS if self.passed else Outcome.FAIL
        return Verdict(self.rule, outcome, evaluated=1, observed=self.observed, value=self.value)


@dataclass(frozen=True, slots=True)
class GxCheck:
    """Judged by Great Expectations itself, not here.

    Args:
        match_column: Name of the flag column of failing rows.
    """

    rule: Rule
    match_column: str

    @property
    def match_condition(self) -> str:
        """Condition of a failing row."""
        return self.match_column

    def measures(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def verdict(self, _: Mapping[str, Any]) -> Verdict:
        """UNKNOWN until Great Expectations has judged."""
        return Verdict(self.rule, Outcome.UNKNOWN, reason="not judged by Great Expectations yet")


@dataclass(frozen=True, slots=True)
class SeriesCheck:
    """Judged by the query of the sensor rules (`series.plan`), separate from the other rules.

    Args:
        match_column: Name of the flag column of failing rows.
    """

    rule: Rule
    match_column: str

    @property
    def match_condition(self) -> str:
        """Condition of a failing row."""
        return self.match_column

    def measures(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def verdict(self, _: Mapping[str, Any]) -> Verdict:
        """UNKNOWN until the sensor rules are judged."""
        return Verdict(self.rule, Outcome.UNKNOWN, reason="not judged by the sensor rules yet")


# Checks whose failing rows another query returns by id.
PlacedCheck = GxCheck | SeriesCheck


def row_check(rule: Rule, predicate: Predicate, scope: Scope, flag: str, mostly: Decimal) -> RowCheck:
    """The check of `predicate` on the rows of `scope`."""
    if scope.where is None and predicate.evaluated_value:
        evaluated = f"count({predicate.evaluated_value})"
    else:
        evaluated = f"count_if({scope.within(predicate.present)})" if predicate.present else scope.elements
    fails = scope.within(predicate.fails)
    return RowCheck(
        rule=rule,
        fails=fails,
        evaluated=evaluated,
        flag=flag,
        mostly=mostly,
        elements=scope.elements,
        batch_aggregates=predicate.batch_aggregates,
        matches=predicate.matches,
    )


def verdict_of_share(rule: Rule, elements: int, evaluated: int, failed: int, mostly: Decimal) -> Verdict:
    """The verdict of a row rule: success if passed / evaluated >= mostly, UNKNOWN if nothing was evaluated."""
    if evaluated == 0:
        return Verdict(rule, Outcome.UNKNOWN, evaluated=0, failed=0, reason=NOTHING_TO_EVALUATE, elements=elements)
    passed = evaluated - failed >= mostly * evaluated
    return Verdict(rule, Outcome.PASS if passed else Outcome.FAIL, evaluated=evaluated, failed=failed, elements=elements)
