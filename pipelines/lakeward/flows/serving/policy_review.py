"""Reviews a policy before it applies: its whole matrix, and what it changes against another one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.policy_file import POLICY_FILE
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.serving.policy import contract_names, load_policy
from lakeward.protection.lenient_names import LenientNames
from lakeward.protection.load import policy_text, read_policy
from lakeward.protection.matrix import MatrixAxes, MatrixCell, decide_all
from lakeward.protection.policy import AccessDecision, Action, Policy
from lakeward.protection.policy_diff import ChangeKind, compare_policies
from lakeward.protection.reachable import GRADE_LEVELS

_EVERY_NAME = LenientNames((), lambda _: True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyMatrixRow:
    """What a role gets of the values of a category, by grade. The lists combine: each purpose goes with each party.

    Args:
        role: Role of the policy.
        purposes: What for it reads; `none`: without a purpose.
        parties: For whom it reads; `own`: the project's own people.
        column: `layer.dataset.column`; `*` for every column that no rule names.
        category: Category of content.
        core, important: Action for these grades.
        general_4, general_3, general_2, general_1: Action for general, by level.
    """

    role: str
    purposes: tuple[str, ...]
    parties: tuple[str, ...]
    column: str
    category: str
    core: Action
    important: Action
    general_4: Action
    general_3: Action
    general_2: Action
    general_1: Action

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward policy test --matrix --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDifference:
    """One change of what a role gets. The lists combine: each name of one goes with each of the others.

    Args:
        kind: Whether the role gains or loses.
        role: Role of the policy.
        purposes: What for it reads; `none`: without a purpose.
        parties: For whom it reads; `own`: the project's own people.
        column: `layer.dataset.column`, or `*` for every column that no rule names; of rows `layer.dataset`, or `*`.
        categories: Categories of content; none for rows.
        grades: Grades, with the level as `general 3`; none for rows.
        before: What it gets of the values by the old policy; of rows `all rows`, or the filters that they must pass.
        after: What it gets by the new one.
        rule_before: Id of the rule of the old policy that decides; None where none does.
        rule_after: Id of the rule of the new one.
        at: Time from which the change shows: now, or where a rule begins or ends.
    """

    kind: ChangeKind
    role: str
    purposes: tuple[str, ...]
    parties: tuple[str, ...]
    column: str
    categories: tuple[str, ...]
    grades: tuple[str, ...]
    before: str
    after: str
    rule_before: str | None
    rule_after: str | None
    at: datetime

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward policy diff --json`."""
        return fields_of(self)


def show_policy_matrix(settings: Settings) -> list[PolicyMatrixRow]:
    """What the project's policy decides of every role, purpose, party, column and category, by grade, at the present time.

    Raises:
        PolicyError: The policy is not valid.
    """
    workspace = open_workspace(settings)
    policy = load_policy(workspace)
    decisions = decide_all(policy, MatrixAxes.of(policy), workspace.clock.now())
    rows = [_row(cells) for cells in zip(*[decisions] * len(GRADE_LEVELS), strict=True)]
    return _merge(_merge(rows, "purposes"), "parties")


def compare_policy_files(settings: Settings, old: Path, new: Path | None = None) -> list[PolicyDifference]:
    """Who gains and who loses what between two policies; without `new`, the project's own is the new one.

    Raises:
        UsageError: A file does not exist.
        PolicyError: A policy is not valid.
    """
    workspace = open_workspace(settings)
    # An older policy may name columns that contracts no longer have.
    before = _read_file(workspace, old, {"columns": _EVERY_NAME, "filters": _EVERY_NAME})
    after = _read_file(workspace, new, contract_names(workspace.project)) if new else load_policy(workspace)
    changes = compare_policies(before, after, workspace.clock.now())
    return [PolicyDifference(**{name: getattr(change, name) for name in change.__slots__}) for change in changes]


def _row(cells: Sequence[tuple[MatrixCell, AccessDecision]]) -> PolicyMatrixRow:
    """The decisions about one category, by grade and level as `GRADE_LEVELS` has them."""
    cell = cells[0][0]
    core, important, *general = (decision.action for _, decision in cells)
    return PolicyMatrixRow(
        role=cell.role,
        purposes=(cell.purpose,),
        parties=(cell.party,),
        column=cell.column,
        category=cell.category,
        core=core,
        important=important,
        general_4=general[0],
        general_3=general[1],
        general_2=general[2],
        general_1=general[3],
    )


def _merge(rows: Iterable[PolicyMatrixRow], field: Literal["purposes", "parties"]) -> list[PolicyMatrixRow]:
    """Rows that differ in this field alone become one."""
    groups: dict[PolicyMatrixRow, tuple[str, ...]] = {}
    for row in rows:
        key = _with(row, field, ())
        groups[key] = (*groups.get(key, ()), *getattr(row, field))
    return [_with(key, field, names) for key, names in groups.items()]


def _with(row: PolicyMatrixRow, field: Literal["purposes", "parties"], names: tuple[str, ...]) -> PolicyMatrixRow:
    return replace(row, purposes=names) if field == "purposes" else replace(row, parties=names)


def _read_file(workspace: Workspace, file: Path, names: Mapping[str, Collection[str]]) -> Policy:
    if not file.is_file():
        raise UsageError("policy_file_missing", file=file, expected=POLICY_FILE)
    policy, problems = read_policy(policy_text(file, str(file)), str(file), zone=workspace.project.zone, **names)
    if problems:
        raise problems[0]
    return policy
