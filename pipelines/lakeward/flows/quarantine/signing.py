"""Who signs an action on quarantined rows, and in which role: by the token of an account, or as typed."""

from dataclasses import replace

from lakeward.core.errors import ProtectionError, UsageError
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.identity import Identity, identify
from lakeward.flows.base.workspace import Workspace
from lakeward.flows.quarantine.events import Signature

# The role of the serving policy that may release or expire quarantined rows.
STEWARD_ROLE = "steward"


def resolve_signature(workspace: Workspace, signature: Signature, command: str, *, steward: bool) -> Signature:
    """The signature with name, role, and whether a token verified them.

    Args:
        command: Name of the action on the command line.
        steward: Whether it needs a steward.

    Raises:
        UsageError: The author or the reason is missing.
        ProtectionError: The action needs a steward, the token is not valid, or its account does not have the name or role.
        MachineError: The register of accounts can't be read.
    """
    named = name_signer(workspace, signature, STEWARD_ROLE if steward else None)
    if not named.by or not (named.reason or "").strip():
        raise UsageError("quarantine_unsigned", command=command)
    if steward and named.role != STEWARD_ROLE:
        raise ProtectionError("quarantine_steward_needed", command=command, role=STEWARD_ROLE)
    return named


def name_signer(workspace: Workspace, signature: Signature, needed: str | None = None) -> Signature:
    """The signature with the name and role of the token's account; without a token, as typed.

    Args:
        needed: Role to take if none is given and the account has it.

    Raises:
        ProtectionError, MachineError: As `resolve_signature`.
    """
    identity = identify(workspace, signature.by)
    if signature.role is not None:
        identity.check_role(signature.role)
    check_decision_role(identity, "quarantine")
    role = signature.role or _default_role(identity, needed)
    return replace(signature, by=identity.name, role=role, verified=identity.verified)


def _default_role(identity: Identity, needed: str | None) -> str | None:
    roles = identity.account.roles if identity.account else ()
    if needed in roles:
        return needed
    return roles[0] if len(roles) == 1 else None
