"""Decisions about keys: approvals of a second person, and the scheme of tokens, from `governance.key_decisions`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from lakeward.core.errors import ProtectionError
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.protection.keys import Scheme, TokenKey, scheme_of_id

TABLE = "key_decisions"
# Front of what is decided: the destruction of a key, and a scheme of tokens.
DESTROY, SCHEME = "destroy:", "scheme:"


class KeyEvent(StrEnum):
    """Kind of an entry."""

    APPROVE = "approve"
    DECIDE = "decide"


def read_key_decisions(engine: Engine) -> list[Mapping[str, Any]]:
    """All entries, the oldest first."""
    return list(governance.read_rows(engine, TABLE, order="seq"))


def append_key_decision(engine: Engine, entry: Mapping[str, object]) -> None:
    """Append an entry under the next number.

    Raises:
        StoreConflictError: Others kept committing first.
    """
    appended = None
    while appended is None:
        seq = engine.txn(governance.table_name(TABLE), TABLE) + 1
        appended = governance.append_rows(engine, TABLE, [{"seq": seq, "approved_by": None, **entry}], Txn(TABLE, seq))


def check_token_scheme(engine: Engine, key: TokenKey | None) -> None:
    """Check that a key makes tokens by the scheme of this lake: those of another one can't be joined with what was handed out.

    Raises:
        ProtectionError: It is of another scheme, and no decision changed it.
    """
    expected = token_scheme(engine) if key else None
    if key and expected and key.scheme is not expected:
        raise ProtectionError("token_scheme_undecided", expected=expected, found=key.scheme)


def token_scheme(engine: Engine) -> Scheme | None:
    """The scheme of this lake's tokens: the one decided last, else that of the first key that a reader had; None without any."""
    decided = [row["subject"] for row in read_key_decisions(engine) if row["event"] == KeyEvent.DECIDE]
    schemes = [subject.removeprefix(SCHEME) for subject in decided if subject.startswith(SCHEME)]
    if schemes:
        return Scheme(schemes[-1])
    used = governance.read_rows(engine, "access_log", "key_id IS NOT NULL", order="asked_at LIMIT 1")
    return scheme_of_id(used[0]["key_id"]) if used else None
