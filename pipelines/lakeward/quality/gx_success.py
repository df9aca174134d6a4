"""The `success` value of Great Expectations for verdicts that are UNKNOWN, for example over zero rows."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

from lakeward.quality.bounds import bounds_of
from lakeward.quality.checks import NOTHING_TO_EVALUATE
from lakeward.quality.rule import Outcome, Verdict

# Expectations of a set: counts of unexpected and of missing values.
SET_COUNTS = frozenset(("unexpected_count", "missing_count"))


def gx_success(verdict: Verdict) -> bool | None:
    """`success` of Great Expectations for the same rows; None if they were not judged (it raised, or is not installed).

    A row rule succeeds without rows. An aggregate without values fails, unless it has a value then, such as a sum.
    """
    if verdict.outcome is not Outcome.UNKNOWN:
        return verdict.outcome is Outcome.PASS
    if verdict.reason != NOTHING_TO_EVALUATE:
        return None
    if verdict.failed is not None:
        return True
    return _success_of_nothing(verdict.value, verdict)


def _success_of_nothing(value: Any, verdict: Verdict) -> bool:
    if isinstance(value, Mapping):
        return not SET_COUNTS.isdisjoint(value) and not any(value.get(name) for name in SET_COUNTS)
    return isinstance(value, Real) and bounds_of(verdict.rule.kwargs).contains(value)
