"""Digests of rows: which of those that a look back reads again were landed before. Equal rows are counted, so that none is lost."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from lakeward.sources.sql.server import AGAIN

DIGEST_BYTES = 16


class SeenRows:
    """Drops rows that are known, and remembers those that the next window reads again.

    Args:
        content: The digests that `content` gave for the last window; None for none.
    """

    def __init__(self, content: bytes | None) -> None:
        found = content or b""
        self._known = Counter(found[at : at + DIGEST_BYTES] for at in range(0, len(found), DIGEST_BYTES))
        self._again = bytearray()

    def new_rows(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The record batches without known rows and without the column `AGAIN`."""
        import pyarrow as pa  # noqa: PLC0415 -- an extra

        for batch in batches:
            again, rows = batch.column(AGAIN), batch.drop_columns([AGAIN])
            if not self._known:  # then only what is read again needs a digest
                self._again += b"".join(row_digests(rows.filter(again)))
                yield rows
                continue
            digests = list(row_digests(rows))
            self._again += b"".join(digest for digest, wanted in zip(digests, again.to_pylist(), strict=True) if wanted)
            yield rows.filter(pa.array([self._is_new(digest) for digest in digests], pa.bool_()))

    def content(self) -> bytes:
        """The digests of the rows that the next window reads again."""
        return bytes(self._again)

    def _is_new(self, digest: bytes) -> bool:
        if self._known[digest] <= 0:
            return True
        self._known[digest] -= 1
        return False


class RowSum:
    """The number of rows and the sum of their digests: equal for equal rows in any order."""

    def __init__(self) -> None:
        self.rows, self._sum = 0, 0

    def add(self, batches: Iterable[Any]) -> Iterator[Any]:
        """The record batches as they are, summed up on the way."""
        for batch in batches:
            for digest in row_digests(batch):
                self._sum = (self._sum + int.from_bytes(digest, "big")) % (1 << 8 * DIGEST_BYTES)
            self.rows += batch.num_rows
            yield batch

    def content(self) -> bytes:
        """Both, as one text."""
        return f"{self.rows}:{self._sum:032x}".encode()


def row_digests(batch: Any) -> Iterator[bytes]:
    """A digest of each row of a record batch: of its values and where NULL stands."""
    import pyarrow as pa  # noqa: PLC0415 -- an extra

    if not batch.num_columns:
        return
    parts = [_texts(column, pa) for column in batch.columns]
    for row in zip(*parts, strict=True):
        digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
        for value in row:
            digest.update(b"\0" if value is None else b"\1%d:" % len(value) + value)
        yield digest.digest()


def _texts(column: Any, pa: Any) -> list[bytes | None]:
    """The values as bytes: what is no text by its number, so that a NaN equals itself and -0.0 differs from 0.0."""
    if pa.types.is_timestamp(column.type) or pa.types.is_date32(column.type):
        column = column.cast(pa.int64() if pa.types.is_timestamp(column.type) else pa.int32())
    if pa.types.is_floating(column.type):
        return [None if value is None else value.hex().encode() for value in column.to_pylist()]
    found: list[bytes | None] = column.cast(pa.string()).cast(pa.binary()).to_pylist()
    return found
