"""Checks the seals of a log against each other, its leaves, the keys that may sign, and checkpoints from outside the lake."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lakeward.flows.audit.log_faults import FaultKind, LogFault, make_fault
from lakeward.flows.audit.seal_records import SealRecord, empty_root, leaves_of, seal_txn
from lakeward.flows.audit.sealed_logs import SealedLog
from lakeward.protection.checkpoints import Checkpoint
from lakeward.protection.merkle import MerkleTree

# Missing seals that are looked for.
MISSING = 1_000


@dataclass(kw_only=True)
class SealCheck:
    """A check of one log.

    Args:
        leaves: Its leaves in order, of 32 bytes each; None if they are damaged.
        transactions: Transactions of the table of seals, read before the seals.
        checkpoints: Checkpoints of this log that were kept outside the lake.
        public_keys: Keys that may sign, as hex digits; empty if none is known.
        must_be_signed: The project names its key, so that a log without a signature is a fault.
        signed: Number of entries under the newest valid signature.
        key_id: Id of its key; None without one.
    """

    log: SealedLog
    seals: Sequence[SealRecord]
    leaves: bytes | None
    transactions: Mapping[str, int]
    checkpoints: Sequence[Checkpoint] = ()
    public_keys: Collection[str] = ()
    must_be_signed: bool = False
    signed: int = 0
    key_id: str | None = None
    _roots: dict[int, str] = field(default_factory=dict)

    def faults(self) -> list[LogFault]:
        """All faults of the seals."""
        self._compute_roots()
        kinds: dict[FaultKind, Iterable[str]] = {
            FaultKind.SEAL_CHANGED: self._changed(),
            FaultKind.SEAL_REMOVED: self._removed(),
            FaultKind.SIGNATURE: self._signatures(),
            FaultKind.CHECKPOINT: [_name(each) for each in self.checkpoints if self._roots.get(each.tree_size) != each.root],
        }
        return [fault for kind, names in kinds.items() for fault in make_fault(self.log.name, kind, names)]

    def _compute_roots(self) -> None:
        """The roots at the sizes of seals and checkpoints, as far as the leaves reach."""
        sizes = sorted({0, *(seal.tree_size for seal in self.seals), *(each.tree_size for each in self.checkpoints)})
        tree, leaves = MerkleTree(), leaves_of(self.leaves or b"")
        for size in sizes:
            if size <= len(leaves):
                tree.extend(leaves[tree.size : size])
                self._roots[size] = tree.root().hex()

    def _changed(self) -> list[str]:
        """The first seal whose root its leaves do not give, and seals that do not say one thing or do not follow the one before."""
        wrong = [seal for seal in self.seals if self._roots.get(seal.tree_size) != seal.root]
        found = [f"seal/{seal.seal_seq}" for seal in wrong[:1]]
        size, root = 0, empty_root()
        for seal in self.seals:
            follows = (seal.first_leaf, seal.prev_root) == (size, root) or self._is_after_gap(seal)
            if not follows or seal.read_checkpoint() is None:
                found.append(f"seal/{seal.seal_seq}")
            size, root = seal.tree_size, seal.root
        return found

    def _is_after_gap(self, seal: SealRecord) -> bool:
        return seal.seal_seq > 1 and all(other.seal_seq != seal.seal_seq - 1 for other in self.seals)

    def _removed(self) -> list[str]:
        """Numbers without a seal, up to the last one that was committed."""
        present = {seal.seal_seq for seal in self.seals}
        last = max(self.transactions.get(seal_txn(self.log, 0).app, 0), *present, 0)
        last = min(last, len(present) + MISSING)
        return [f"seal/{number}" for number in range(1, last + 1) if number not in present]

    def _signatures(self) -> list[str]:
        """Seals and checkpoints with a signature that is not valid, or of a key that may not sign the newest one.

        Older ones may be of an earlier key: their roots are compared with the leaves.
        """
        kept = [each for each in self.checkpoints if each.is_signed]
        found = [_name(each) for each in kept if not each.has_valid_signature()]
        found += [_name(each) for each in sorted(kept, key=lambda each: each.seal)[-1:] if not self._is_trusted(each)]
        signed = [each for seal in self.seals if (each := seal.read_checkpoint()) and each.is_signed]
        found += [f"seal/{each.seal}" for each in signed if not each.has_valid_signature()]
        valid = [each for each in signed if each.has_valid_signature()]
        if valid and not self._is_trusted(valid[-1]):
            found.append(f"seal/{valid[-1].seal}")
        elif valid:
            self.signed, self.key_id = valid[-1].tree_size, valid[-1].key_id
        newest = self.seals[-1].seal_seq if self.seals else None
        if self.must_be_signed and newest and newest not in {each.seal for each in valid}:
            found.append(f"seal/{newest}")
        return found

    def _is_trusted(self, checkpoint: Checkpoint) -> bool:
        known = not self.public_keys or checkpoint.public_key in self.public_keys
        return known and checkpoint.has_valid_signature()


def _name(checkpoint: Checkpoint) -> str:
    return f"checkpoint/{checkpoint.seal}"
