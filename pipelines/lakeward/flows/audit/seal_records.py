"""Seals of one log as stored: reading them, and going on from the last one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeward.core.errors import ProtectionError
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import Txn
from lakeward.flows.audit.sealed_logs import SealedLog, leaves_query
from lakeward.flows.base import governance
from lakeward.protection.checkpoints import Checkpoint, parse_checkpoints
from lakeward.protection.merkle import EMPTY_ROOT, MerkleTree, tree_of

# Leaves per row that is fetched: of 32 bytes each, as hex digits, 4 MB.
LEAVES_PER_ROW = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRecord:
    """A stored seal; the fields are the columns of `governance.seals`."""

    log: str
    seal_seq: int
    first_leaf: int
    tree_size: int
    root: str
    prev_root: str
    peaks: str
    key_id: str | None
    checkpoint: str
    sealed_at: datetime
    sent_to: str

    def read_checkpoint(self) -> Checkpoint | None:
        """Its checkpoint; None if the text is none, or says other than the record."""
        lines = list(parse_checkpoints(self.checkpoint))
        if len(lines) != 1 or lines[0] is None:
            return None
        found = lines[0]
        said = (found.log, found.seal, found.tree_size, found.root, found.key_id, found.sealed_at)
        stored = (self.log, self.seal_seq, self.tree_size, self.root, self.key_id, self.sealed_at.isoformat())
        return found if said == stored else None

    def tree(self) -> MerkleTree:
        """Its tree, to which leaves can be added.

        Raises:
            ProtectionError: The peaks do not give its root.
        """
        try:
            tree = tree_of(self.tree_size, self.peaks)
        except ValueError:
            tree = MerkleTree()
        if tree.root().hex() != self.root:
            raise ProtectionError("seal_broken", log=self.log, seal=self.seal_seq)
        return tree


def read_seals(engine: Engine, log: SealedLog) -> list[SealRecord]:
    """All seals of a log, the oldest first."""
    return [SealRecord(**row) for row in governance.read_rows(engine, "seals", order="seal_seq", log=log.name)]


def last_seal(engine: Engine, log: SealedLog) -> SealRecord | None:
    """The newest seal of a log; None without any."""
    if engine.info(governance.table_spec("seals").name) is None:
        return None
    table = governance.table_spec("seals").name
    rows: list[dict[str, Any]] = engine.fetch(
        f"SELECT * FROM {table} WHERE log = {literal(log.name)} ORDER BY seal_seq DESC LIMIT 1"
    )
    return SealRecord(**rows[0]) if rows else None


def read_leaves(engine: Engine, log: SealedLog, first: int) -> bytes:
    """The leaves of a log from `first` on, in order, of 32 bytes each.

    Raises:
        ValueError: A leaf is no hash.
    """
    query = f"""SELECT string_agg(hash, {literal("")} ORDER BY leaf) AS hashes FROM ({leaves_query(log, "leaf", "hash")} AND leaf >= {first})
        GROUP BY leaf // {LEAVES_PER_ROW} ORDER BY min(leaf)"""
    return b"".join(bytes.fromhex(row["hashes"] or "-") for row in engine.fetch(query))


def leaves_of(content: bytes) -> list[bytes]:
    """The single leaves of `read_leaves`."""
    return [content[at : at + 32] for at in range(0, len(content), 32)]


def seal_txn(log: SealedLog, seal_seq: int) -> Txn:
    """The transaction of a seal, and of its leaves."""
    return Txn(f"seal/{log.name}", seal_seq)


def empty_root() -> str:
    """Root of a tree without leaves, as hex digits."""
    return EMPTY_ROOT.hex()
