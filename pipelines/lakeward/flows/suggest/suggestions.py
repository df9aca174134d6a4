"""Suggests rules from a dataset's history: measures, proposes, drops covered proposals, tests the rest on every batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from lakeward.contracts.model import Contract
from lakeward.core.errors import ContractError
from lakeward.core.names import TableName
from lakeward.core.settings import Settings
from lakeward.core.shares import percent
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.judge import suite_label
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.serving.logged_read import logged_read
from lakeward.flows.serving.reader import Reader, resolve_reader
from lakeward.flows.suggest.column_history import ColumnHistory
from lakeward.flows.suggest.columns import measure_columns
from lakeward.flows.suggest.existing_rules import find_failing_rules, is_covered
from lakeward.flows.suggest.fills import propose_fill
from lakeward.flows.suggest.freshness import find_freshness
from lakeward.flows.suggest.gaps import propose_gaps
from lakeward.flows.suggest.history import History, open_history
from lakeward.flows.suggest.keys import propose_keys
from lakeward.flows.suggest.lists import IN_SET, REFERENCE_PREFIX, propose_list, propose_reference
from lakeward.flows.suggest.proposal import Finding, RuleProposal
from lakeward.flows.suggest.ranges import best_state_column, propose_ranges, range_columns, state_columns
from lakeward.flows.suggest.references import find_reference
from lakeward.flows.suggest.sensitive import sensitive_columns
from lakeward.flows.suggest.spreads import add_step_counts, measure_spreads
from lakeward.flows.suggest.tags import find_state_series, propose_tags
from lakeward.flows.suggest.text_forms import propose_text_form
from lakeward.flows.suggest.trial import try_proposals
from lakeward.flows.suggest.volumes import propose_volume
from lakeward.quality.rule import Rule
from lakeward.quality.suite import load_rules

# A rule that fires on a larger share of holdout batches is unstable: the data changed, or these batches are bad.
MAX_HOLDOUT_FIRING = 0.01


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Suggestions from the history of a dataset."""

    history: History
    proposals: tuple[RuleProposal, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionReport:
    """Suggestions from the history of a dataset, and the rows that they were learned from.

    Args:
        dataset: Name of the dataset.
        table: Table that was read, as `layer.name`.
        version: Delta version that was read.
        learned: Numbers of the training batches.
        held: Numbers of the holdout batches.
        rows: Number of rows in the training batches.
        first: Oldest event time of the training batches; without a time column, when the first of them was planned.
        last: Newest event time of the training batches; without a time column, when the last of them was planned.
        proposals: Suggested rules, each with its reason, evidence and expected firing rate (0 to 1).
        findings: Observations that no rule can express, as message code, facts and evidence.
    """

    dataset: str
    table: TableName
    version: int
    learned: tuple[int, ...]
    held: tuple[int, ...]
    rows: int
    first: datetime | None
    last: datetime | None
    proposals: tuple[RuleProposal, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward suggest --json`.

        Returns:
            from: Oldest event time of the training batches; without a time column, when the first of them was planned.
            to: Newest event time of the training batches; without a time column, when the last of them was planned.
        """
        named = {"first": "from", "last": "to"}
        return {named.get(key, key): value for key, value in fields_of(self).items()}


def suggest_rules(settings: Settings, name: str, role: str | None = None) -> SuggestionReport:
    """Proposals and findings for dataset `name`. Values of columns that the role may not see in clear are in none of them.

    Args:
        role: Role that reads; None for the account's only role or the project's default.

    Raises:
        UsageError: The project has no dataset `name`, none of its rows was ever published, or there is no role.
        ContractError, SuiteError: Its contract or its suite is not valid.
        PolicyError, ProtectionError: The role, the policy or the token is not valid.
    """
    workspace = open_workspace(settings)
    reader, _ = resolve_reader(workspace, role)
    with workspace.engine() as engine:
        found = make_suggestions(workspace, engine, name, reader)
    past = found.history
    return SuggestionReport(
        dataset=past.contract.name,
        table=past.table,
        version=past.version,
        learned=past.training_batches,
        held=past.holdout_batches,
        rows=past.row_count,
        first=past.first,
        last=past.last,
        proposals=found.proposals,
        findings=found.findings,
    )


def make_suggestions(workspace: Workspace, engine: Engine, name: str, reader: Reader) -> Suggestions:
    """As `suggest_rules`, with the history; writes the entry of the access log."""
    contract = workspace.project.contract(name)
    rules = load_rules(contract, workspace.suite(name), suite_label(name))
    table = str(contract.table(contract.layer))
    with logged_read(workspace, engine, reader, f"suggest {name}", [table]) as entry:
        others = _reference_candidates(workspace, contract)
        hidden = {contract.name: _hidden_columns(engine, reader, contract)}
        hidden |= {other.name: _hidden_columns(engine, reader, other) for other in others if reader.sees_every_row(other)}
        if any(hidden.values()):
            engine.protect_spills()
        readable = [other for other in others if other.name in hidden]
        history = replace(open_history(engine, contract), hidden=hidden, on_read=entry.objects.add)
        return _learn(history, rules, readable)


def _hidden_columns(engine: Engine, reader: Reader, contract: Contract) -> frozenset[str]:
    clear = reader.clear_columns(contract, current_grades(engine, contract))
    return frozenset(column.name for column in contract.columns) - clear


def _learn(history: History, rules: Sequence[Rule], others: Sequence[Contract]) -> Suggestions:
    candidates = list(learn_rules(history, others))
    new = [candidate for candidate in candidates if isinstance(candidate, RuleProposal) and not is_covered(candidate, rules)]
    tried = try_proposals(history, _drop_redundant_lists(new))
    findings = [candidate for candidate in candidates if isinstance(candidate, Finding)]
    unstable = [proposal for proposal in tried if is_unstable(proposal)]
    return Suggestions(
        history,
        tuple(proposal for proposal in tried if proposal not in unstable),
        (*findings, *map(_unstable_finding, unstable), *find_failing_rules(history, rules)),
    )


def is_unstable(proposal: RuleProposal) -> bool:
    """Whether it fires too often on holdout batches."""
    holdout = proposal.firing.holdout if proposal.firing else None
    return holdout is not None and (holdout.share or 0) > MAX_HOLDOUT_FIRING


def _unstable_finding(proposal: RuleProposal) -> Finding:
    holdout = proposal.firing.holdout if proposal.firing else None
    facts = {
        "id": proposal.id,
        "share": percent((holdout.share or 0) if holdout else 0),
        "batches": holdout.batches if holdout else 0,
    }
    return Finding("suggest_unsettled", facts, proposal.evidence)


def _drop_redundant_lists(proposals: Sequence[RuleProposal]) -> list[RuleProposal]:
    """Drop the list of observed values of a column that gets the whole key of another dataset."""
    reference_columns = {proposal.kwargs["column"] for proposal in proposals if proposal.id.startswith(REFERENCE_PREFIX)}
    return [
        p
        for p in proposals
        if p.type != IN_SET or p.id.startswith(REFERENCE_PREFIX) or p.kwargs["column"] not in reference_columns
    ]


def learn_rules(history: History, others: Sequence[Contract]) -> Iterator[RuleProposal | Finding]:
    """All proposals from the history, covered or not, most of them untested; `others` are datasets for references."""
    sensitive = sensitive_columns(history)
    columns = measure_columns(history, sensitive)
    yield from _propose_column_ranges(history, columns)
    for column in columns:
        yield from propose_list(history, column)
        reference = find_reference(history, column, others)
        if reference:
            yield from propose_reference(history, column, reference)
        yield from propose_fill(history, column)
        yield from propose_text_form(history, column)
    yield from propose_keys(history, columns)
    yield from propose_gaps(history, sensitive)
    yield from propose_volume(history)
    yield from find_freshness(history)


def _propose_column_ranges(history: History, columns: Sequence[ColumnHistory]) -> Iterator[RuleProposal]:
    """Ranges per tag if tags explain most, else per state, else of the whole column."""
    numbers, state_series = range_columns(columns, history.contract.primary_key), find_state_series(history, columns)
    if not numbers:
        return
    overall = measure_spreads(history, numbers)
    in_states = {state.name: measure_spreads(history, numbers, identifier(state.name)) for state in state_columns(columns)}
    chosen: dict[str | None, list[ColumnHistory]] = {}
    residuals: dict[str, Decimal] = {}
    for column in (column for column in numbers if overall[column.name]):
        whole = overall[column.name][0]
        by_state = {name: found[column.name] for name, found in in_states.items() if name != column.name}
        best, residuals[column.name] = best_state_column(whole, by_state)
        by_tag = list(propose_tags(history, column, whole, state_series, residuals[column.name])) if state_series else []
        yield from by_tag
        if not by_tag:
            chosen.setdefault(best, []).append(column)
    for best, group in chosen.items():
        stepped = add_step_counts(history, group, identifier(best) if best else None, in_states[best] if best else overall)
        for column in group:
            yield from propose_ranges(history, column, stepped[column.name], best, residuals[column.name])


def _reference_candidates(workspace: Workspace, contract: Contract) -> list[Contract]:
    """The other datasets with a key of one column; invalid contracts are skipped."""
    found = []
    for name in workspace.project.datasets():
        try:
            other = workspace.project.contract(name)
        except ContractError:
            continue
        if name != contract.name and len(other.primary_key) == 1:
            found.append(other)
    return found
