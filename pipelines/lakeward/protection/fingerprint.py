"""Fingerprints of copies by spread spectrum: each recipient's copy deviates by one amplitude, up or down, by a keyed bit per row.

The bit depends on the recipient's key and on the row's key alone, so that a second copy of a row is the same. The bits of a
recipient are independent of the data, so the score of one who had no part in a leak exceeds z with a probability of at most
exp(-z²/2) (Hoeffding), whatever was done to the leak. Needs the extra `protect`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lakeward.protection.block_cipher import BatchMac, BlockAlgorithm, BlockKey
from lakeward.protection.byte_columns import read_column, write_column
from lakeward.protection.keys import TokenKey

# Least score of an accusation, and the highest probability of a false one among all tests of a trace.
LEAST_Z, MOST_P = 6.0, 1e-6
# Deviations beyond so many amplitudes are not a mark: they are cut off there.
CLIP = 25.0
# Parts of an amplitude; less is an error of arithmetic.
NOISE = 1e-6
# Rows, at least, for a straight line through them.
LEAST_FITTED = 10

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RowSigns:
    """The bits of one recipient's copies of one column."""

    mac: BatchMac

    @classmethod
    def of(cls, key: TokenKey, column: str, recipient: str) -> "RowSigns":
        """With a key of its own for `layer.table.column` and recipient."""
        secret = key.subkey("fingerprint", column, "", recipient, "1")
        return cls(BatchMac.of(BlockKey(BlockAlgorithm.SM4, secret)))

    def __call__(self, row_keys: Any) -> Any:
        """`+` or `-` per row of an Arrow column of row keys; NULL stays NULL."""
        values, missing = read_column(row_keys)
        up = self.mac.macs(values)[:, :1] & 1
        text = np.where(up, np.uint8(ord("+")), np.uint8(ord("-")))
        return write_column(text, np.ones(len(values), dtype=np.int64), missing, text=True)

    def signs(self, row_keys: Any) -> Numbers:
        """1 or -1 per row key; no key may be NULL."""
        values, _ = read_column(row_keys)
        return np.where(self.mac.macs(values)[:, 0] & 1, 1.0, -1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviations:
    """How rows of a suspected copy deviate in one column, each row once.

    Args:
        row_keys: Arrow column of the keys of the rows.
        values: Deviations in amplitudes, without their mean.
    """

    row_keys: Any
    values: Numbers

    def score(self, signs: RowSigns) -> float:
        """How the deviations agree with a recipient's bits, in standard deviations; 0 where nothing deviates."""
        size = float(np.sqrt(np.sum(self.values**2)))
        return float(np.dot(self.values, signs.signs(self.row_keys))) / size if size else 0.0


def read_deviations(row_keys: Any, copied: Numbers, stored: Numbers, amplitude: float) -> Deviations:
    """The deviations of a column; one in another unit is fitted back by a straight line.

    Args:
        row_keys: Arrow column of the keys of the rows.
        copied, stored: Values of the copy and of the table, in the order of the keys.
    """
    found = (copied - stored) / amplitude
    if len(found) and float(np.median(np.abs(found))) > CLIP:
        found = _fit_back(copied, stored) / amplitude
    found = np.clip(np.where(np.abs(found) < NOISE, 0.0, found), -CLIP, CLIP)
    return Deviations(row_keys=row_keys, values=found - found.mean() if np.any(found) else found)


def total_score(scores: Mapping[str, float]) -> float:
    """The score of several columns, whose bits are independent."""
    return sum(scores.values()) / math.sqrt(len(scores)) if scores else 0.0


def log10_bound(z: float, tests: int) -> float:
    """Decimal logarithm of the highest probability that one of so many recipients without a part in a leak scores `z`."""
    return min(0.0, math.log10(max(tests, 1)) - max(z, 0.0) ** 2 / 2 / math.log(10))


def is_identified(z: float, tests: int) -> bool:
    """Whether a score says whose copy it is."""
    return z >= LEAST_Z and log10_bound(z, tests) <= math.log10(MOST_P)


def _fit_back(copied: Numbers, stored: Numbers) -> Numbers:
    """Deviations after the line that leads from stored to copied values is taken back; twice, the second time without outliers."""
    kept = np.ones(len(stored), dtype=bool)
    found = copied - stored
    for _ in range(2):
        if kept.sum() < LEAST_FITTED or np.ptp(stored[kept]) == 0:
            return found
        slope, offset = np.polyfit(stored[kept], copied[kept], 1)
        if slope == 0:
            return found
        found = (copied - offset) / slope - stored
        spread = np.median(np.abs(found))
        kept = np.abs(found) <= 5 * spread
    return found
