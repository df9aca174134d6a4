"""CMAC (RFC 4493, NIST SP 800-38B) of many values at once: one call of the cipher per block position; needs the extra `protect`.

The code does not depend on the cipher, so that tests compare it with a library byte for byte, with AES and with SM4.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, CipherAlgorithm, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from lakeward.protection.byte_columns import ByteColumn, Bytes, Integers

# Bytes of a block, of AES and of SM4.
BLOCK = 16
# Bytes; a longer value is taken alone, since each of its blocks is a call.
MAX_BATCHED = 512
# Reduction of a doubled block in GF(2^128).
_REDUCTION = 0x87


class BlockAlgorithm(StrEnum):
    """A cipher with blocks of 128 bits."""

    SM4 = "sm4"
    AES = "aes"


_CLASSES: dict[BlockAlgorithm, type[algorithms.SM4] | type[algorithms.AES]] = {
    BlockAlgorithm.SM4: algorithms.SM4,
    BlockAlgorithm.AES: algorithms.AES,
}


@dataclass(frozen=True, slots=True)
class BlockKey:
    """A key of a cipher.

    Args:
        secret: 16 bytes; of AES also 24 or 32.
    """

    algorithm: BlockAlgorithm
    secret: bytes = field(repr=False)

    @property
    def cipher(self) -> CipherAlgorithm:
        """The library's cipher under this key."""
        return _CLASSES[self.algorithm](self.secret)

    def encrypt(self, blocks: Bytes) -> Bytes:
        """Each row of 16 bytes as one block, encrypted by itself."""
        found = np.empty(blocks.size + BLOCK - 1, dtype=np.uint8)
        encryptor = Cipher(self.cipher, modes.ECB()).encryptor()  # noqa: S305 -- a step of CMAC and SIV, no mode by itself
        size = encryptor.update_into(np.ascontiguousarray(blocks), found)  # type: ignore[arg-type] # any buffer is taken
        return found[:size].reshape(blocks.shape)

    def mac(self, value: bytes) -> bytes:
        """The CMAC of one value, by the library."""
        cipher = self.cipher
        assert isinstance(cipher, BlockCipherAlgorithm)
        one = CMAC(cipher)
        one.update(value)
        return one.finalize()


@dataclass(frozen=True, slots=True)
class BatchMac:
    """CMAC under one key, of many values at once."""

    key: BlockKey
    full: Bytes
    padded: Bytes

    @classmethod
    def of(cls, key: BlockKey) -> "BatchMac":
        """With the subkeys of `key` for full and for padded last blocks."""
        start = key.encrypt(np.zeros((1, BLOCK), dtype=np.uint8))
        full = double(start)
        return cls(key, full[0], double(full)[0])

    def macs(self, values: ByteColumn) -> Bytes:
        """One row of 16 bytes per value."""
        found = np.empty((len(values), BLOCK), dtype=np.uint8)
        blocks = block_counts(values.lengths)
        for rows in values.groups(blocks, BLOCK):
            width = int(blocks[rows[0]]) * BLOCK
            if width > MAX_BATCHED:
                found[rows] = [np.frombuffer(self.key.mac(values.value(row)), dtype=np.uint8) for row in rows]
            else:
                found[rows] = self.mac_rows(values.matrix(rows, width), values.lengths[rows])
        return found

    def mac_rows(self, matrix: Bytes, lengths: Integers) -> Bytes:
        """The MAC of each row, whose value is its first `lengths` bytes and ends in the last block; `matrix` is changed."""
        short = np.flatnonzero(lengths < matrix.shape[1])
        matrix[short, lengths[short]] = 0x80
        matrix[:, -BLOCK:] ^= np.where((lengths < matrix.shape[1])[:, None], self.padded, self.full)
        state = self.key.encrypt(matrix[:, :BLOCK])
        for at in range(BLOCK, matrix.shape[1], BLOCK):
            state = self.key.encrypt(state ^ matrix[:, at : at + BLOCK])
        return state


def block_counts(lengths: Integers) -> Integers:
    """Number of blocks of values of these lengths; an empty value has one."""
    return np.maximum(1, -(-lengths // BLOCK))


def double(blocks: Bytes) -> Bytes:
    """Each row of 16 bytes, doubled in GF(2^128) (RFC 4493 §2.3)."""
    words = blocks.astype(np.uint16)
    shifted = (words << 1) & 0xFF
    shifted[:, :-1] |= words[:, 1:] >> 7
    shifted[:, -1] ^= (words[:, 0] >> 7) * _REDUCTION
    return shifted.astype(np.uint8)
