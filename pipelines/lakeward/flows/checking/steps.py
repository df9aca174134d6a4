"""Explains a judge plan step by step: proofs, the scan, uniqueness, sensor rules, Great Expectations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lakeward.flows.base.answers import fields_of
from lakeward.quality.checks import PlacedCheck, UniqueCheck
from lakeward.quality.plan import JudgePlan
from lakeward.quality.plan_parts import plan_parts


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step of a plan, as a message.

    Args:
        code: Message code of the step.
        facts: Values that fill the message.
        query: SQL of the step; None if it needs no query.
    """

    code: str
    facts: Mapping[str, object]
    query: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward check --explain --json`."""
        return fields_of(self)


def plan_steps(plan: JudgePlan, relation: str) -> list[CheckStep]:
    """The steps in order; queries are over `relation`."""
    return list(_steps(plan, relation))


def _steps(plan: JudgePlan, relation: str) -> Iterator[CheckStep]:
    for verdict in plan.proven_verdicts.values():
        yield CheckStep("step_proven", {"rule": verdict.rule.id, "proof": verdict.proof})
    checks = [check for check in plan.checks if check.rule.id not in plan.proven_verdicts]
    own = [check.rule.id for check in checks if not isinstance(check, PlacedCheck)]
    for part in plan_parts(plan) if own else ():
        ids = [rule_id for rule_id in own if rule_id in {check.rule.id for check in part.checks}]
        yield CheckStep("step_facts", {"count": len(ids), "rules": ", ".join(ids)}, part.facts_select(relation))
    for check in checks:
        if isinstance(check, UniqueCheck):
            yield CheckStep("step_repeats", {"rule": check.rule.id}, plan.repeated_keys_select(check.rule, relation))
    for rule in plan.series().rules:
        yield CheckStep("step_series", {"rule": rule.id})
    for rule in plan.gx_rules:
        yield CheckStep("step_foreign", {"rule": rule.id})
