"""Appends signed rows to governance tables that only grow. Each has `seq`, `author`, `verified` and `recorded_at`."""

from collections.abc import Mapping, Sequence
from typing import Any

from lakeward.core.errors import StoreConflictError, UsageError
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.base import governance
from lakeward.flows.base.identity import identify
from lakeward.flows.base.workspace import Workspace


def append_signed(workspace: Workspace, engine: Engine, table: str, rows: Sequence[Mapping[str, Any]], by: str) -> str:
    """Append rows with the next numbers and the signature of the caller; returns the author's name.

    Args:
        by: Typed name; empty for the token's account.

    Raises:
        UsageError: No one is named.
        ProtectionError: The token is not valid, or its account has another name.
        StoreConflictError: Others kept committing first.
    """
    author = identify(workspace, by)
    if not author.name:
        raise UsageError("signature_missing")
    signed = {"author": author.name, "verified": author.verified, "recorded_at": workspace.clock.now()}
    for _ in governance.BACKOFF:
        last = engine.txn(governance.table_name(table), table)
        numbered = [{**row, **signed, "seq": last + at} for at, row in enumerate(rows, 1)]
        if governance.append_rows(engine, table, numbered, Txn(table, last + len(rows))):
            return author.name
    raise StoreConflictError("signed_rows_busy")
