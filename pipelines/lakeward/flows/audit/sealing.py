"""Seals the logs: new entries become leaves of a tree, and its signed root a checkpoint that leaves the machine.

The leaves are committed first, the seal second: after a kill in between, the next sealer seals just these leaves.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from lakeward.core.errors import MachineError, ProtectionError, TransientError
from lakeward.core.settings import Settings
from lakeward.core.sql import literal
from lakeward.engines import open_engine
from lakeward.engines.protocols import Engine
from lakeward.flows.audit.seal_key import load_seal_key
from lakeward.flows.audit.seal_records import (
    SealRecord,
    empty_root,
    last_seal,
    leaves_of,
    read_leaves,
    seal_txn,
)
from lakeward.flows.audit.sealed_logs import SEALED_LOGS, SealedLog, leaves_query, read_entries
from lakeward.flows.audit.sending import Delivery, send_checkpoints, target_names
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.workspace import Workspace, open_workspace
from lakeward.flows.serving.abandoned_entries import commit_abandoned_entries
from lakeward.flows.serving.entry_copies import EntryCopies
from lakeward.flows.serving.reader import access_log_folder
from lakeward.protection.checkpoints import make_checkpoint
from lakeward.protection.merkle import MerkleTree
from lakeward.protection.signatures import SealKey

# Lock of the one sealer of a lake; in an object store, where machines share no files, a lease of the other name besides.
LOCK_FILE = ".seals.lock"
_LEASE = ".seals"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealAnswer:
    """A new seal of one log.

    Args:
        log: Name of the log.
        seal: Number of the seal.
        entries: Number of entries that it added.
        tree_size: Number of entries that it proves.
        root: Root of the tree, as hex digits.
        key_id: Id of the public key; None if it is not signed.
        sent_to: Places outside the lake that took the checkpoint.
        unsent: Places that did not; the next sealing tries again.
        sealed_at: Time of the seal.
    """

    log: str
    seal: int
    entries: int
    tree_size: int
    root: str
    key_id: str | None
    sent_to: tuple[str, ...]
    unsent: tuple[str, ...]
    sealed_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward access seal --json`."""
        return fields_of(self)


@dataclass(frozen=True, slots=True)
class _Sealer:
    workspace: Workspace
    engine: Engine
    key: SealKey | None


def seal_logs(settings: Settings) -> list[SealAnswer]:
    """Seal the new entries of every log; returns the new seals, none if nothing is new.

    Raises:
        ProtectionError: The sealing key is not stored safely, or the last seal is broken.
        TransientError: Another sealer is at work.
        MachineError: The lake can't be written, or the extra `protect` is missing.
    """
    workspace = open_workspace(settings)
    key = load_seal_key(workspace)
    engine = open_engine("embedded", workspace.lake.as_stored(), settings.memory)
    try:
        governance.check_schema_version(engine)
        commit_abandoned_entries(engine, access_log_folder(workspace), EntryCopies.of(workspace.lake))
        with _lock(workspace.files), _machine_turn(workspace, engine):
            # What a killed sealer left is sealed as it is, so that what was written since needs a seal of its own.
            seals = 2 if any(_has_unsealed_leaves(engine, log) for log in SEALED_LOGS) else 1
            return [answer for _ in range(seals) for answer in _seal_all(_Sealer(workspace, engine, key))]
    finally:
        engine.close()


def _seal_all(sealer: _Sealer) -> list[SealAnswer]:
    """Seal the logs that have new entries, or whose newest checkpoint a target does not have; one message holds all checkpoints."""
    drafts = [(log, draft) for log in SEALED_LOGS if (draft := _draft_seal(sealer, log))]
    if not drafts:
        return []
    delivery = send_checkpoints(sealer.workspace, [draft.checkpoint for _, draft in drafts])
    found = []
    for log, draft in drafts:
        record = replace(draft, sent_to=json.dumps(delivery.sent, ensure_ascii=False))
        governance.append_rows(sealer.engine, "seals", [asdict(record)], seal_txn(log, record.seal_seq))
        found.append(_answer(record, delivery))
    return found


def _draft_seal(sealer: _Sealer, log: SealedLog) -> SealRecord | None:
    """The next seal of a log, whose leaves are committed; None if there is nothing to seal or to send."""
    last = last_seal(sealer.engine, log)
    tree = _checked_tree(last) if last else MerkleTree()
    seq, first = (last.seal_seq + 1 if last else 1), tree.size
    if _append_leaves(sealer, log, seq, first):
        tree.extend(leaves_of(read_leaves(sealer.engine, log, first)))
    elif last is None or set(target_names(sealer.workspace)) <= set(json.loads(last.sent_to)):
        return None
    now, root = sealer.workspace.clock.now(), tree.root().hex()
    content = {"origin": sealer.workspace.project.name, "log": log.name, "seal": seq, "tree_size": tree.size, "root": root}
    checkpoint = make_checkpoint(sealer.key, now, **content)
    return SealRecord(
        log=log.name,
        seal_seq=seq,
        first_leaf=first,
        tree_size=tree.size,
        root=root,
        prev_root=last.root if last else empty_root(),
        peaks=tree.peaks_text(),
        key_id=checkpoint.key_id,
        checkpoint=checkpoint.line(),
        sealed_at=now,
        sent_to="[]",
    )


def _checked_tree(last: SealRecord) -> MerkleTree:
    """The tree of the last seal, which is never continued if it is broken.

    Raises:
        ProtectionError: It is.
    """
    checkpoint = last.read_checkpoint()
    if checkpoint is None or (checkpoint.is_signed and not checkpoint.has_valid_signature()):
        raise ProtectionError("seal_broken", log=last.log, seal=last.seal_seq)
    return last.tree()


def _append_leaves(sealer: _Sealer, log: SealedLog, seal_seq: int, first: int) -> bool:
    """Append the new entries as leaves of this seal; whether there are any. A killed sealer may have appended them already."""
    engine, table = sealer.engine, governance.table_spec("seal_leaves")
    if _has_leaves(engine, log, seal_seq):
        return True
    stored = engine.info(table.name) is not None
    entries = read_entries(sealer.workspace, engine, log, is_checked=False)
    unsealed = f"AND hash NOT IN ({leaves_query(log, 'hash')} AND hash IS NOT NULL)" if stored else ""
    new = engine.materialise(f"new_{log.name}", f"SELECT * FROM {entries} WHERE hash IS NOT NULL {unsealed}")
    if not engine.fetch(f"SELECT 1 FROM {new} LIMIT 1"):
        return False
    governance.record_schema_version(engine, "seal_leaves")
    query = f"""SELECT {literal(log.name)} AS log, CAST({seal_seq} AS BIGINT) AS seal_seq,
          {first} - 1 + row_number() OVER (ORDER BY place, seq, hash) AS leaf, place, seq, hash FROM {new}"""
    governance.with_retries(lambda: engine.append(table, query, seal_txn(log, seal_seq)))
    return True


def _has_unsealed_leaves(engine: Engine, log: SealedLog) -> bool:
    last = last_seal(engine, log)
    return _has_leaves(engine, log, last.seal_seq + 1 if last else 1)


def _has_leaves(engine: Engine, log: SealedLog, seal_seq: int) -> bool:
    return engine.txn(governance.table_spec("seal_leaves").name, seal_txn(log, seal_seq).app) >= seal_seq


def _answer(record: SealRecord, delivery: Delivery) -> SealAnswer:
    return SealAnswer(
        log=record.log,
        seal=record.seal_seq,
        entries=record.tree_size - record.first_leaf,
        tree_size=record.tree_size,
        root=record.root,
        key_id=record.key_id,
        sent_to=delivery.sent,
        unsent=delivery.failed,
        sealed_at=record.sealed_at,
    )


def _machine_turn(workspace: Workspace, engine: Engine) -> AbstractContextManager[None]:
    """The turn of this machine, for which it waits."""
    return engine.dataset_lock(_LEASE) if workspace.lake.options else nullcontext()


@contextmanager
def _lock(lake: Path) -> Iterator[None]:
    """The turn of the one sealer; the system ends it if the process dies.

    Raises:
        TransientError: Another sealer is at work.
        MachineError: The lake can't be written.
    """
    try:
        handle = os.open(lake / LOCK_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise MachineError("lake_not_writable", lake=lake) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise TransientError("seal_busy", lake=lake) from None
    finally:
        os.close(handle)
