"""The Merkle tree of RFC 9162 §2.1 over SHA-256, as an append-only tree that needs 20 hashes at a million leaves."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

# Root of a tree without leaves.
EMPTY_ROOT = hashlib.sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf; its first byte differs from that of a node, so that neither passes for the other."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class MerkleTree:
    """A tree to which leaves are added.

    Args:
        size: Number of leaves.
        peaks: Roots of its complete subtrees, the largest first: one for each bit that is set in `size`.
    """

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaves, given as 32 bytes each: the hash of an entry."""
        size, peaks, new_hash = self.size, self.peaks, hashlib.sha256
        for leaf in leaves:
            found, bits = new_hash(b"\x00" + leaf).digest(), size
            while bits & 1:
                found, bits = new_hash(b"\x01" + peaks.pop() + found).digest(), bits >> 1
            peaks.append(found)
            size += 1
        self.size = size

    def root(self) -> bytes:
        """Root of all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found

    def peaks_text(self) -> str:
        """The peaks as hex digits, to go on from later."""
        return "".join(peak.hex() for peak in self.peaks)


def tree_of(size: int, peaks_text: str) -> MerkleTree:
    """The tree of `peaks_text`.

    Raises:
        ValueError: The text holds no peaks of a tree of this size.
    """
    content = bytes.fromhex(peaks_text)
    if len(content) != 32 * size.bit_count():
        raise ValueError(size)
    return MerkleTree(size, [content[at : at + 32] for at in range(0, len(content), 32)])
