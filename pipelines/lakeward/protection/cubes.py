"""SQL of a k-cube: groups of a table by fixed bands, each of at least k units, none of which is most of a sum.

No threshold is applied to a query: only finished groups are readable. There is no remainder and no total, which would give a small
group away. Source: the attacks on thresholds that are applied to queries (Denning's trackers, differences of answers) end where only
groups can be read, and where a group changes only by k units at once.
"""

from dataclasses import dataclass

from lakeward.contracts.cube import Cube
from lakeward.contracts.model import Contract, Kind
from lakeward.core.sql import identifier, literal
from lakeward.protection.bands import band_expression
from lakeward.protection.normal_form import normal_form

# Columns of the contributions: text of the group, and of its unit.
CELL, UNIT = "_cell", "_unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class CubeQueries:
    """The queries of one cube.

    Args:
        unit_category: Category of the unit's content: spellings of one number are one unit.
    """

    contract: Contract
    cube: Cube
    unit_category: str

    def contributions(self, source: str, salt: str) -> str:
        """SELECT of what each unit adds to each group; rows without a unit are in none.

        Args:
            source: The table, as a relation.
            salt: Of the choice of groups, where a unit counts in some alone.
        """
        unit = normal_form(f"CAST({identifier(self.cube.unit)} AS VARCHAR)", self.unit_category)
        dims = [self._dimension(name) for name in self.cube.dimensions]
        items = ", ".join(f"{shown} AS d{at}" for at, shown in enumerate(dims))
        sums = "".join(f", {self._sum(name)} AS m{at}" for at, name in enumerate(self.cube.measures))
        cell = f"CAST(to_json([{', '.join(dims)}]) AS VARCHAR)"
        found = f"""SELECT {cell} AS {CELL}, {unit} AS {UNIT}, {items}{sums} FROM {source}
          WHERE {identifier(self.cube.unit)} IS NOT NULL GROUP BY ALL"""
        if self.cube.noise is None:
            return found
        order = f"sha256(concat({literal(salt)}, {UNIT}, '|', {CELL}))"
        return f"""SELECT * FROM ({found})
          QUALIFY row_number() OVER (PARTITION BY {UNIT} ORDER BY {order}) <= {self.cube.noise.groups}"""

    def cells(self, contributions: str) -> str:
        """SELECT of every group with its figures, and whether it may be released (`is_safe`)."""
        dims = ", ".join(f"any_value(d{at}) AS d{at}" for at in range(len(self.cube.dimensions)))
        measures = range(len(self.cube.measures))
        sums = "".join(f", sum(m{at}) AS m{at}" for at in measures)
        safe = [f"count(DISTINCT {UNIT}) >= {self.cube.k}", *(self._is_safe(at) for at in measures)]
        return f"""SELECT {CELL}, {dims}, count(DISTINCT {UNIT}) AS units{sums}, coalesce({" AND ".join(safe)}, false) AS is_safe
          FROM {contributions} GROUP BY {CELL}"""

    def contribution_hashes(self, contributions: str, salt: str) -> str:
        """SELECT of the contributions without a value: group, hash of the unit, hash of what it adds."""
        values = "".join(f", '|', coalesce(CAST(m{at} AS VARCHAR), '')" for at in range(len(self.cube.measures)))
        key = literal(salt)
        return f"""SELECT {CELL} AS cell, sha256(concat({key}, {UNIT})) AS unit_hash, sha256(concat({key}, {UNIT}{values})) AS value_hash
          FROM {contributions}"""

    def _dimension(self, name: str) -> str:
        """The shown value of a dimension, as text: its band, or itself."""
        column = self.contract.column(name)
        if column.band:
            return band_expression(identifier(name), column.type, column.band, column.unit)
        return f"CAST({identifier(name)} AS VARCHAR)"

    def _sum(self, name: str) -> str:
        """Of a binary number only finite values are summed: one that is not would take the whole group with it.

        With noise, what a unit adds is cut at its bounds, and counted in steps.
        """
        column = self.contract.column(name)
        finite = f" FILTER (isfinite({identifier(name)}))" if column.type.kind is Kind.DOUBLE else ""
        found = f"sum({identifier(name)}){finite}"
        if self.cube.noise is None:
            return found
        bounds = self.cube.noise.bounds[name]
        cut = f"CAST(round(least(greatest({found}, {bounds.least:f}), {bounds.most:f}) * {10**bounds.digits}) AS BIGINT)"
        return f"CASE WHEN {found} IS NOT NULL THEN {cut} END"

    def _is_safe(self, at: int) -> str:
        """At least k units have a value, and none is more than its share of their sizes."""
        return f"(count(m{at}) >= {self.cube.k} AND max(abs(m{at})) <= {self.cube.dominance:f} * sum(abs(m{at})))"
