"""From a dataset's past to proposals: measured, proposed, those that are known left out, the rest tried on every batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lakeward.contracts.model import Contract
from lakeward.core.errors import ContractError
from lakeward.core.names import TableName
from lakeward.core.settings import Settings
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.batch.judge import suite_name
from lakeward.flows.suggest.columns import measure_columns
from lakeward.flows.suggest.fills import propose_fill
from lakeward.flows.suggest.freshness import find_freshness
from lakeward.flows.suggest.gaps import propose_gaps
from lakeward.flows.suggest.keys import propose_keys
from lakeward.flows.suggest.known import find_disbelieved, is_known
from lakeward.flows.suggest.lists import IN_SET, REFERS, propose_list, propose_reference
from lakeward.flows.suggest.measured import ColumnPast
from lakeward.flows.suggest.past import Past, open_past
from lakeward.flows.suggest.proposal import Finding, Proposal
from lakeward.flows.suggest.ranges import explaining, propose_ranges, ranged, states
from lakeward.flows.suggest.references import find_reference
from lakeward.flows.suggest.sensitive import sensitive_columns
from lakeward.flows.suggest.spreads import measure_spreads, with_steps
from lakeward.flows.suggest.tags import find_teller, propose_tags
from lakeward.flows.suggest.texts import propose_text
from lakeward.flows.suggest.trial import try_proposals
from lakeward.flows.suggest.volumes import propose_volume
from lakeward.quality.suite import load_rules

# What fires on more of the batches that it never saw was not learned: the data moved, or these batches are bad.
UNSETTLED = 0.01


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What the past of a dataset suggests."""

    past: Past
    proposals: tuple[Proposal, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionReport:
    """What a dataset's past suggests, and which rows it was learned from.

    Args:
        table, version: What was read.
        learned, held: Numbers of the batches that teach, and of those kept back.
        rows: Rows that teach.
        first, last: What the batches that teach span.
    """

    dataset: str
    table: TableName
    version: int
    learned: tuple[int, ...]
    held: tuple[int, ...]
    rows: int
    first: datetime | None
    last: datetime | None
    proposals: tuple[Proposal, ...]
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, object]:
        """The keys of `lakeward suggest --json`."""
        named = {"first": "from", "last": "to"}
        return {named.get(key, key): value for key, value in fields_of(self).items()}


def suggest_rules(settings: Settings, name: str) -> SuggestionReport:
    """Proposals and findings for dataset `name`.

    Raises:
        UsageError: The project has no dataset `name`, or no row of it was ever published.
        ContractError, SuiteError: Its contract or its suite is not valid.
    """
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        found = suggestions(workspace, engine, name)
    past = found.past
    return SuggestionReport(
        dataset=past.contract.name,
        table=past.table,
        version=past.version,
        learned=past.learned,
        held=past.held,
        rows=past.total,
        first=past.first,
        last=past.last,
        proposals=found.proposals,
        findings=found.findings,
    )


def suggestions(workspace: Workspace, engine: Engine, name: str) -> Suggestions:
    """The same with the past itself; raises the same."""
    contract = workspace.project.contract(name)
    rules = load_rules(contract, workspace.suite(name), suite_name(name))
    past = open_past(engine, contract)
    every = list(learn(past, _others(workspace, contract)))
    new = [one for one in every if isinstance(one, Proposal) and not is_known(one, rules)]
    tried = try_proposals(past, _without_twins(new))
    findings = [one for one in every if isinstance(one, Finding)]
    unsettled = [proposal for proposal in tried if is_unsettled(proposal)]
    return Suggestions(
        past,
        tuple(proposal for proposal in tried if proposal not in unsettled),
        (*findings, *map(_moved, unsettled), *find_disbelieved(past, rules)),
    )


def is_unsettled(proposal: Proposal) -> bool:
    """Whether it fires too often on batches that it never saw."""
    held = proposal.firing.held if proposal.firing else None
    return held is not None and (held.share or 0) > UNSETTLED


def _moved(proposal: Proposal) -> Finding:
    held = proposal.firing.held if proposal.firing else None
    facts = {"id": proposal.id, "share": f"{(held.share or 0) if held else 0:.1%}", "batches": held.batches if held else 0}
    return Finding("suggest_unsettled", facts, proposal.evidence)


def _without_twins(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Where a column gets the whole key of another dataset, it needs no list of what was seen of it."""
    refers = {proposal.kwargs["column"] for proposal in proposals if proposal.id.startswith(REFERS)}
    return [p for p in proposals if p.type != IN_SET or p.id.startswith(REFERS) or p.kwargs["column"] not in refers]


def learn(past: Past, others: Sequence[Contract]) -> Iterator[Proposal | Finding]:
    """All that the past suggests, known or not, most of it untried; `others` are the datasets that it may refer to."""
    sensitive = sensitive_columns(past)
    columns = measure_columns(past, sensitive)
    yield from _ranges(past, columns)
    for column in columns:
        yield from propose_list(past, column)
        reference = find_reference(past, column, others)
        if reference:
            yield from propose_reference(past, column, reference)
        yield from propose_fill(past, column)
        yield from propose_text(past, column)
    yield from propose_keys(past, columns)
    yield from propose_gaps(past, sensitive)
    yield from propose_volume(past)
    yield from find_freshness(past)


def _ranges(past: Past, columns: Sequence[ColumnPast]) -> Iterator[Proposal]:
    """Ranges tag by tag where tags explain most, else state by state, else of the whole column."""
    numbers, teller = ranged(columns, past.contract.primary_key), find_teller(past, columns)
    if not numbers:
        return
    overall = measure_spreads(past, numbers)
    in_states = {state.name: measure_spreads(past, numbers, identifier(state.name)) for state in states(columns)}
    chosen: dict[str | None, list[ColumnPast]] = {}
    left: dict[str, Decimal] = {}
    for column in (column for column in numbers if overall[column.name]):
        whole = overall[column.name][0]
        by_state = {name: found[column.name] for name, found in in_states.items() if name != column.name}
        best, left[column.name] = explaining(whole, by_state)
        by_tag = list(propose_tags(past, column, whole, teller, left[column.name])) if teller else []
        yield from by_tag
        if not by_tag:
            chosen.setdefault(best, []).append(column)
    for best, some in chosen.items():
        stepped = with_steps(past, some, identifier(best) if best else None, in_states[best] if best else overall)
        for column in some:
            yield from propose_ranges(past, column, stepped[column.name], best, left[column.name])


def _others(workspace: Workspace, contract: Contract) -> list[Contract]:
    """The other datasets that have a key of one column; what is wrong with a contract is told elsewhere."""
    found = []
    for name in workspace.project.datasets():
        try:
            other = workspace.project.contract(name)
        except ContractError:
            continue
        if name != contract.name and len(other.primary_key) == 1:
            found.append(other)
    return found
