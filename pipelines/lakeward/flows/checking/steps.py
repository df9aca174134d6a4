"""A plan told step by step: what needs no reading, the one scan, what it leaves open, and what others judge."""

from collections.abc import Iterator
from typing import Any

from lakeward.quality.checks import PlacedCheck, UniqueCheck
from lakeward.quality.plan import JudgePlan


def steps(plan: JudgePlan, relation: str) -> list[dict[str, Any]]:
    """The steps in order, each a message `code` with its `facts`, and its `query` (SQL over `relation`, or None)."""
    return list(_steps(plan, relation))


def _steps(plan: JudgePlan, relation: str) -> Iterator[dict[str, Any]]:
    for verdict in plan.proven.values():
        yield {"code": "step_proven", "facts": {"rule": verdict.rule.id, "proof": verdict.proof}, "query": None}
    asked = [one for one in plan.checks if one.rule.id not in plan.proven]
    own = [one.rule.id for one in asked if not isinstance(one, PlacedCheck)]
    if own:
        yield {"code": "step_facts", "facts": {"count": len(own), "rules": ", ".join(own)}, "query": plan.facts(relation)}
    for one in asked:
        if isinstance(one, UniqueCheck):
            yield {"code": "step_repeats", "facts": {"rule": one.rule.id}, "query": plan.repeats(one.rule, relation)}
    for rule in plan.series().rules:
        yield {"code": "step_series", "facts": {"rule": rule.id}, "query": None}
    for rule in plan.foreign:
        yield {"code": "step_foreign", "facts": {"rule": rule.id}, "query": None}
