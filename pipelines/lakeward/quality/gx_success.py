"""What Great Expectations answers where we say UNKNOWN: over nothing it has an answer of its own, and suites' results carry that."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

from lakeward.quality.bounds import bounds_of
from lakeward.quality.checks import NOTHING_TO_EVALUATE
from lakeward.quality.rule import Outcome, Verdict

# Of a set that was expected: how many are there that should not be, and how many are not there that should be.
SET_COUNTS = frozenset(("unexpected_count", "missing_count"))


def gx_success(verdict: Verdict) -> bool | None:
    """`success` as Great Expectations says it of the same rows; None where nobody judged them (it raised, or is not installed).

    A rule on rows succeeds over none of them. An aggregate over no values fails, unless the number of nothing is one, as of a sum.
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
