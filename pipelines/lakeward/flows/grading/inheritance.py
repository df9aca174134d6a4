"""Grades along lineage, from dataset to dataset: proposals with inherited grades, and what follows downstream from a change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from lakeward.contracts.model import Contract
from lakeward.core.names import Layer, TableName
from lakeward.flows.grading.run import HALF, GradingRun, upstream_basis
from lakeward.grading.catalogue import Sensitivity
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.grading.propagation import Edge, Inherited, Node, propagate
from lakeward.grading.proposal import GradeProposal, Reason

# Layers whose columns have grades of their own; bronze has the same columns as text, and is graded with its silver table.
_GRADED = tuple(f"{layer}." for layer in (Layer.SILVER, Layer.GOLD, Layer.REPAIRS))

_LOWEST = Inherited(Sensitivity(Grade.GENERAL, 1))


def upstream_grades(run: GradingRun, table: TableName) -> tuple[dict[Node, Inherited], Sequence[Edge]]:
    """The grades of the table's source columns, and the edges from them; columns that only an earlier model read are among them."""
    edges = run.edges.values.get(str(table), [])
    now = [edge for edge in edges if edge not in run.edges.earlier]
    sources, left = {source for source, _ in now}, {source for source, _ in edges if source[0].startswith(_GRADED)}
    upstream: dict[Node, Inherited] = {}
    for name in {source[0] for source in left}:
        contract = run.contracts.get(_dataset(name))
        if contract:
            upstream |= {(name, column): _as_inherited(grade) for column, grade in run.record.current(contract).items()}
    upstream = {node: found for node, found in upstream.items() if node in sources}
    earlier = {source: found for source in left - sources if (found := _last_grade(run, source))}
    known = upstream | earlier
    return known, [*now, *(edge for edge in run.edges.earlier if edge[1][0] == str(table) and edge[0] in known)]


def _last_grade(run: GradingRun, source: Node) -> Inherited | None:
    """The newest grade of a column that may be in no contract any more; None if it has none, which raises nothing."""
    name, column = _dataset(source[0]), source[1]
    contract = run.contracts.get(name)
    current = run.record.current(contract).get(column) if contract else None
    if current and current.grade:
        return Inherited(Sensitivity(current.grade, current.level), current.category)
    last = run.record.decisions.get(name, {}).get(column) or run.record.removed.get(name, {}).get(column)
    return Inherited(last.sensitivity, last.category) if last and last.sensitivity else None


def _as_inherited(grade: ColumnGrade) -> Inherited:
    is_valid = grade.grade is not None and grade.state is not GradeState.STALE
    return Inherited(Sensitivity(grade.grade, grade.level) if is_valid and grade.grade else None, grade.category)


def inherit_grades(
    run: GradingRun, table: TableName, own: Iterable[GradeProposal], upstream: Mapping[Node, Inherited], edges: Iterable[Edge]
) -> list[GradeProposal]:
    """The proposals of the columns themselves, raised to what flows into them."""
    proposals = list(own)
    nodes = {(str(table), p.column): Inherited(p.sensitivity, p.category) for p in proposals}
    flowing = [edge for edge in edges if not edge[0][0].startswith(("bronze.", "landing."))]
    categories = tuple(run.rules.categories)
    now = propagate({**upstream, **nodes}, [edge for edge in flowing if edge not in run.edges.earlier], categories)
    inherited = propagate({**upstream, **nodes}, flowing, categories)
    return [_raise_grade(p, inherited[str(table), p.column], now[str(table), p.column]) for p in proposals]


def _raise_grade(proposal: GradeProposal, inherited: Inherited, now: Inherited) -> GradeProposal:
    """Raise the proposal to what it inherits; `now` is that without what only earlier models read."""
    if inherited == Inherited(proposal.sensitivity, proposal.category):
        return proposal
    why = Reason.INHERITED if inherited == now else Reason.SOURCE_LEFT
    why = why if inherited.sensitivity else Reason.SOURCE_UNGRADED
    return replace(proposal, sensitivity=inherited.sensitivity, category=inherited.category, why=why)


def indirect_columns(run: GradingRun, table: TableName) -> tuple[str, ...]:
    """Core and important columns that only decide which rows the table has, or how these are grouped; they lower and raise nothing."""
    found = []
    for source, column in sorted(run.edges.indirect.get(str(table), ())):
        contract = run.contracts.get(_dataset(source)) if source.startswith(_GRADED) else None
        grade = run.record.current(contract).get(column) if contract else None
        if grade and grade.grade in (Grade.CORE, Grade.IMPORTANT):
            found.append(f"{source}.{column}")
    return tuple(found)


def inherited_part(run: GradingRun, contract: Contract, column: str) -> Inherited | None:
    """What flows into one column; None if nothing that is graded does."""
    table = contract.table(contract.layer)
    upstream, edges = upstream_grades(run, table)
    node = (str(table), column)
    flowing = [e for e in edges if e[1] == node and e[0][0].startswith(_GRADED) and e not in run.edges.earlier]
    if not flowing:
        return None
    return propagate({**upstream, node: _LOWEST}, flowing, tuple(run.rules.categories))[node]


def inherit_again(run: GradingRun, contract: Contract) -> list[GradeProposal]:
    """New proposals of a graded dataset where its sources' grades have changed; none otherwise. Reads no data; updates `run.record`."""
    name, table = contract.name, contract.table(contract.layer)
    before, basis = run.record.proposals.get(name, {}), run.record.bases.get(name, "")
    upstream, edges = upstream_grades(run, table)
    changed = basis[:HALF] + upstream_basis(upstream)
    if not before or changed == basis:
        return []
    proposals = inherit_grades(run, table, map(own_proposal, before.values()), upstream, edges)
    run.record.proposals[name], run.record.bases[name] = {p.column: p for p in proposals}, changed
    return proposals


def own_proposal(proposal: GradeProposal) -> GradeProposal:
    """The proposal without what it inherited; one of before 0.3 stays as it is."""
    own = proposal.own
    if own is None:
        return proposal
    category = own.category if own.sensitivity else None
    return replace(proposal, sensitivity=own.sensitivity, category=category, why=own.why)


def inherit_downstream(run: GradingRun, names: Iterable[str]) -> dict[str, list[GradeProposal]]:
    """New proposals of the datasets downstream of `names`, where something has changed. Updates `run.record`."""
    found = {}
    for name in downstream_datasets(run, names):
        contract = run.contracts.get(name)
        proposals = inherit_again(run, contract) if contract else []
        if proposals:
            found[name] = proposals
    return found


def downstream_datasets(run: GradingRun, names: Iterable[str]) -> list[str]:
    """Datasets that values of `names` flow into over any number of steps, sources first."""
    sources = {_dataset(table): {_dataset(source[0]) for source, _ in edges} for table, edges in run.edges.values.items()}
    reached, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        new = {target for target, origins in sources.items() if name in origins} - reached
        reached |= new
        waiting += new
    graph = {name: sources.get(name, set()) & reached - {name} for name in reached}
    return [name for name in _in_order(graph) if name not in set(names)]


def _in_order(graph: Mapping[str, set[str]]) -> Iterator[str]:
    try:
        yield from TopologicalSorter(graph).static_order()
    except CycleError:  # models that read each other's tables of different batches
        yield from sorted(graph)


def _dataset(table: str) -> str:
    return table.partition(".")[2]
