"""Tokens by SM4-CMAC of whole Arrow columns; needs the extra `protect`."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lakeward.protection.block_cipher import BatchMac, BlockAlgorithm, BlockKey
from lakeward.protection.byte_columns import Bytes, read_column, write_column
from lakeward.protection.keys import DIGITS, TokenKey

# Two hex digits of each byte, as one number of the machine's byte order.
_HEX = np.frombuffer(b"".join(f"{byte:02x}".encode() for byte in range(256)), dtype=np.uint16)


@dataclass(frozen=True, slots=True)
class BatchTokeniser:
    """Tokens of one category for one recipient: the same text gives the same token, and no other recipient has it.

    Args:
        prefix: Id of the key, and a colon.
    """

    prefix: bytes
    mac: BatchMac

    @classmethod
    def of(cls, key: TokenKey, category: str, recipient: str) -> "BatchTokeniser":
        """With a key of its own for `category` and `recipient`."""
        secret = key.subkey("token", "", category, recipient, "1")
        return cls(f"{key.id}:".encode(), BatchMac.of(BlockKey(BlockAlgorithm.SM4, secret)))

    def __call__(self, texts: Any) -> Any:
        """The tokens of an Arrow column of texts: key id, colon, 32 hex digits; NULL stays NULL."""
        values, missing = read_column(texts)
        tokens = self._text(self.mac.macs(values))
        lengths = np.full(len(values), tokens.shape[1], dtype=np.int64)
        return write_column(tokens, lengths, missing, text=True)

    def token(self, text: str) -> str:
        """The token of one text, by the library."""
        found = self.mac.key.mac(text.encode("utf-8", "surrogatepass"))
        return self.prefix.decode() + found.hex()

    def _text(self, macs: Bytes) -> Bytes:
        front = len(self.prefix)
        found = np.empty((len(macs), front + DIGITS), dtype=np.uint8)
        found[:, :front] = np.frombuffer(self.prefix, dtype=np.uint8)
        found[:, front:] = _HEX[macs].view(np.uint8)
        return found
