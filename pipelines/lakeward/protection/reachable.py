"""Finds rules of the policy that can never apply, because earlier rules cover all that they are for.

What a rule is for is a set of combinations of role, grade, level, category, purpose and party, kept as the bits of one number:
there can be a hundred thousand combinations, and every session checks the policy.
"""

from collections.abc import Sequence

from lakeward.grading.grade import Grade
from lakeward.protection.policy import LEVELS, Policy, PolicyRule
from lakeward.protection.read_request import NO_PURPOSE, OWN_PARTY

# The levels of each grade; grades above general have none.
GRADE_LEVELS: tuple[tuple[Grade, int | None], ...] = (
    (Grade.CORE, None),
    (Grade.IMPORTANT, None),
    *((Grade.GENERAL, level) for level in LEVELS),
)


def unreachable_rules(policy: Policy) -> list[int]:
    """Positions of the rules that can never apply."""
    sets = [_combinations(policy, rule) for rule in policy.rules]
    return [at for at, own in enumerate(sets) if own and not own & ~_covered(policy, sets, at)]


def _covered(policy: Policy, sets: Sequence[int], at: int) -> int:
    """What the rules before `at` always decide of its columns and times."""
    found = 0
    for rule, own in zip(policy.rules[:at], sets, strict=False):
        if _spans(policy.format, rule, policy.rules[at]):
            found |= own
    return found


def _spans(policy_format: int, rule: PolicyRule, later: PolicyRule) -> bool:
    """Whether `rule` holds for all columns, and at all times, of a later one. Format 1 compares no columns."""
    if policy_format == 1:
        return not rule.columns
    same_columns = not rule.columns or (bool(later.columns) and later.columns <= rule.columns)
    return same_columns and (rule.scope.window.is_always or rule.scope.window == later.scope.window)


def _combinations(policy: Policy, rule: PolicyRule) -> int:
    purposes = (NO_PURPOSE, *policy.purposes)
    parties = (OWN_PARTY, *policy.parties)
    axes = (
        [party in rule.scope.parties for party in parties],
        [not rule.scope.purposes or purpose in rule.scope.purposes for purpose in purposes],
        [category in rule.categories for category in policy.categories],
        [_has_level(rule, *grade) for grade in GRADE_LEVELS],
        [role in rule.scope.roles for role in policy.roles],
    )
    bits, width = 1, 1
    for axis in axes:
        bits = sum(bits << (at * width) for at, included in enumerate(axis) if included)
        width *= len(axis)
    return bits


def _has_level(rule: PolicyRule, grade: Grade, level: int | None) -> bool:
    return grade in rule.grades and (not rule.levels or level is None or level in rule.levels)
