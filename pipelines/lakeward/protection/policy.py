"""The serving policy, which decides what a role sees of a column.

The first matching rule decides; without one, and for anything unknown, the decision is deny.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lakeward.core.names import TableName
from lakeward.grading.grade import ColumnGrade, Grade, GradeState

# Placeholder for all roles, grades or categories in a rule.
ALL_NAMES = "*"
# The category of a column without a category.
NO_CATEGORY = "none"


class Action(StrEnum):
    """What a reader gets of a column's values."""

    CLEAR = "clear"
    MASK = "mask"
    TOKENISE = "tokenise"
    GENERALISE = "generalise"
    DENY = "deny"


# What a reader gets of a column's values.
ACTIONS: Mapping[Action, str] = {
    Action.CLEAR: "The value.",
    Action.MASK: "Of a text, the part that its category's format keeps, and `***`; of any other type, NULL.",
    Action.TOKENISE: "A token that is the same wherever the value is the same; nothing without a key of tokens.",
    Action.GENERALISE: "The band that the contract declares, as a text; without one, of a number the band of its first digit (below ten all together), of a timestamp its day, of a date its month, of a text the class of its length.",
    Action.DENY: "Nothing: the column is not there.",
}


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
class PolicyRule:
    """One rule of the policy.

    Args:
        why: The reason, as text.
        columns: `layer.dataset.column` names it is limited to; empty: every column.
        ask: Who can grant more access; empty for the policy's contact.
    """

    id: str
    why: str
    roles: frozenset[str]
    grades: frozenset[Grade]
    categories: frozenset[str]
    action: Action
    columns: frozenset[str] = frozenset()
    ask: str = ""

    def applies_to(self, role: str, grade: Grade, category: str, column: str) -> bool:
        """Whether the rule applies to this role and column."""
        matches = role in self.roles and grade in self.grades and category in self.categories
        return matches and (not self.columns or column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDecision:
    """What a role sees of a column.

    Args:
        rule: Id of the rule that decided; None if no rule did.
        why: The rule's reason, or a message code if no rule decided.
        format: Visible part of a masked text.
    """

    action: Action
    rule: str | None
    why: str
    ask: str
    format: MaskFormat = MaskFormat.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rules, in order, and the allowed names.

    Args:
        roles: Role -> its title by language.
        categories: Category -> visible part of its masked values.
        text: Text of the file.
    """

    version: str
    ask: str
    roles: Mapping[str, Mapping[str, str]]
    categories: Mapping[str, MaskFormat]
    rules: tuple[PolicyRule, ...]
    text: str = ""

    def decide(self, role: str, table: TableName, column: str, grade: ColumnGrade | None) -> AccessDecision:
        """Decide what `role` sees of `table.column` with `grade`; an unknown role sees nothing."""
        if grade is None or grade.grade is None or grade.state is GradeState.UNGRADED:
            return self._deny("serving_ungraded")
        if grade.state is GradeState.STALE:
            return self._deny("serving_stale")
        category = grade.category or NO_CATEGORY
        if category not in self.categories:
            return self._deny("serving_category_unknown")
        for rule in self.rules:
            if rule.applies_to(role, grade.grade, category, f"{table}.{column}"):
                return AccessDecision(
                    action=rule.action, rule=rule.id, why=rule.why, ask=rule.ask or self.ask, format=self.categories[category]
                )
        return self._deny("serving_no_rule")

    def _deny(self, why: str) -> AccessDecision:
        return AccessDecision(action=Action.DENY, rule=None, why=why, ask=self.ask)
