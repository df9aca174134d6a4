"""Expires open rows: they are closed and never judged again, but stay in bronze and quarantine. Needs a steward and a reason."""

from dataclasses import replace
from datetime import timedelta

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.flows.base import pinning
from lakeward.flows.base.workspace import open_workspace
from lakeward.flows.quarantine.events import EVENTS, EventKind, QuarantineEvent, Signature, append_row_events
from lakeward.flows.quarantine.open_rows import has_quarantine, open_rows
from lakeward.flows.quarantine.selection import Selection
from lakeward.flows.quarantine.signing import resolve_signature
from lakeward.flows.serving.clear_columns import check_expressions
from lakeward.flows.steward.expression_trial import try_expressions
from lakeward.flows.steward.replay import received_contract


def expire_rows(
    settings: Settings, name: str, selection: Selection, signature: Signature, *, older_than: timedelta | None = None
) -> int:
    """Close the selected open rows; returns their number. Without such rows nothing is written.

    Raises:
        UsageError: The dataset does not exist or is computed, nothing is selected, or no reason is given.
        ProtectionError: The role is not a steward's, or the selection's condition is not an expression.
    """
    workspace = open_workspace(settings)
    signature = resolve_signature(workspace, signature, "expire", steward=True)
    contract = received_contract(workspace, name)
    if older_than is not None:
        selection = replace(selection, before=workspace.clock.now() - older_than)
    if selection.selects_all:
        raise UsageError("quarantine_selection_needed", command="expire", dataset=name)
    with workspace.engine(contract) as engine, engine.dataset_lock(name):
        if not has_quarantine(engine, name):
            return 0
        check_expressions(
            workspace, engine, contract, selection.expressions, (f"expire {name} {selection.where}", signature.role)
        )
        try_expressions(workspace, name, selection, {})
        upto = pinning.newest_plan(engine, name).seq
        waiting = engine.materialise("open_rows", open_rows(engine, contract, upto + 1))
        expired = engine.materialise("expired", selection.row_ids(waiting, engine.types(waiting)))
        rows = int(engine.fetch(f"SELECT count(*) AS n FROM {expired}")[0]["n"])
        if rows:
            app = f"expire/{name}"
            event = QuarantineEvent(
                dataset=name,
                kind=EventKind.EXPIRE,
                number=engine.txn(EVENTS, app) + 1,
                upto_seq=upto,
                signature=signature,
                at=workspace.clock.now(),
            )
            append_row_events(engine, event, f"SELECT * FROM {expired}", app)
    return rows
