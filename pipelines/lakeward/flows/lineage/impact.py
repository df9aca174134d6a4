"""What a change of a table or column touches: every field below it, with owner, grade, roles that see it and open shares."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from lakeward.contracts.model import Contract
from lakeward.core.errors import ContractError, UsageError
from lakeward.core.names import TableName
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine, TableReader
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.records import read_grade_record
from lakeward.flows.lineage.graph import reachable_hops
from lakeward.flows.serving.access import current_account
from lakeward.flows.serving.policy import checked_policy
from lakeward.grading.grade import ColumnGrade, Grade, GradeState
from lakeward.protection.policy import Action, Policy
from lakeward.protection.read_request import ReadRequest
from lakeward.serving.plan import Principal
from lakeward_lineage import Dataset, Direction, Hop, HopEffect, Step, Tag, complete, start

NOTICES, APP = "change_notices", "change_notices"
TAG = "lakeward.change"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRole:
    """A role that sees a column.

    Args:
        role: Role of the serving policy.
        action: What the policy does with the values.
    """

    role: str
    action: Action

    def as_dict(self) -> dict[str, object]:
        """The fields by name, with plain values."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactHop:
    """A field that a change touches.

    Args:
        depth: Number of steps from the changed field, from 1.
        field: Touched table or column, as `layer.table.column`; another program's dataset as `namespace/name`.
        effect: `value`: the values of the column are computed or chosen by the changed one; `table`: the change decides which rows the
            table has, or nothing but the tables is known of a step, so any of its columns can be touched.
        via: Field from which this step leads to it.
        kind: How that field acts on it; empty between tables as a whole.
        job: Job of the step.
        owner: Owner of its dataset, by the contract; None if none is known.
        grade, level, state: Its current grade; None if the column has none, or the table is not served.
        roles: Roles that see the column, and in which form. Without a purpose; a purpose can show more.
        shares: Open shares that contain the column.
    """

    depth: int
    field: str
    effect: HopEffect
    via: str
    kind: str
    job: str
    owner: str | None = None
    grade: Grade | None = None
    level: int | None = None
    state: GradeState | None = None
    roles: tuple[ServedRole, ...] = ()
    shares: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward lineage impact --json`."""
        return fields_of(self)


def lineage_impact(settings: Settings, name: str, *, event: str | None = None) -> list[ImpactHop]:
    """Every field below TABLE or TABLE.COLUMN, nearest first: columns by their values, and tables by their rows.

    Args:
        event: Text of a planned change. It is written as a notice, one row per touched field, and sent as a lineage event.

    Raises:
        UsageError: No edge has `name`, or the text is empty.
        PolicyError: The policy is not valid.
        ProtectionError: The token is not valid.
    """
    if event is not None and not event.strip():
        raise UsageError("change_text")
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        found = impact_hops(workspace, engine, name)
        if event is not None:
            _write_notice(workspace, engine, (name, event.strip()), found)
    return found


def impact_hops(workspace: Workspace, tables: TableReader, name: str, details: "FieldDetails | None" = None) -> list[ImpactHop]:
    """As `lineage_impact`, in an opened project.

    Args:
        details: What is known of fields at these versions of the tables; None for nothing yet.

    Raises:
        UsageError: No edge has `name`.
        PolicyError: The policy is not valid.
    """
    known = details or FieldDetails(workspace)
    return [known.hop(hop, tables) for hop in reachable_hops(tables, name, Direction.DOWN)]


class FieldDetails:
    """Owner, grade and roles of fields; each contract and each dataset's grades are read once, so all are of the same versions."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._now = workspace, workspace.clock.now()
        self._contracts: dict[str, Contract | None] = {}
        self._grades: dict[str, Mapping[str, ColumnGrade]] = {}
        self._roles: dict[str, Mapping[str, tuple[ServedRole, ...]]] = {}
        self._policy: Policy | None = None

    def hop(self, hop: Hop, tables: TableReader) -> ImpactHop:
        """A step with what is known of its field.

        Raises:
            PolicyError: The policy is not valid.
        """
        table, column = hop.field.table, hop.field.column
        contract = self._contract(table)
        served = contract if contract and table == str(contract.table(contract.layer)) else None
        grade = self._grade(served, tables).get(column) if served else None
        return ImpactHop(
            depth=hop.depth,
            field=str(hop.field),
            effect=hop.effect,
            via=str(hop.edge.source),
            kind=hop.edge.kind,
            job=hop.edge.job,
            owner=(contract.owner or None) if contract else None,
            grade=grade.grade if grade else None,
            level=grade.level if grade else None,
            state=grade.state if grade else None,
            roles=self._served_roles(served, tables).get(column, ()) if served else (),
        )

    def _contract(self, table: str) -> Contract | None:
        try:
            name = TableName.parse(table).name
        except ValueError:
            return None
        if name not in self._contracts:
            self._contracts[name] = None
            with suppress(ContractError, UsageError):  # of a dataset that left the project, or has no valid contract
                self._contracts[name] = self._workspace.project.contract(name)
        return self._contracts[name]

    def _grade(self, contract: Contract, tables: TableReader) -> Mapping[str, ColumnGrade]:
        if contract.name not in self._grades:
            self._grades[contract.name] = read_grade_record(tables, contract.name).current(contract)
        return self._grades[contract.name]

    def _served_roles(self, contract: Contract, tables: TableReader) -> Mapping[str, tuple[ServedRole, ...]]:
        if contract.name not in self._roles:
            self._policy = policy = self._policy or checked_policy(self._workspace)
            grades = self._grade(contract, tables)
            roles: dict[str, tuple[ServedRole, ...]] = {}
            for role in policy.roles:
                principal = Principal(request=ReadRequest(role=role, at=self._now), policy=policy).with_all_keys(contract)
                for column in principal.serve_table(contract, None, grades).columns:
                    if column.decision.action is not Action.DENY:
                        roles[column.name] = (
                            *roles.get(column.name, ()),
                            ServedRole(role=role, action=column.decision.action),
                        )
            self._roles[contract.name] = roles
        return self._roles[contract.name]


def _write_notice(workspace: Workspace, engine: Engine, change: tuple[str, str], hops: list[ImpactHop]) -> None:
    """Store the notice, then send it: as a tag of the changed table, which receivers of lineage show."""
    (changed, text), at = change, workspace.clock.now()
    signer = identify(workspace).name or current_account()
    while True:
        number = engine.txn(governance.table_name(NOTICES), APP) + 1
        head = {"notice": number, "changed": changed, "text": text, "noticed_at": at, "noticed_by": signer}
        touched = [{"affected": hop.field, "depth": hop.depth, "owner": hop.owner} for hop in hops]
        rows = [{**head, **cells} for cells in touched or [{"affected": changed, "depth": 0, "owner": None}]]
        if governance.append_rows(engine, NOTICES, rows, Txn(APP, number)):
            break
    table, column = _split(changed)
    step = Step(
        project=workspace.project.name,
        job=f"notice.{table}",
        batch=str(number),
        inputs=(Dataset(table, tags=(Tag(TAG, text, column),)),),
    )
    workspace.outbox.append(start(step, at))
    workspace.outbox.append(complete(step, at))
    workspace.deliver_lineage()


def _split(name: str) -> tuple[str, str]:
    """Table and column of TABLE or TABLE.COLUMN; another program's dataset stays whole."""
    layer, _, rest = name.partition(".")
    table, _, column = rest.partition(".")
    return (f"{layer}.{table}", column) if table and "/" not in name else (name, "")
