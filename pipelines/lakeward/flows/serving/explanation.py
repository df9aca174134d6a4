"""Explains what a reader sees of a column: by which rule, why, whom to ask, and what a purpose would change."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lakeward.contracts.model import Contract
from lakeward.core.errors import UsageError
from lakeward.core.messages import Lang
from lakeward.core.messages import text as message
from lakeward.core.names import TableName
from lakeward.core.settings import Settings
from lakeward.core.spelling import did_you_mean
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.grading.grade import current_grades
from lakeward.flows.serving.policy import contract_columns, served_policy
from lakeward.flows.serving.purposes import find_purpose
from lakeward.grading.grade import Grade, GradeState
from lakeward.protection.matrix import protection
from lakeward.protection.policy import Action, Policy
from lakeward.protection.read_request import NO_PURPOSE, OWN_PARTY, ReadRequest
from lakeward.serving.plan import Principal, ServedColumn


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeOption:
    """A purpose that would show more of a column.

    Args:
        purpose: Purpose of the policy.
        action: What the policy would do with the values.
        approvers: Roles of whom one approves a request; empty if the purpose of the account is enough.
    """

    purpose: str
    action: Action
    approvers: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The fields by name."""
        return fields_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskExplanation:
    """What one role sees of a column, and why.

    Args:
        column: `layer.table.column`.
        role: The role.
        purpose: Purpose of reading; `none` without one.
        party: Party of the reader.
        action: What the policy does with the values.
        rule: Id of the rule or limit that decided; None if none did.
        base_rule: Id of the rule that this limit narrowed; None if no limit decided.
        why: The reason, as text.
        owner: Owner of the table, from its contract.
        ask: Who can grant more access.
        options: Purposes that would show more.
        filters: Ids of the row filters that hide rows of the table from the role.
        grade, level, category, state: Grade of the column; None if it is ungraded.
    """

    column: str
    role: str
    purpose: str
    party: str
    action: Action
    rule: str | None
    base_rule: str | None
    why: str
    ask: str
    options: tuple[PurposeOption, ...]
    filters: tuple[str, ...]
    grade: Grade | None
    level: int | None
    category: str | None
    state: GradeState | None
    owner: str

    def as_dict(self) -> dict[str, object]:
        """The fields by name, with plain values."""
        return fields_of(self)

    def __getitem__(self, key: str) -> object:
        """The plain value of `key`, for notebooks."""
        return self.as_dict()[key]


def explain_policy(
    settings: Settings, column: str, role: str, purpose: str = NO_PURPOSE, party: str = OWN_PARTY
) -> MaskExplanation:
    """Explain what the policy shows a role of `layer.dataset.column`, by the column's current grade.

    Every role, purpose and party may be asked about: the answer has no values. Keys of a session are left out.

    Raises:
        UsageError: The column, role, purpose or party does not exist.
        PolicyError: The policy is not valid.
    """
    workspace = open_workspace(settings)
    policy = served_policy(workspace)
    _check_names(policy, role, purpose, party)
    contract = _contract_of(workspace, column)
    with workspace.engine() as engine:
        grades = current_grades(engine, contract)
    request = ReadRequest(role=role, purpose=purpose, party=party, at=workspace.clock.now())
    principal = Principal(request=request, policy=policy).with_all_keys(contract)
    name = column.rpartition(".")[2]
    served = next(c for c in principal.serve_table(contract, None, grades).columns if c.name == name)
    return explain_column(principal, contract, served, settings.lang)


def explain_column(principal: Principal, contract: Contract, column: ServedColumn, lang: Lang) -> MaskExplanation:
    """Explain what the principal sees of a column of the contract's table."""
    decision, grade, request = column.decision, column.grade, principal.request
    coded = decision.why.startswith("serving_")
    table = contract.table(contract.layer)
    return MaskExplanation(
        column=f"{table}.{column.name}",
        role=request.role,
        purpose=request.purpose,
        party=request.party,
        action=decision.action,
        rule=decision.rule,
        base_rule=decision.base_rule,
        why=message(decision.why, lang) if coded else decision.why,
        ask=decision.ask,
        options=tuple(_options(principal, table, column)),
        filters=tuple(rule.id for rule in principal.policy.filters_for(request, table)),
        grade=grade.grade if grade else None,
        level=grade.level if grade else None,
        category=grade.category if grade else None,
        state=grade.state if grade else None,
        owner=contract.owner,
    )


def _options(principal: Principal, table: TableName, column: ServedColumn) -> Iterator[PurposeOption]:
    policy, request = principal.policy, principal.request
    own = policy.decide(request, table, column.name, column.grade)
    for name, purpose in policy.purposes.items():
        found = policy.decide(replace(request, purpose=name), table, column.name, column.grade)
        shows = found.action not in {Action.AGGREGATE, Action.DENY}
        if name != request.purpose and shows and protection(found) < protection(own):
            yield PurposeOption(purpose=name, action=found.action, approvers=tuple(sorted(purpose.approvers)))


def _check_names(policy: Policy, role: str, purpose: str, party: str) -> None:
    if role not in policy.roles:
        raise UsageError("role_unknown", role=role, close=did_you_mean(role, policy.roles))
    if purpose != NO_PURPOSE:
        find_purpose(policy, purpose)
    if party not in {OWN_PARTY, *policy.parties}:
        raise UsageError("party_unknown", party=party, close=did_you_mean(party, (OWN_PARTY, *policy.parties)) or OWN_PARTY)


def _contract_of(workspace: Workspace, column: str) -> Contract:
    names = contract_columns(workspace.project)
    if column not in names:
        raise UsageError("column_not_found", column=column, close=did_you_mean(column, names) or "-")
    return workspace.project.contract(TableName.parse(column.rpartition(".")[0]).name)
