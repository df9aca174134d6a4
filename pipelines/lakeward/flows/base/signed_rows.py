"""Appends signed rows to governance tables that only grow. Each has `seq`, `author`, `verified` and `recorded_at`."""

from collections.abc import Mapping, Sequence
from typing import Any

from lakeward.core.errors import StoreConflictError, UsageError
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.decision_roles import check_decision_role
from lakeward.flows.base.given_texts import check_given_texts
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import Workspace


def append_signed(
    workspace: Workspace, engine: Engine, table: str, rows: Sequence[Mapping[str, Any]], by: str, *, decision: str | None = None
) -> str:
    """Append rows with the next numbers and the signature of the caller; returns the author's name.

    Args:
        by: Typed name; empty for the token's account.
        decision: What an account needs a role for, see `deciding_roles`; None if every account may do it.

    Raises:
        UsageError: No one is named, or a text holds a control character.
        ProtectionError: The token is not valid, or its account has another name or none of the roles.
        StoreConflictError: Others kept committing first.
    """
    author = identify(workspace, by)
    if decision:
        check_decision_role(author, decision)
    if not author.name:
        raise UsageError("signature_missing")
    for row in rows:
        check_given_texts(row)
    signed = {"author": author.name, "verified": author.verified, "recorded_at": workspace.clock.now()}
    for _ in governance.BACKOFF:
        last = engine.txn(governance.table_name(table), table)
        numbered = [{**row, **signed, "seq": last + at} for at, row in enumerate(rows, 1)]
        if governance.append_rows(engine, table, numbered, Txn(table, last + len(rows))):
            return author.name
    raise StoreConflictError("signed_rows_busy")
