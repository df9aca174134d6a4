"""Who reads: the caller's identity, the role it takes, and the principal that the serving policy makes of it."""

from dataclasses import dataclass, field
from pathlib import Path

from lakeward.contracts.model import Contract
from lakeward.core.errors import ProtectionError, UsageError
from lakeward.core.names import sha256
from lakeward.core.spelling import did_you_mean
from lakeward.engines.protocols import Engine
from lakeward.flows.base.identity import Identity, identify
from lakeward.flows.base.text_key import project_text_key
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.serving.access import AccessLog, current_account
from lakeward.flows.serving.entry_copies import ACCESS_FOLDER, EntryCopies
from lakeward.flows.serving.policy import served_policy
from lakeward.flows.serving.quota_counts import counts_of
from lakeward.flows.serving.quotas import RowQuota
from lakeward.flows.serving.reading_purpose import ReadingPurpose, resolve_purpose
from lakeward.protection.keys import Scheme, TokenKey, token_key
from lakeward.protection.policy import Action, Policy
from lakeward.protection.read_request import NO_PURPOSE, OWN_PARTY, ReadAuthority, ReadRequest
from lakeward.protection.row_filters import check_every_row
from lakeward.serving.plan import NO_PROTECT, NO_TOKENS, Grades, Principal
from lakeward.serving.tokens import can_tokenise


@dataclass(frozen=True, slots=True)
class Reader:
    """The identity of a session, its principal by the policy, and its purpose."""

    identity: Identity
    principal: Principal
    purpose: ReadingPurpose = field(default_factory=ReadingPurpose)

    @property
    def filter_values(self) -> dict[str, str | None]:
        """What row filters can name of this reader: `READER_VALUES`."""
        return {"party": self.principal.request.party, "account": self.identity.name if self.identity.verified else None}

    def check_every_row(self, dataset: str) -> None:
        """Check that no row filter hides rows of the dataset from this reader, for commands that read whole tables.

        Raises:
            ProtectionError: One does.
        """
        check_every_row(self.principal.policy, self.principal.request, dataset)

    def sees_every_row(self, contract: Contract) -> bool:
        """Whether no row filter hides rows of the dataset from this reader."""
        try:
            self.check_every_row(contract.name)
        except ProtectionError:
            return False
        return True

    def clear_columns(self, contract: Contract, grades: Grades) -> frozenset[str]:
        """Names of the contract's columns that this reader may see in clear.

        Raises:
            ProtectionError: A row filter hides rows of the dataset from this reader.
        """
        self.check_every_row(contract.name)
        served = self.principal.serve_table(contract, None, grades)
        return frozenset(column.name for column in served.columns if column.decision.action is Action.CLEAR)

    @property
    def authority(self) -> ReadAuthority:
        """On whose authority this session reads, and by which policy."""
        policy = self.principal.policy
        return ReadAuthority(
            request=self.principal.request,
            principal=self.identity.name if self.identity.verified else None,
            purpose_request=self.purpose.request,
            policy_version=policy.version,
            policy_sha256=sha256(policy.text.encode()),
            policy_format=policy.format,
        )

    def open_log(self, workspace: Workspace, engine: Engine) -> AccessLog:
        """Create the access log of a session of this reader."""
        authority = self.authority
        request = authority.request
        return AccessLog(
            engine=engine,
            clock=workspace.clock,
            role=request.role,
            policy=self.principal.policy.text,
            policy_version=authority.policy_version,
            key_id=self.principal.key_id,
            text_key=project_text_key(workspace),
            folder=access_log_folder(workspace),
            principal=authority.principal,
            copies=EntryCopies.of(workspace.lake),
            quota=RowQuota(
                engine=engine,
                clock=workspace.clock,
                account=authority.principal or current_account(),
                limits=workspace.project.quotas,
                zone=workspace.project.zone,
                counts=counts_of(workspace.lake, ACCESS_FOLDER),
            ),
            purpose=None if request.purpose == NO_PURPOSE else request.purpose,
            consumer=None if request.party == OWN_PARTY else request.party,
        )


def resolve_reader(workspace: Workspace, role: str | None, purpose: str | None = None) -> tuple[Reader, TokenKey | None]:
    """The reader by the register of accounts and the project's policy, and the token key.

    Args:
        role: None for the account's only role that the policy has; otherwise for the project's default role.
        purpose: Purpose of the policy; None for `LAKEWARD_PURPOSE`, or none.

    Raises:
        UsageError: The policy has no such role or purpose, or no role is named where there is a choice.
        PolicyError, ProtectionError: As `connect`.
    """
    identity, policy = identify(workspace), served_policy(workspace)
    if workspace.project.quotas and identity.has_register and not identity.verified:
        raise ProtectionError("quota_token")  # else an account reads on under the name of its operating system's user
    role = role or _unnamed_role(identity, policy, workspace.project.default_role)
    if role not in policy.roles:
        raise UsageError("role_unknown", role=role, close=did_you_mean(role, policy.roles))
    identity.check_role(role)
    reading = resolve_purpose(workspace, identity, policy, workspace.settings.purpose if purpose is None else purpose)
    party = identity.account.party if identity.account else OWN_PARTY
    request = ReadRequest(role=role, purpose=reading.name, party=party, at=workspace.clock.now())
    principal, key = make_principal(workspace, policy, request)
    return Reader(identity, principal, reading), key


def make_principal(workspace: Workspace, policy: Policy, request: ReadRequest) -> tuple[Principal, TokenKey | None]:
    """The principal of a request, and the token key.

    Raises:
        ProtectionError: The token key is not stored safely.
    """
    key = token_key(workspace.settings, workspace.files)
    scheme = key.scheme if key else Scheme.HMAC
    missing = NO_TOKENS if scheme is Scheme.HMAC else NO_PROTECT
    able = key is None or can_tokenise(scheme)
    principal = Principal(
        request=request, policy=policy, key_id=key.id if key else None, can_tokenise=able, missing_extra=missing
    )
    return principal, key


def _unnamed_role(identity: Identity, policy: Policy, default: str | None) -> str:
    """The only role of the account; otherwise the project's default, if the account has it."""
    own = identity.account.roles if identity.account else policy.roles
    roles = [role for role in own if role in policy.roles]
    if identity.account and len(roles) == 1:
        return roles[0]
    if default and (identity.account is None or default in roles):
        return default
    raise UsageError("role_missing", expected=", ".join(roles) or "-")


def access_log_folder(workspace: Workspace) -> Path:
    """Folder of the access log entries that are not committed yet."""
    return workspace.files / ACCESS_FOLDER
