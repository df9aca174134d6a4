"""The cube of a table as a principal has it: all of its columns, or none."""

from collections.abc import Mapping
from dataclasses import replace

from lakeward.contracts.cube import Cube
from lakeward.contracts.model import Contract
from lakeward.core.names import Layer
from lakeward.engines.tables import TableInfo
from lakeward.protection.policy import AccessDecision, Action
from lakeward.serving.plan import Grades, Principal, ServedColumn, ServedTable

# What the policy must show of a column so that groups by it, or sums of it, may be read.
_OF_DIMENSIONS = frozenset({Action.CLEAR, Action.GENERALISE, Action.AGGREGATE})
_OF_MEASURES = frozenset({Action.CLEAR, Action.AGGREGATE})


def serve_cube(principal: Principal, contract: Contract, stored: TableInfo, grades: Grades) -> ServedTable:
    """The released groups of the contract's table.

    They are hidden where the policy hides one of their columns, where a column is not graded, and from readers who see only some rows.
    """
    cube = contract.cube
    assert cube is not None
    source, table = contract.table(contract.layer), contract.table(Layer.CUBES)
    names = (cube.unit, *cube.dimensions, *cube.measures)
    decisions = {name: principal.policy.decide(principal.request, source, name, grades.get(name)) for name in names}
    filtered = bool(principal.policy.filters_for(principal.request, source))
    action = Action.AGGREGATE if not filtered and _may_read(cube, decisions) else Action.DENY
    origins = {**{name: name for name in cube.dimensions}, **{f"{name}_sum": name for name in cube.measures}}
    columns = tuple(
        ServedColumn(
            name=column.name,
            type=column.type,
            decision=replace(decisions[origins.get(column.name, cube.unit)], action=action),
            grade=grades.get(origins.get(column.name, cube.unit)),
            place=f"{table}.{column.name}",
        )
        for column in stored.columns
    )
    return ServedTable(name=table, contract=contract, folder=stored.path, rows=stored.rows, columns=columns, is_cube=True)


def _may_read(cube: Cube, decisions: Mapping[str, AccessDecision]) -> bool:
    """Whether a rule shows enough of each column; of the unit, which no group shows, a rule is enough."""
    shown = all(decisions[name].action in _OF_DIMENSIONS for name in cube.dimensions)
    summed = all(decisions[name].action in _OF_MEASURES for name in cube.measures)
    return shown and summed and all(decision.rule is not None for decision in decisions.values())
