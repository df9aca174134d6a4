"""Bounds of landed segments, and of the batches that are made of them."""

from dataclasses import dataclass

# Default size limit of one batch of segments, which are compressed: some ten million short messages.
SEGMENT_BATCH_BYTES = 64 << 20
SEGMENT_ROWS, SEGMENT_BYTES, SEGMENT_SECONDS = 5000, 8 << 20, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentBounds:
    """Largest segment: the first bound that is reached ends it.

    Args:
        rows: Messages or rows.
        bytes: Bytes of payloads, before compression.
        seconds: Time since its first message.
    """

    rows: int = SEGMENT_ROWS
    bytes: int = SEGMENT_BYTES
    seconds: int = SEGMENT_SECONDS
