"""Limits of how fast a sender may send."""

import math
from dataclasses import dataclass, field


@dataclass(slots=True)
class SenderRates:
    """One bucket of tokens per sender, which fills at the rate and holds that of one second.

    Args:
        per_second: Messages of one sender a second, on average.
    """

    per_second: int
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_of(self, sender: str, now: float) -> int:
        """Whole seconds until the sender may send its next message; 0 if it may now, which counts it.

        Args:
            now: Monotonic time in seconds.
        """
        tokens, before = self._buckets.get(sender, (float(self.per_second), now))
        tokens = min(float(self.per_second), tokens + (now - before) * self.per_second)
        if tokens < 1:
            self._buckets[sender] = tokens, now
            return math.ceil((1 - tokens) / self.per_second)
        self._buckets[sender] = tokens - 1, now
        return 0
