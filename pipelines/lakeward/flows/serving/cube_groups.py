"""The groups of a release: computed from the table, compared with those of the release before, and stored with what they rest on."""

from dataclasses import replace

from lakeward.core.names import Relation
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.serving.cube_noise import add_noise
from lakeward.flows.serving.cube_record import CELLS, CONTRIBUTIONS, TABLE, CubeRecord, append_groups
from lakeward.protection.cubes import CELL, CubeQueries

# Percent to which the share of hidden units is rounded: a finer one would say how many are in small groups.
ROUNDED_PERCENT = 5


def make_groups(engine: Engine, queries: CubeQueries, record: CubeRecord, last: CubeRecord | None) -> CubeRecord:
    """Append the groups of a release and what they rest on; the record with their figures, or the last one where nothing has changed."""
    source = str(queries.contract.table(queries.contract.layer))
    own = engine.materialise("cube_own", queries.contributions(source, record.salt))
    found = engine.materialise("cube_found", queries.cells(str(own)))
    hashed = engine.materialise("cube_hashed", queries.contribution_hashes(str(own), record.salt))
    before = last if last and last.definition == record.definition else None
    old = engine.materialise("cube_old", _old_cells(engine, before.release_id if before else ""))
    cells = engine.materialise("cube_next", _next_cells(engine, queries, record, (found, hashed, old)))
    if before and before.source_version == record.source_version and _are_same(engine, cells, old):
        return before
    if queries.cube.noise:
        cells = add_noise(engine, queries.cube, record, cells)
    fresh = f"""SELECT {record.release} AS release, h.cell, h.unit_hash, h.value_hash FROM {hashed} AS h JOIN {cells} AS c USING (cell)
      WHERE c.figures_of = {record.release} AND c.is_published"""
    append_groups(engine, record.release_id, cells, engine.define("cube_fresh", fresh))
    return _with_figures(engine, record, own, cells)


def _are_same(engine: Engine, cells: Relation, old: Relation) -> bool:
    """Whether a release would change no group."""
    shown = "cell, figures_of, is_published"
    return not engine.fetch(f"SELECT {shown} FROM {cells} EXCEPT SELECT {shown} FROM {old} LIMIT 1")


def _with_figures(engine: Engine, record: CubeRecord, own: Relation, cells: Relation) -> CubeRecord:
    """The record with the number of groups that can be read, and the share of units in the others."""
    counted = engine.fetch(
        f"""SELECT (SELECT count(*) FROM {cells} WHERE is_published) AS cells, count(*) AS units,
          count(*) FILTER (WHERE cell IS NULL) AS hidden
        FROM {own} LEFT JOIN (SELECT cell FROM {cells} WHERE is_published) ON cell = {CELL}"""
    )[0]
    percent = 100 * counted["hidden"] / counted["units"] if counted["units"] else 0
    return replace(record, cells=counted["cells"], hidden_percent=ROUNDED_PERCENT * round(percent / ROUNDED_PERCENT))


def _next_cells(engine: Engine, queries: CubeQueries, record: CubeRecord, now: tuple[Relation, Relation, Relation]) -> str:
    """SELECT of every group that is or was released, as it is after this release.

    Args:
        now: The groups of the table, what units add to them, and the groups of the release before.
    """
    found, hashed, old = now
    cube = queries.cube
    dims = ", ".join(f"d{at}" for at in range(len(cube.dimensions)))
    sums = ", ".join(f"CAST(m{at} AS VARCHAR)" for at in range(len(cube.measures)))
    changed = engine.materialise("cube_changed", _changed_units(engine, old, hashed))
    renewed = f"is_safe AND (o.cell IS NULL OR coalesce(changed, 0) >= {cube.k})"
    withdrawn = f"NOT coalesce(is_safe, false) AND coalesce(changed, 0) >= {cube.k}"
    return f"""SELECT {literal(record.dataset)} AS dataset, {record.release} AS release, coalesce({CELL}, o.cell) AS cell,
        CASE WHEN {renewed} THEN CAST(to_json([{dims}]) AS VARCHAR) ELSE o.dims END AS dims,
        CASE WHEN {renewed} THEN f.units ELSE o.units END AS units,
        CASE WHEN {renewed} THEN CAST(to_json(CAST([{sums}] AS VARCHAR[])) AS VARCHAR) ELSE o.sums END AS sums,
        CASE WHEN {renewed} THEN {record.release} ELSE o.figures_of END AS figures_of,
        CASE WHEN {renewed} THEN true WHEN {withdrawn} THEN false ELSE o.is_published END AS is_published
      FROM {found} AS f FULL JOIN {old} AS o ON f.{CELL} = o.cell LEFT JOIN {changed} AS c ON c.cell = coalesce(f.{CELL}, o.cell)
      WHERE o.cell IS NOT NULL OR is_safe"""


def _old_cells(engine: Engine, before: str) -> str:
    """The groups after the release of before; none without one."""
    spec = governance.table_spec(CELLS)
    if not before:
        return engine.literal_rows({column.name: column.type for column in spec.columns}, [])
    return f"SELECT * FROM {spec.name} WHERE release_id = {literal(before)}"


def _changed_units(engine: Engine, old: Relation, hashed: Relation) -> str:
    """Per group, the units that were added, removed or add something else since the figures that it has."""
    spec = governance.table_spec(CONTRIBUTIONS)
    # The first release of all may have been killed between its groups and its record, or another one is on the way there.
    if not (engine.exists(spec.name) and engine.exists(governance.table_name(TABLE))):
        return engine.literal_rows({"cell": spec.columns[0].type, "changed": governance.TYPES["bigint"]}, [])
    releases = "(SELECT dataset, release, release_id FROM governance.cubes)"
    last = f"""SELECT p.cell, p.unit_hash, p.value_hash FROM {spec.name} AS p JOIN {releases} AS r USING (release_id)
      JOIN {old} AS o ON o.cell = p.cell AND o.dataset = r.dataset AND o.figures_of = r.release"""
    return f"""SELECT coalesce(p.cell, h.cell) AS cell, count(*) AS changed FROM ({last}) AS p
      FULL JOIN (SELECT * FROM {hashed} WHERE cell IN (SELECT cell FROM {old})) AS h ON p.cell = h.cell AND p.unit_hash = h.unit_hash
      WHERE p.value_hash IS DISTINCT FROM h.value_hash GROUP BY 1"""
