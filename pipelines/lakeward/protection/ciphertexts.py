"""Encrypted columns: 4 bytes of the key's id, 16 of the tag, and the ciphertext; needs the extra `protect`.

A value belongs to its table, column and key: moved to another column, or with a changed bit, it is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lakeward.core.errors import ProtectionError
from lakeward.protection.block_cipher import BLOCK, BlockAlgorithm
from lakeward.protection.byte_columns import ByteColumn, read_column, write_column
from lakeward.protection.siv import SivCipher

# Bytes of a key's id in front of each value, and of all that stands in front of the ciphertext.
ID_BYTES = 4
HEAD_BYTES = ID_BYTES + BLOCK


@dataclass(frozen=True, slots=True)
class ColumnKey:
    """A data key of one generation of a column.

    Args:
        id: 8 hex digits.
        column: `layer.table.column`, which every value is bound to.
        secret: 32 bytes.
    """

    id: str
    column: str
    algorithm: BlockAlgorithm
    secret: bytes = field(repr=False)

    def cipher(self) -> SivCipher:
        """The cipher of the column under this key."""
        return SivCipher.of(self.algorithm, self.secret, (self.column.encode(), bytes.fromhex(self.id)))


@dataclass(frozen=True, slots=True)
class ColumnCipher:
    """Encrypts an Arrow column of texts or byte strings."""

    id: bytes
    cipher: SivCipher

    @classmethod
    def of(cls, key: ColumnKey) -> "ColumnCipher":
        """Under one key."""
        return cls(bytes.fromhex(key.id), key.cipher())

    def __call__(self, texts: Any) -> Any:
        """An Arrow column of byte strings; NULL stays NULL."""
        values, missing = read_column(texts)
        lengths = values.lengths + HEAD_BYTES
        starts = np.cumsum(lengths) - lengths
        found = np.empty(int(lengths.sum()), dtype=np.uint8)
        ivs = self.cipher.ivs(values)
        found[starts[:, None] + np.arange(ID_BYTES)] = np.frombuffer(self.id, dtype=np.uint8)
        found[starts[:, None] + np.arange(ID_BYTES, HEAD_BYTES)] = ivs
        self.cipher.apply(values, ivs, found, starts + HEAD_BYTES)
        return write_column(found, lengths, missing, text=False)


def decrypt_column(column: Any, keys: Mapping[str, ColumnKey]) -> Any:
    """The values of an encrypted Arrow column, as byte strings; NULL stays NULL.

    Args:
        keys: The keys of the column, by id.

    Raises:
        ProtectionError: A value is of another key, or was changed or moved.
    """
    values, missing = read_column(column)
    if len(values) and int(values.lengths.min()) < HEAD_BYTES:
        raise ProtectionError("ciphertext_changed")
    lengths = values.lengths - HEAD_BYTES
    starts = np.cumsum(lengths) - lengths
    found = np.zeros(int(lengths.sum()), dtype=np.uint8)
    every = np.arange(len(values))
    heads = values.matrix(every, HEAD_BYTES)
    ids = heads[:, :ID_BYTES].copy().view(">u4")[:, 0]
    for number in np.unique(ids):
        key = keys.get(f"{int(number):08x}")
        if key is None:
            raise ProtectionError("ciphertext_key", key=f"{int(number):08x}")
        rows = np.flatnonzero(ids == number)
        _decrypt_rows(key.cipher(), values, heads[:, ID_BYTES:], (found, starts, rows))
    return write_column(found, lengths, missing, text=False)


def _decrypt_rows(cipher: SivCipher, values: ByteColumn, ivs: Any, place: tuple[Any, Any, Any]) -> None:
    found, starts, rows = place
    sealed = ByteColumn(values.data, values.starts[rows], values.lengths[rows])
    cipher.apply(sealed, ivs[rows], found, starts[rows], HEAD_BYTES)
    opened = ByteColumn(found, starts[rows], sealed.lengths - HEAD_BYTES)
    if not np.array_equal(cipher.ivs(opened), ivs[rows]):
        found[:] = 0
        raise ProtectionError("ciphertext_changed")
