"""How a rule is judged: what to measure in the one query, and what the measures say. Here the forms that tell failing rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from lakeward.quality.rule import Outcome, Rule, Verdict
from lakeward.quality.scope import Predicate, RelationSql, Scope

NOTHING_TO_EVALUATE = "nothing to evaluate"
# Aggregates that are the value of a row: it would stand in the verdict for everyone to read (docs/explanation/laws.md, 6).
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
        """What the aggregates, by the same roles, say."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCheck:
    """A predicate per row.

    Args:
        fails: True where a row fails; NULL or false where it passes or is not evaluated.
        evaluated: Aggregate that counts the rows it is evaluated on.
        flag: Alias under which `fails` is a column of the judged rows.
        mostly: Share of evaluated rows that must pass, as Great Expectations has it.
        elements: Aggregate that counts the rows of its domain, evaluated or not.
        moments: Numbers of the whole batch that `fails` uses, by name.
        hits: Column that `fails` uses, and the relation of places on whose rows it is true.
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
        """PASS when at least `mostly` of the evaluated rows pass."""
        return verdict_of_share(self.rule, measures["elements"], measures["evaluated"] or 0, measures["failed"] or 0, self.mostly)


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueCheck:
    """No two rows share a key. `proof` counts repeats by a hash; only when it is not 0 the keys themselves are looked at.

    Args:
        keys: Expressions of the key.
        present: True where the row is evaluated.
        joined: Alias under which a row's hit in the relation of repeated keys is a column of the judged rows.
    """

    rule: Rule
    keys: tuple[str, ...]
    present: str
    match_column: str
    mostly: Decimal = Decimal(1)
    elements: str = "count(*)"

    @property
    def match_condition(self) -> str:
        """True on a row with a repeated key; a row that is not evaluated may have one too."""
        return f"{self.match_column} AND {self.present}"

    @property
    def hashes(self) -> str:
        """Number of different hashes of the keys of evaluated rows."""
        return f"count(DISTINCT CASE WHEN {self.present} THEN hash({', '.join(self.keys)}) END)"

    def measures(self) -> Mapping[str, str]:
        """Rows in the domain, rows evaluated, and how many more these are than their keys' hashes."""
        evaluated = f"count_if({self.present})"
        return {"elements": self.elements, "evaluated": evaluated, "proof": f"{evaluated} - {self.hashes}"}

    def verdict(self, measures: Mapping[str, Any]) -> Verdict:
        """As a row rule; `found["repeated"]` is the number of rows with a repeated key, needed where `proof` is not 0."""
        failed = measures["repeated"] if measures["proof"] else 0
        return verdict_of_share(self.rule, measures["elements"], measures["evaluated"] or 0, failed, self.mostly)


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """The columns themselves; decided without a query."""

    rule: Rule
    passed: bool
    observed: str
    value: Any

    def measures(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def verdict(self, _: Mapping[str, Any]) -> Verdict:
        """What was decided."""
        outcome = Outcome.PASS if self.passed else Outcome.FAIL
        return Verdict(self.rule, outcome, evaluated=1, observed=self.observed, value=self.value)


@dataclass(frozen=True, slots=True)
class GxCheck:
    """Judged by Great Expectations itself, not here.

    Args:
        joined: Alias under which a row's hit among the places that it found is a column of the judged rows.
    """

    rule: Rule
    match_column: str

    @property
    def match_condition(self) -> str:
        """True on a row that it found."""
        return self.match_column

    def measures(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def verdict(self, _: Mapping[str, Any]) -> Verdict:
        """UNKNOWN until Great Expectations has been asked."""
        return Verdict(self.rule, Outcome.UNKNOWN, reason="not judged by Great Expectations yet")


@dataclass(frozen=True, slots=True)
class SeriesCheck:
    """Judged by the query of the sensor rules (`series.plan`), not by the one of all others.

    Args:
        joined: Alias under which a row's hit among the places that it found is a column of the judged rows.
    """

    rule: Rule
    match_column: str

    @property
    def match_condition(self) -> str:
        """True on a row that it found."""
        return self.match_column

    def measures(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def verdict(self, _: Mapping[str, Any]) -> Verdict:
        """UNKNOWN until the sensor rules have been asked."""
        return Verdict(self.rule, Outcome.UNKNOWN, reason="not judged by the sensor rules yet")


# Checks whose failing rows another query names by their places.
PlacedCheck = GxCheck | SeriesCheck


def row_check(rule: Rule, predicate: Predicate, scope: Scope, flag: str, mostly: Decimal) -> RowCheck:
    """The check of `predicate` on the rows that `scope` speaks of."""
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
    """The verdict of a rule on rows: success when passed / evaluated >= mostly, UNKNOWN when nothing was evaluated."""
    if evaluated == 0:
        return Verdict(rule, Outcome.UNKNOWN, evaluated=0, failed=0, reason=NOTHING_TO_EVALUATE, elements=elements)
    passed = evaluated - failed >= mostly * evaluated
    return Verdict(rule, Outcome.PASS if passed else Outcome.FAIL, evaluated=evaluated, failed=failed, elements=elements)
