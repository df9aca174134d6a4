"""Tries proposals on the past: the plan that would judge a batch, over every stored batch, in one query for all of them.

Counts published rows. The judge of a batch sees those that other rules set aside, too, and so may find more of the same.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lakeward.contracts.model import Contract
from lakeward.flows.suggest.past import Past
from lakeward.flows.suggest.proposal import Firing, Proposal, Tried
from lakeward.quality.plan import JudgePlan, make_plan
from lakeward.quality.rule import Outcome, Rule, Verdict
from lakeward.quality.suite import derived_rules, load_rules

BATCH = "_batch_seq"


def try_proposals(past: Past, proposals: Sequence[Proposal]) -> list[Proposal]:
    """Each with its firing rate, in the same order; those that have one keep it."""
    untried = [proposal for proposal in proposals if proposal.firing is None]
    verdicts = _verdicts(past, rules_of(past.contract, untried)) if untried else {}
    return [proposal if proposal.firing else proposal.tried(_firing(past, proposal.id, verdicts)) for proposal in proposals]


def rules_of(contract: Contract, proposals: Iterable[Proposal]) -> tuple[Rule, ...]:
    """The proposals as rules.

    Raises:
        SuiteError: A proposal is no rule of this contract: our bug.
    """
    entries = [entry(proposal) for proposal in proposals]
    rules = load_rules(contract, json.dumps({"expectations": entries}), "suggest")
    return rules[len(derived_rules(contract)) :]


def entry(proposal: Proposal) -> dict[str, object]:
    """The proposal as a suite has it: a warning, until a person makes it more."""
    return {
        "type": proposal.type,
        "kwargs": dict(proposal.kwargs),
        "severity": "warning",
        "meta": {"lakeward": {"id": proposal.id, "severity": "warn"}},
    }


def _verdicts(past: Past, rules: tuple[Rule, ...]) -> dict[int, dict[str, Verdict]]:
    """By batch and rule."""
    # The rows are typed already, and neither their key nor their times are asked for.
    contract = replace(past.contract, source=None, primary_key=(), time_column=None)
    plan = make_plan(contract, rules, past.engine.types(past.table))
    found = past.fetch(plan.facts(f"(SELECT * FROM {past.table})", by=BATCH))
    return {row["part"]: {v.rule.id: v for v in plan.verdicts(row, _repeated(past, plan, row))} for row in found}


def _repeated(past: Past, plan: JudgePlan, facts: Mapping[str, int]) -> dict[str, int]:
    """Rows with a repeated key, for each rule of uniqueness that the batch breaks."""
    rows = f"(SELECT * FROM {past.table} WHERE {BATCH} = {facts['part']})"
    return {
        rule.id: past.fetch(f"SELECT coalesce(sum(copies), 0) AS n FROM ({plan.repeats(rule, rows)})")[0]["n"]
        for rule in plan.suspects(facts)
    }


def _firing(past: Past, id_: str, verdicts: Mapping[int, Mapping[str, Verdict]]) -> Firing:
    def tried(batches: Iterable[int]) -> Tried:
        return _tried([verdicts[batch][id_] for batch in batches if batch in verdicts])

    return Firing(tried(past.learned), tried(past.held) if past.held else None)


def _tried(verdicts: Sequence[Verdict]) -> Tried:
    known = [verdict for verdict in verdicts if verdict.outcome is not Outcome.UNKNOWN]
    fired = sum(verdict.outcome is Outcome.FAIL for verdict in known)
    counted = [verdict.failed for verdict in known if verdict.failed is not None]
    return Tried(len(known), fired, sum(verdict.evaluated or 0 for verdict in known), sum(counted) if counted else None)
