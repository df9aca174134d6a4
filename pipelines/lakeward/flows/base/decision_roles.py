"""Roles of the serving policy that may take a decision: the same for the command line, programs, Airflow and the portal."""

from collections.abc import Mapping
from types import MappingProxyType

from lakeward.core.errors import ProtectionError
from lakeward.flows.base.identity import Identity

_ROLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "grade": frozenset({"steward", "cdo"}),
        "quarantine": frozenset({"steward"}),
        "incident": frozenset({"steward", "cdo"}),
        "authority": frozenset({"steward", "cdo"}),
        "rights": frozenset({"steward", "cdo"}),
        "review": frozenset({"steward", "cdo", "auditor"}),
        "risk": frozenset({"steward", "cdo", "auditor"}),
        "readiness": frozenset({"cdo", "auditor"}),
    }
)


def deciding_roles(decision: str) -> frozenset[str]:
    """Roles of which an account needs one to take the decision: `grade`, `quarantine`, `incident`, `authority`, `rights`, `review`, `risk` or `readiness`."""
    return _ROLES[decision]


def check_decision_role(identity: Identity, decision: str) -> None:
    """Check that the caller's account may take the decision; a typed name has no roles, and is recorded as not verified.

    Args:
        decision: See `deciding_roles`.

    Raises:
        ProtectionError: The account has none of the roles.
    """
    needed = deciding_roles(decision)
    if identity.account and not needed & set(identity.account.roles):
        raise ProtectionError(
            "decision_role",
            account=identity.account.name,
            found=", ".join(identity.account.roles),
            expected=", ".join(sorted(needed)),
        )
