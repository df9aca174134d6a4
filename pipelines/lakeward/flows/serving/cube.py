"""Releases the cube of a table: groups of at least k units, each of which changes only by k units at once."""

import secrets
from contextlib import closing
from dataclasses import dataclass, replace

from lakeward.contracts.model import Contract
from lakeward.core.errors import ProtectionError, StoreConflictError, UsageError
from lakeward.core.names import Relation, new_run_id
from lakeward.core.settings import Settings
from lakeward.core.sql import literal
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import Identity, identify
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.grade import GradeLookup, current_grades
from lakeward.flows.serving.cube_record import (
    CELLS,
    CONTRIBUTIONS,
    CubeRecord,
    append_groups,
    append_release,
    cube_definition,
    cube_table,
    newest_release,
    publish_release,
    read_releases,
)
from lakeward.protection.cubes import CELL, CubeQueries
from lakeward.protection.policy import NO_CATEGORY
from lakeward.protection.read_request import OWN_PARTY

# Who may approve a definition, where there are accounts.
APPROVERS = ("admin", "cdo", "steward")
# Percent to which the share of hidden units is rounded: a finer one would say how many are in small groups.
ROUNDED_PERCENT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CubeRelease:
    """A release of a cube.

    Args:
        dataset: Dataset of the table.
        table: Table of the groups, as `layer.name`.
        release: Number of the release, from 1.
        cells: Number of groups that can be read.
        hidden_percent: Percent of units that are in groups which can't be read, rounded to 5.
        source_version: Version of the table that it was made of.
        approved_by: Who approved the definition.
        verified: Whether a token proved that.
        reason: Why it was approved.
        definition: JSON of unit, dimensions, measures, k and dominance.
    """

    dataset: str
    table: str
    release: int
    cells: int
    hidden_percent: int
    source_version: int
    approved_by: str
    verified: bool
    reason: str
    definition: str

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward cube release --json`."""
        return fields_of(self)


def release_cube(
    settings: Settings, name: str, reason: str = "", by: str = "", *, grade_lookup: GradeLookup = current_grades
) -> CubeRelease:
    """Release the groups of a dataset's table; a group with fewer than k changed units keeps the figures it has.

    Args:
        name: Dataset whose contract has a cube.
        reason: Why its definition is approved: of the first release, and after each change of the definition.
        by: Typed name of who approves; empty for the token's account.
        grade_lookup: Returns the grades of a contract's columns.

    Raises:
        UsageError: The contract has no cube, its table has no rows, or the definition is not approved.
        ProtectionError: Who approves has no valid token or not the role, where there are accounts.
        StoreConflictError: Another release came first.
    """
    workspace = open_workspace(settings)
    contract = workspace.project.contract(name)
    if contract.cube is None:
        raise UsageError("cube_missing", dataset=name)
    with closing(open_engine("embedded", workspace.lake, memory=settings.memory)) as engine:
        governance.check_schema_version(engine)
        last = newest_release(engine, name)
        if last and last.definition == cube_definition(contract):
            publish_release(engine, contract, last)  # a killed release is finished before the next one is compared with it
        record = _prepare(workspace, engine, contract, last, (reason, by))
        category = grade_lookup(engine, contract).get(contract.cube.unit)
        queries = CubeQueries(
            contract=contract, cube=contract.cube, unit_category=(category and category.category) or NO_CATEGORY
        )
        record = _make_groups(engine, queries, record, last)
        if not append_release(engine, record):
            raise StoreConflictError("cube_busy", dataset=name)
        publish_release(engine, contract, record)
    return _answer(contract, record)


def list_cubes(settings: Settings) -> list[CubeRelease]:
    """The newest release of each cube."""
    workspace = open_workspace(settings)
    with closing(open_engine("embedded", workspace.lake, memory=settings.memory)) as engine:
        newest = {record.dataset: record for record in read_releases(engine)}
    contracts = workspace.project.valid_contracts()
    return [_answer(contracts[name], record) for name, record in newest.items() if name in contracts]


def _prepare(
    workspace: Workspace, engine: Engine, contract: Contract, last: CubeRecord | None, signature: tuple[str, str]
) -> CubeRecord:
    """The record of the next release, still without figures; a new definition is signed."""
    info = engine.info(contract.table(contract.layer))
    if info is None:
        raise UsageError("export_table_empty", table=str(contract.table(contract.layer)), dataset=contract.name)
    now, definition = workspace.clock.now(), cube_definition(contract)
    started = {
        "release": last.release + 1 if last else 1,
        "release_id": new_run_id(),
        "source_version": info.version,
        "released_at": now,
    }
    if last and last.definition == definition:
        return replace(last, **started)  # type: ignore[arg-type]
    reason, by = signature
    if not reason.strip():
        raise UsageError("cube_unapproved", dataset=contract.name, definition=definition)
    identity = identify(workspace, by)
    _check_approver(identity)
    return CubeRecord(
        dataset=contract.name,
        definition=definition,
        salt=secrets.token_hex(16),
        approved_by=identity.name,
        verified=identity.verified,
        reason=reason.strip(),
        approved_at=now,
        cells=0,
        hidden_percent=0,
        **started,  # type: ignore[arg-type]
    )


def _check_approver(identity: Identity) -> None:
    account = identity.account
    if identity.has_register and (account is None or account.party != OWN_PARTY or not set(APPROVERS) & set(account.roles)):
        raise ProtectionError("cube_approver", expected=", ".join(APPROVERS))
    if not identity.name:
        raise UsageError("cube_signature")


def _make_groups(engine: Engine, queries: CubeQueries, record: CubeRecord, last: CubeRecord | None) -> CubeRecord:
    """Append the groups of a release and what they rest on; the record with their figures."""
    source = str(queries.contract.table(queries.contract.layer))
    own = engine.materialise("cube_own", queries.contributions(source))
    found = engine.materialise("cube_found", queries.cells(str(own)))
    hashed = engine.materialise("cube_hashed", queries.contribution_hashes(str(own), record.salt))
    before = last.release_id if last and last.definition == record.definition else ""
    cells = engine.materialise("cube_next", _next_cells(engine, queries, record, (found, hashed), before))
    fresh = f"""SELECT {record.release} AS release, h.cell, h.unit_hash, h.value_hash FROM {hashed} AS h JOIN {cells} AS c USING (cell)
      WHERE c.figures_of = {record.release} AND c.is_published"""
    append_groups(engine, record.release_id, cells, engine.define("cube_fresh", fresh))
    counted = engine.fetch(
        f"""SELECT (SELECT count(*) FROM {cells} WHERE is_published) AS cells, count(*) AS units,
          count(*) FILTER (WHERE cell IS NULL) AS hidden
        FROM {own} LEFT JOIN (SELECT cell FROM {cells} WHERE is_published) ON cell = {CELL}"""
    )[0]
    percent = 100 * counted["hidden"] / counted["units"] if counted["units"] else 0
    return replace(record, cells=counted["cells"], hidden_percent=ROUNDED_PERCENT * round(percent / ROUNDED_PERCENT))


def _next_cells(engine: Engine, queries: CubeQueries, record: CubeRecord, now: tuple[Relation, Relation], before: str) -> str:
    """SELECT of every group that is or was released, as it is after this release."""
    found, hashed = now
    cube = queries.cube
    dims = ", ".join(f"d{at}" for at in range(len(cube.dimensions)))
    sums = ", ".join(f"CAST(m{at} AS VARCHAR)" for at in range(len(cube.measures)))
    old = engine.materialise("cube_old", _old_cells(engine, before))
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
    if engine.info(spec.name) is None:
        return engine.literal_rows({"cell": spec.columns[0].type, "changed": governance.TYPES["bigint"]}, [])
    releases = "(SELECT dataset, release, release_id FROM governance.cubes)"
    last = f"""SELECT p.cell, p.unit_hash, p.value_hash FROM {spec.name} AS p JOIN {releases} AS r USING (release_id)
      JOIN {old} AS o ON o.cell = p.cell AND o.dataset = r.dataset AND o.figures_of = r.release"""
    return f"""SELECT coalesce(p.cell, h.cell) AS cell, count(*) AS changed FROM ({last}) AS p
      FULL JOIN (SELECT * FROM {hashed} WHERE cell IN (SELECT cell FROM {old})) AS h ON p.cell = h.cell AND p.unit_hash = h.unit_hash
      WHERE p.value_hash IS DISTINCT FROM h.value_hash GROUP BY 1"""


def _answer(contract: Contract, record: CubeRecord) -> CubeRelease:
    names = ("release", "cells", "hidden_percent", "source_version", "approved_by", "verified", "reason", "definition")
    return CubeRelease(dataset=record.dataset, table=str(cube_table(contract)), **{name: getattr(record, name) for name in names})
