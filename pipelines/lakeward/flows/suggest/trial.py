"""Tests proposals on the history: runs the judge plan over all stored batches in one query.

Counts published rows only. The judge of a batch also sees rows that other rules quarantine, and can find more failures.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lakeward.contracts.model import Contract
from lakeward.flows.suggest.history import History
from lakeward.flows.suggest.proposal import FiringRates, RuleProposal, TrialResult
from lakeward.quality.plan import JudgePlan, compile_plan
from lakeward.quality.rule import Outcome, Rule, Verdict
from lakeward.quality.suite import derived_rules, load_rules

BATCH = "_batch_seq"


def try_proposals(history: History, proposals: Sequence[RuleProposal]) -> list[RuleProposal]:
    """The proposals with firing rates, in the same order; existing rates stay."""
    untried = [proposal for proposal in proposals if proposal.firing is None]
    verdicts = _verdicts_by_batch(history, proposed_rules(history.contract, untried)) if untried else {}
    return [
        proposal if proposal.firing else proposal.with_firing(_firing_rates(history, proposal.id, verdicts))
        for proposal in proposals
    ]


def proposed_rules(contract: Contract, proposals: Iterable[RuleProposal]) -> tuple[Rule, ...]:
    """The proposals as rules.

    Raises:
        SuiteError: A proposal is not a valid rule of this contract (a defect of Lakeward).
    """
    entries = [suite_entry(proposal) for proposal in proposals]
    rules = load_rules(contract, json.dumps({"expectations": entries}), "suggest")
    return rules[len(derived_rules(contract)) :]


def suite_entry(proposal: RuleProposal) -> dict[str, object]:
    """The proposal as a suite entry of severity `warn`."""
    return {
        "type": proposal.type,
        "kwargs": dict(proposal.kwargs),
        "severity": "warning",
        "meta": {"lakeward": {"id": proposal.id, "severity": "warn"}},
    }


def _verdicts_by_batch(history: History, rules: tuple[Rule, ...]) -> dict[int, dict[str, Verdict]]:
    """Verdicts by batch and rule."""
    # The rows are typed already; key and times are not needed.
    contract = replace(history.contract, source=None, primary_key=(), time_column=None)
    plan = compile_plan(contract, rules, history.engine.types(history.table))
    found = history.fetch(plan.facts_select(f"(SELECT * FROM {history.table})", by=BATCH))
    return {row["part"]: {v.rule.id: v for v in plan.verdicts(row, _count_repeats(history, plan, row))} for row in found}


def _count_repeats(history: History, plan: JudgePlan, facts: Mapping[str, int]) -> dict[str, int]:
    """Number of rows with a repeated key, for each failed uniqueness rule of a batch."""
    rows = f"(SELECT * FROM {history.table} WHERE {BATCH} = {facts['part']})"
    return {
        rule.id: history.fetch(f"SELECT coalesce(sum(copies), 0) AS n FROM ({plan.repeated_keys_select(rule, rows)})")[0]["n"]
        for rule in plan.suspect_rules(facts)
    }


def _firing_rates(history: History, id_: str, verdicts: Mapping[int, Mapping[str, Verdict]]) -> FiringRates:
    def result_for(batches: Iterable[int]) -> TrialResult:
        return _trial_result([verdicts[batch][id_] for batch in batches if batch in verdicts])

    return FiringRates(
        result_for(history.training_batches), result_for(history.holdout_batches) if history.holdout_batches else None
    )


def _trial_result(verdicts: Sequence[Verdict]) -> TrialResult:
    evaluated = [verdict for verdict in verdicts if verdict.outcome is not Outcome.UNKNOWN]
    fired = sum(verdict.outcome is Outcome.FAIL for verdict in evaluated)
    counted = [verdict.failed for verdict in evaluated if verdict.failed is not None]
    return TrialResult(
        len(evaluated), fired, sum(verdict.evaluated or 0 for verdict in evaluated), sum(counted) if counted else None
    )
