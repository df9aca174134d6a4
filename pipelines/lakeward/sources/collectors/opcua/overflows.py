"""Nodes of which a server's queue was full."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lakeward.sources.collectors.state import ADDRESSES, CollectorJournal

# A node has one event in this time, and so many are named in the text of an event.
REPEATED, NAMED = timedelta(minutes=1), 3


@dataclass(slots=True)
class Overflows:
    """Gathers nodes with lost values, and writes one event for all nodes of a step."""

    _waiting: dict[str, None] = field(default_factory=dict)
    _written: dict[str, datetime] = field(default_factory=dict)

    def add(self, address: str) -> None:
        """Take a node of which a value came with the overflow bit."""
        self._waiting[address] = None

    def write(self, journal: CollectorJournal, now: datetime) -> None:
        """Write one event of the nodes that came since the last call, but those that an event of the last minute names."""
        addresses = [one for one in self._waiting if one not in self._written or now - self._written[one] >= REPEATED]
        self._waiting.clear()
        more = " …" if len(addresses) > NAMED else ""
        facts = {"node": ", ".join(addresses[:NAMED]) + more, ADDRESSES: json.dumps(addresses, ensure_ascii=False)}
        if addresses and journal.event("source_overflow", **facts):
            self._written |= dict.fromkeys(addresses, now)
