"""SIV (RFC 5297) of many values at once: encryption whose result depends on the value, its column and the key alone.

Equal values of a column have equal ciphertexts, as tokens do. The code does not depend on the cipher, so that tests compare it with a
library, with AES. Needs the extra `protect`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from lakeward.protection.block_cipher import BLOCK, MAX_BATCHED, BatchMac, BlockAlgorithm, BlockKey, block_counts, double
from lakeward.protection.byte_columns import ByteColumn, Bytes, Integers

# Bytes of a key: one half for the IV, one for the stream.
KEY_BYTES = 32
# Bits 31 and 63 of the IV are cleared, so that counting never carries (RFC 5297 §2.5).
_CLEARED = (8, 12)


@dataclass(frozen=True, slots=True)
class SivCipher:
    """A key for one column.

    Args:
        stream: Key of the stream.
        mac: Key of the IV.
        head: S2V of the associated strings, before the value.
    """

    stream: BlockKey
    mac: BatchMac
    head: Bytes

    @classmethod
    def of(cls, algorithm: BlockAlgorithm, secret: bytes, associated: Sequence[bytes]) -> "SivCipher":
        """The cipher under `secret` (32 bytes), for values that belong to the associated strings."""
        half = KEY_BYTES // 2
        mac = BatchMac.of(BlockKey(algorithm, secret[:half]))
        head = np.frombuffer(mac.key.mac(bytes(BLOCK)), dtype=np.uint8)
        for text in associated:
            head = double(head[None, :])[0] ^ np.frombuffer(mac.key.mac(text), dtype=np.uint8)
        return cls(BlockKey(algorithm, secret[half:]), mac, head)

    def ivs(self, values: ByteColumn) -> Bytes:
        """The IV of each value, which is its authentication tag too: one row of 16 bytes."""
        found = np.empty((len(values), BLOCK), dtype=np.uint8)
        classes = np.where(values.lengths < BLOCK, 0, block_counts(values.lengths))
        for rows in values.groups(classes, BLOCK):
            lengths, width = values.lengths[rows], max(1, int(classes[rows[0]])) * BLOCK
            if width > MAX_BATCHED:
                found[rows] = [self._long_iv(values.value(row)) for row in rows]
            elif classes[rows[0]]:
                matrix = values.matrix(rows, width)
                matrix[np.arange(len(rows))[:, None], (lengths - BLOCK)[:, None] + np.arange(BLOCK)] ^= self.head
                found[rows] = self.mac.mac_rows(matrix, lengths)
            else:
                matrix = values.matrix(rows, BLOCK)
                matrix[np.arange(len(rows)), lengths] = 0x80
                matrix ^= double(self.head[None, :])
                found[rows] = self.mac.mac_rows(matrix, np.full(len(rows), BLOCK))
        return found

    def apply(self, values: ByteColumn, ivs: Bytes, target: Bytes, starts: Integers, skip: int = 0) -> None:
        """Write each value, combined with the stream of its IV, to `target` from `starts`; encrypts and decrypts.

        Args:
            skip: Bytes at the front of each value to leave out.
        """
        lengths = values.lengths - skip
        blocks = -(-lengths // BLOCK)
        for rows in values.groups(blocks, BLOCK):
            width = int(blocks[rows[0]]) * BLOCK
            if width > MAX_BATCHED:
                for row in rows:
                    place = slice(int(starts[row]), int(starts[row] + lengths[row]))
                    target[place] = np.frombuffer(self._long_stream(values.value(row)[skip:], ivs[row]), dtype=np.uint8)
            elif width:
                self._apply_rows(values.matrix(rows, width, skip), ivs[rows], (target, starts[rows], lengths[rows]))

    def _apply_rows(self, matrix: Bytes, ivs: Bytes, place: tuple[Bytes, Integers, Integers]) -> None:
        target, starts, lengths = place
        columns = np.arange(matrix.shape[1])
        matrix ^= self._streams(ivs, matrix.shape[1] // BLOCK)
        used = columns < lengths[:, None]
        target[(starts[:, None] + columns)[used]] = matrix[used]

    def _streams(self, ivs: Bytes, blocks: int) -> Bytes:
        """The stream of each IV, of `blocks` blocks."""
        counters = np.repeat(_cleared(ivs)[:, None, :], blocks, axis=1)
        low = counters[:, :, BLOCK - 4 :].copy().view(">u4")[:, :, 0] + np.arange(blocks, dtype=np.uint32)
        counters[:, :, BLOCK - 4 :] = low.astype(">u4")[:, :, None].view(np.uint8)
        return self.stream.encrypt(counters.reshape(-1, BLOCK)).reshape(len(ivs), blocks * BLOCK)

    def _long_iv(self, value: bytes) -> Bytes:
        mixed = np.frombuffer(value, dtype=np.uint8).copy()
        mixed[-BLOCK:] ^= self.head
        return np.frombuffer(self.mac.key.mac(mixed.tobytes()), dtype=np.uint8)

    def _long_stream(self, value: bytes, iv: Bytes) -> bytes:
        return Cipher(self.stream.cipher, modes.CTR(_cleared(iv[None, :]).tobytes())).encryptor().update(value)


def _cleared(ivs: Bytes) -> Bytes:
    found = ivs.copy()
    found[:, _CLEARED] &= 0x7F
    return found
