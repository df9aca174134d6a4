"""Purposes of the policy: what data are read for, and who must agree to it."""

from collections.abc import Mapping
from dataclasses import dataclass

# Days that an approved request holds at most, where the policy sets no other number.
REQUEST_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One purpose.

    Args:
        titles: Its title by language.
        approvers: Roles of whom one approves a request; empty if the purpose of an account is enough.
        days: Days that an approved request holds at most.
    """

    titles: Mapping[str, str]
    approvers: frozenset[str] = frozenset()
    days: int = REQUEST_DAYS
