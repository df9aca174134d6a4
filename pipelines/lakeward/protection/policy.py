"""The serving policy, which decides what a reader sees of a column.

The first matching rule decides, and no limit that matches lets it show more; without a rule, and for anything unknown, the
decision is deny.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from lakeward.core.names import TableName
from lakeward.grading.grade import ColumnGrade, Grade, GradeState, is_above
from lakeward.protection.purposes import Purpose
from lakeward.protection.read_request import OWN_PARTY, ReadRequest
from lakeward.protection.time_window import TimeWindow

# Placeholder for all roles, grades, categories, purposes or parties in a rule.
ALL_NAMES = "*"
# The category of a column without a category.
NO_CATEGORY = "none"
# Levels inside general, the highest first. A general column without a level counts as the highest.
LEVELS = (4, 3, 2, 1)


class Action(StrEnum):
    """What a reader gets of a column's values."""

    CLEAR = "clear"
    MASK = "mask"
    TOKENISE = "tokenise"
    GENERALISE = "generalise"
    ENCRYPT = "encrypt"
    AGGREGATE = "aggregate"
    DENY = "deny"


# What a reader gets of a column's values.
ACTIONS: Mapping[Action, str] = {
    Action.CLEAR: "The value.",
    Action.MASK: "Of a text, the part that its category's format keeps, and `***`; of any other type, NULL.",
    Action.TOKENISE: "A token that is the same wherever the value is the same; nothing without a key of tokens.",
    Action.GENERALISE: "The band that the contract declares, as a text; without one, of a number the band of its first digit (below ten all together), of a timestamp its day, of a date its month, of a text the class of its length.",
    Action.ENCRYPT: "The value, encrypted under the key of its column (SIV), as a byte string with the key's id in front; nothing without a key.",
    Action.AGGREGATE: "Only the released groups of the table's cube (`cubes.NAME`): no row, and no figure of the reader's own. Without a cube nothing.",
    Action.DENY: "Nothing: the column is not there.",
}
# The least protective action first: how a limit and a rule compare.
PROTECTION_ORDER = (
    *(Action.CLEAR, Action.GENERALISE, Action.MASK, Action.TOKENISE),
    *(Action.ENCRYPT, Action.AGGREGATE, Action.DENY),
)
# Of two of these neither shows less than the other: a mask shows more of a text than the class of its length, and of a number nothing.
UNLIKE_ACTIONS = frozenset({Action.GENERALISE, Action.MASK, Action.TOKENISE, Action.ENCRYPT})


class MaskFormat(StrEnum):
    """The visible part of a masked text (`protection.masking`)."""

    PLAIN = "plain"
    NAME = "name"
    PHONE = "phone"
    EDGES = "edges"
    LAST = "last"
    EMAIL = "email"


# What a masked text looks like; one that is too short to hide the rest is `***`.
FORMATS: Mapping[MaskFormat, str] = {
    MaskFormat.PLAIN: "`***`",
    MaskFormat.NAME: "first character: `张***`",
    MaskFormat.PHONE: "first three and last four: `199***1234`",
    MaskFormat.EDGES: "first and last: `1***X`",
    MaskFormat.LAST: "last four: `***1234`",
    MaskFormat.EMAIL: "first character and the domain: `l***@plant.example`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScope:
    """Whom a rule is for.

    Args:
        purposes: Purposes it is limited to, `none` among them for readers without one; empty: every purpose.
    """

    roles: frozenset[str]
    purposes: frozenset[str] = frozenset()
    parties: frozenset[str] = frozenset({OWN_PARTY})
    window: TimeWindow = field(default_factory=TimeWindow)

    def includes_reader(self, request: ReadRequest) -> bool:
        """Whether it is for this role, purpose and party, at any time."""
        matches = request.role in self.roles and request.party in self.parties
        return matches and (not self.purposes or request.purpose in self.purposes)

    def includes(self, request: ReadRequest) -> bool:
        """Whether it is for this reader, at the time of reading."""
        return self.includes_reader(request) and self.window.contains(request.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """One rule, or one limit, of the policy.

    Args:
        why: The reason, as text.
        levels: Levels inside general that it is limited to; empty: every level. Other grades have none.
        columns: `layer.dataset.column` names it is limited to; empty: every column.
        ask: Who can grant more access; empty for the policy's contact.
    """

    id: str
    why: str
    scope: RuleScope
    grades: frozenset[Grade]
    categories: frozenset[str]
    action: Action
    levels: frozenset[int] = frozenset()
    columns: frozenset[str] = frozenset()
    ask: str = ""

    def applies_to(self, request: ReadRequest, column: str, grade: ColumnGrade) -> bool:
        """Whether it applies to this reader and column."""
        return self.covers(grade) and self.scope.includes(request) and (not self.columns or column in self.columns)

    def covers(self, grade: ColumnGrade) -> bool:
        """Whether it is for this grade, level and category."""
        if grade.grade not in self.grades or (grade.category or NO_CATEGORY) not in self.categories:
            return False
        return not self.levels or grade.grade is not Grade.GENERAL or (grade.level or LEVELS[0]) in self.levels


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilterRule:
    """A filter that contracts declare, and for whom it leaves rows out.

    Args:
        why: The reason, as text.
        filter: Its name in the contracts.
        tables: `layer.dataset` names it is limited to; empty: every table.
        ask: Who can grant more access; empty for the policy's contact.
    """

    id: str
    why: str
    scope: RuleScope
    filter: str
    tables: frozenset[str] = frozenset()
    ask: str = ""

    def is_for(self, request: ReadRequest, table: TableName | str) -> bool:
        """Whether it hides rows of the table from this reader."""
        return self.scope.includes(request) and (not self.tables or str(table) in self.tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDecision:
    """What a reader sees of a column.

    Args:
        rule: Id of the rule or limit that decided; None if none did.
        why: Its reason, or a message code if none decided.
        format: Visible part of a masked text.
        category: Category of the column, by which keys differ.
        base_rule: Id of the rule that a limit narrowed; None if no limit decided.
    """

    action: Action
    rule: str | None
    why: str
    ask: str
    format: MaskFormat = MaskFormat.PLAIN
    category: str = NO_CATEGORY
    base_rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rules, in order, and the allowed names.

    Args:
        format: Format of the file.
        version: Edition of the policy, as its author numbers it.
        roles, parties: Name -> its title by language.
        categories: Category -> visible part of its masked values.
        limits: Rules that narrow what the other rules show; they grant nothing.
        highest_grade: The highest grade that the lake may hold; a column above it is denied. The file does not say it, the project does.
        text: Text of the file.
    """

    format: int = 1
    version: str
    ask: str
    roles: Mapping[str, Mapping[str, str]]
    categories: Mapping[str, MaskFormat]
    rules: tuple[PolicyRule, ...]
    limits: tuple[PolicyRule, ...] = ()
    row_filters: tuple[RowFilterRule, ...] = ()
    purposes: Mapping[str, Purpose] = field(default_factory=dict)
    parties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    highest_grade: Grade = Grade.CORE
    text: str = ""

    def decide(self, request: ReadRequest, table: TableName, column: str, grade: ColumnGrade | None) -> AccessDecision:
        """Decide what a reader sees of `table.column` with `grade`; an unknown role, purpose or party sees nothing."""
        return self.decide_column(request, f"{table}.{column}", grade)

    def decide_column(self, request: ReadRequest, name: str, grade: ColumnGrade | None) -> AccessDecision:
        """As `decide`, of the column `layer.dataset.column`."""
        if grade is None or grade.grade is None or grade.state is GradeState.UNGRADED:
            return self._deny("serving_ungraded")
        refusals = {
            "serving_stale": grade.state is GradeState.STALE,
            "serving_above_lake": is_above(grade.grade, self.highest_grade),
            "serving_category_unknown": (grade.category or NO_CATEGORY) not in self.categories,
        }
        if any(refusals.values()):
            return self._deny(next(code for code, applies in refusals.items() if applies))
        category = grade.category or NO_CATEGORY
        rule = next((rule for rule in self.rules if rule.applies_to(request, name, grade)), None)
        if rule is None:
            return self._deny("serving_no_rule")
        all_rules = (rule, *(limit for limit in self.limits if limit.applies_to(request, name, grade)))
        strictest = max(all_rules, key=lambda each: PROTECTION_ORDER.index(each.action))
        decision = self._decision(rule, strictest, category)
        if strictest.action in UNLIKE_ACTIONS and len(UNLIKE_ACTIONS.intersection(each.action for each in all_rules)) > 1:
            return replace(decision, action=Action.DENY, why="serving_limits_unlike")
        return decision

    def filters_for(self, request: ReadRequest, table: TableName | str) -> tuple[RowFilterRule, ...]:
        """The row filters of a reader on a table; a row must pass all of them."""
        return tuple(rule for rule in self.row_filters if rule.is_for(request, table))

    def next_change(self, request: ReadRequest) -> datetime | None:
        """The first instant after the request's at which a rule for its reader may begin or end; None if there is none."""
        scopes = [rule.scope for rule in (*self.rules, *self.limits)] + [rule.scope for rule in self.row_filters]
        windows = (scope.window for scope in scopes if scope.includes_reader(request))
        return min((at for window in windows if (at := window.next_change(request.at))), default=None)

    def _decision(self, rule: PolicyRule, strictest: PolicyRule, category: str) -> AccessDecision:
        return AccessDecision(
            action=strictest.action,
            rule=strictest.id,
            why=strictest.why,
            ask=strictest.ask or self.ask,
            format=self.categories[category],
            category=category,
            base_rule=None if strictest is rule else rule.id,
        )

    def _deny(self, why: str) -> AccessDecision:
        return AccessDecision(action=Action.DENY, rule=None, why=why, ask=self.ask)
