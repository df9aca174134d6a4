"""Who reads, as what, for which purpose and when: what the policy decides by, beside the column."""

from dataclasses import dataclass
from datetime import datetime

# The purpose of a reader who names none.
NO_PURPOSE = "none"
# The party of the project's own people.
OWN_PARTY = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What a reader asks to be.

    Args:
        role: Role of the policy.
        purpose: Purpose of the policy; `none` without one.
        party: The party that the reader's account belongs to; `own` for the project's own people.
        at: Time of reading.
    """

    role: str
    purpose: str = NO_PURPOSE
    party: str = OWN_PARTY
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAuthority:
    """On whose authority a session reads, and by which policy: the values that an entry of the access log states.

    Args:
        request: Role, purpose and party of the session, and the time of its opening.
        principal: Account whose token was verified; None without one.
        purpose_request: Number of the approved request that the purpose rests on; None if the account has the purpose, or none.
        policy_version: Edition of the policy, as its author numbers it.
        policy_sha256: Hash of the policy's text.
        policy_format: Format of the policy's file.
    """

    request: ReadRequest
    principal: str | None
    purpose_request: int | None
    policy_version: str
    policy_sha256: str
    policy_format: int
