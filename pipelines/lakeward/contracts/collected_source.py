"""Sources of machines that keep nothing for a reader who comes later: a collector lands what they say, all the time."""

from dataclasses import dataclass, field

from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES, SegmentBounds

# Bytes of one pushed message, and messages of one sender a second on average.
MESSAGE_BYTES, MESSAGES_PER_SECOND = 1 << 20, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSource:
    """Messages that senders push by HTTP, landed as segments by a collector.

    Args:
        connection: Name of the address to listen at.
        senders: Names of the accounts that may send.
        message_bytes: Bytes of the largest message.
        messages_per_second: Messages of one sender a second, on average.
        limit_bytes: Size limit of one batch, in bytes of its segments.
        retention_days: Days that a segment is kept after its batch; None for ever.
    """

    connection: str
    senders: tuple[str, ...]
    message_bytes: int = MESSAGE_BYTES
    messages_per_second: int = MESSAGES_PER_SECOND
    segment: SegmentBounds = field(default_factory=SegmentBounds)
    limit_bytes: int = SEGMENT_BATCH_BYTES
    retention_days: int | None = None
