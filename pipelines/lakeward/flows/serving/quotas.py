"""Rows that an account may read in a day and in a month, over all doors and processes of a lake.

What counts is the stored rows that an answer can hold, not its lines: see `serving.row_charge`.

The rows of the period are counted per account (`serving.quota_counts`); without a count they are those of the access log.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from lakeward.core.clock import Clock
from lakeward.core.errors import ProtectionError
from lakeward.core.sql import instant
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.serving.quota_counts import QuotaCounts

# Period -> the form of its name; a month holds its days.
PERIODS: Mapping[str, str] = {"day": "%Y-%m-%d", "month": "%Y-%m"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowQuota:
    """The quota of one account.

    Args:
        limits: Period -> rows that may leave in it.
        zone: IANA zone of the plant, whose midnight begins a day.
        counts: Where the rows of accounts are counted.
    """

    engine: Engine
    clock: Clock
    account: str
    limits: Mapping[str, int]
    zone: str
    counts: QuotaCounts

    def check(self) -> None:
        """Check that one more row may leave.

        Raises:
            ProtectionError: The quota of a period is used up.
            MachineError: The lake can't be written.
            TransientError: Other readers of the account changed its count all the time.
        """
        if self.limits:
            now = self._now()

            def look(content: bytes | None) -> None:
                self._check_room(self._used(content, now), 1)

            self.counts.change(self._name, look)

    def charge(self, rows: int) -> None:
        """Charge rows that are about to leave; what is charged is never given back.

        Raises:
            ProtectionError: More rows than the quota would have left in a period; nothing is charged.
            MachineError, TransientError: As `check`.
        """
        if not self.limits:
            return
        now = self._now()

        def add(content: bytes | None) -> bytes:
            used = self._used(content, now)
            self._check_room(used, rows)
            return json.dumps({p: {"of": now.strftime(form), "rows": used[p] + rows} for p, form in PERIODS.items()}).encode()

        self.counts.change(self._name, add)

    @property
    def _name(self) -> str:
        return hashlib.sha256(self.account.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def _now(self) -> datetime:
        return self.clock.now().astimezone(ZoneInfo(self.zone))

    def _check_room(self, used: Mapping[str, int], rows: int) -> None:
        for period, limit in self.limits.items():
            if used[period] + rows > limit:
                raise ProtectionError("quota_exceeded", account=self.account, period=period, expected=limit, found=used[period])

    def _used(self, content: bytes | None, now: datetime) -> dict[str, int]:
        """Rows of the present periods so far."""
        try:
            stored = json.loads(content or b"")
            return {
                name: int(stored[name]["rows"]) if stored[name]["of"] == now.strftime(form) else 0
                for name, form in PERIODS.items()
            }
        except (KeyError, TypeError, ValueError):
            return self._counted(now)

    def _counted(self, now: datetime) -> dict[str, int]:
        """The rows as the access log has them, committed or not."""
        start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        entries = [*self._pending(), *governance.read_rows(self.engine, "access_log", f"asked_at >= {instant(start)}")]
        own = {(e["session_id"], e["seq"]): e for e in entries if (e.get("principal") or e["account"]) == self.account}
        left = [(_local(e["asked_at"], now), _charged(e)) for e in own.values() if e["verdict"] != "refused"]
        return {name: sum(rows for at, rows in left if at.strftime(form) == now.strftime(form)) for name, form in PERIODS.items()}

    def _pending(self) -> Iterator[dict[str, Any]]:
        for content in self.counts.pending():
            try:
                yield from [json.loads(line) for line in content.splitlines(keepends=True) if line.endswith(b"\n")]
            except ValueError:  # damaged
                continue


def _charged(entry: Mapping[str, Any]) -> int:
    """Rows that an entry counts as; entries of before have no number of their own."""
    found = entry.get("rows_charged")
    return int(entry["rows_out"] if found is None else found)


def _local(at: object, now: datetime) -> datetime:
    found = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return found.astimezone(now.tzinfo)
