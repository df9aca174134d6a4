"""Releases the cube of a table: groups of at least k units, each of which changes only by k units at once."""

import json
import secrets
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal

from lakeward.contracts.model import Contract
from lakeward.core.errors import LakewardError, ProtectionError, StoreConflictError, UsageError
from lakeward.core.names import new_run_id
from lakeward.core.settings import Settings
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import Identity, identify
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.grade import GradeLookup, current_grades
from lakeward.flows.serving.cube_groups import make_groups
from lakeward.flows.serving.cube_noise import spent_epsilon
from lakeward.flows.serving.cube_record import (
    CubeRecord,
    append_release,
    cube_definition,
    cube_table,
    describe_cube,
    newest_release,
    publish_release,
    read_releases,
)
from lakeward.protection.cubes import CubeQueries
from lakeward.protection.policy import NO_CATEGORY
from lakeward.protection.read_request import OWN_PARTY

# Who may approve a definition, where there are accounts.
APPROVERS = ("admin", "cdo", "steward")


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
        definition: JSON of unit, dimensions, measures, k, dominance and noise.
        epsilon: Privacy loss of a release; None for figures without noise.
        epsilon_spent: Privacy loss of all releases of the dataset so far.
        epsilon_budget: Largest sum that the contract allows.
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
    epsilon: Decimal | None = None
    epsilon_spent: Decimal | None = None
    epsilon_budget: Decimal | None = None

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
        ProtectionError: Who approves has no valid token or not the role, where there are accounts; or the budget of noise is spent.
        MachineError: The cube has noise, and the extra `noise` is not installed.
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
        made = make_groups(engine, queries, record, last)
        if made is not last:
            if not append_release(engine, made):
                raise StoreConflictError("cube_busy", dataset=name)
            publish_release(engine, contract, made)
        return _answer(engine, contract, made)


def release_cubes(settings: Settings) -> tuple[list[CubeRelease], dict[str, LakewardError]]:
    """Release the groups of every table that has rows and a cube; those whose table is as it was stay as they are.

    Returns:
        The releases, and the failure of each other dataset; a definition that waits for its approval is one.
    """
    workspace = open_workspace(settings)
    with closing(open_engine("embedded", workspace.lake, memory=settings.memory)) as engine:
        contracts = workspace.project.valid_contracts().values()
        names = [each.name for each in contracts if each.cube and engine.info(each.table(each.layer))]
    released: list[CubeRelease] = []
    failed: dict[str, LakewardError] = {}
    for name in names:
        try:
            released.append(release_cube(settings, name))
        except LakewardError as error:
            failed[name] = error
    return released, failed


def list_cubes(settings: Settings) -> list[CubeRelease]:
    """The newest release of each cube."""
    workspace = open_workspace(settings)
    contracts = workspace.project.valid_contracts()
    with closing(open_engine("embedded", workspace.lake, memory=settings.memory)) as engine:
        newest = {record.dataset: record for record in read_releases(engine)}
        return [_answer(engine, contracts[name], record) for name, record in newest.items() if name in contracts]


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
        raise UsageError("cube_unapproved", dataset=contract.name, definition=describe_cube(contract))
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


def _answer(engine: Engine, contract: Contract, record: CubeRecord) -> CubeRelease:
    noise = json.loads(record.definition).get("noise")
    spent = noise and {
        "epsilon": Decimal(noise["epsilon"]),
        "epsilon_spent": spent_epsilon(engine, record.dataset),
        "epsilon_budget": Decimal(noise["budget"]),
    }
    names = ("release", "cells", "hidden_percent", "source_version", "approved_by", "verified", "reason", "definition")
    own = {name: getattr(record, name) for name in names} | (spent or {})
    return CubeRelease(dataset=record.dataset, table=str(cube_table(contract)), **own)
