"""Rows that an account may read in a day and in a month, over all doors and processes of a lake.

What counts is the stored rows that an answer can hold, not its lines: see `serving.row_charge`.

The rows of the period lie in a small file per account, under a lock; without it they are counted from the access log.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lakeward.core.clock import Clock
from lakeward.core.errors import MachineError, ProtectionError
from lakeward.core.sql import instant
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance

# Folder of the files, beside the entries that are not committed yet.
QUOTA_FOLDER = "quota"
# Period -> the form of its name; a month holds its days.
PERIODS: Mapping[str, str] = {"day": "%Y-%m-%d", "month": "%Y-%m"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowQuota:
    """The quota of one account.

    Args:
        limits: Period -> rows that may leave in it.
        zone: IANA zone of the plant, whose midnight begins a day.
        folder: Folder of the entries of the access log that are not committed yet.
    """

    engine: Engine
    clock: Clock
    account: str
    limits: Mapping[str, int]
    zone: str
    folder: Path

    def check(self) -> None:
        """Check that one more row may leave.

        Raises:
            ProtectionError: The quota of a period is used up.
            MachineError: The lake can't be written.
        """
        if not self.limits:
            return
        with self._lock() as file:
            self._check_room(self._used(file, self._now()), 1)

    def charge(self, rows: int) -> None:
        """Charge rows that are about to leave; what is charged is never given back.

        Raises:
            ProtectionError: More rows than the quota would have left in a period; nothing is charged.
            MachineError: The lake can't be written.
        """
        if not self.limits:
            return
        now = self._now()
        with self._lock() as file:
            used = self._used(file, now)
            self._check_room(used, rows)
            _store(file, {name: now.strftime(form) for name, form in PERIODS.items()}, {p: used[p] + rows for p in PERIODS})

    def _now(self) -> datetime:
        return self.clock.now().astimezone(ZoneInfo(self.zone))

    def _check_room(self, used: Mapping[str, int], rows: int) -> None:
        for period, limit in self.limits.items():
            if used[period] + rows > limit:
                raise ProtectionError("quota_exceeded", account=self.account, period=period, expected=limit, found=used[period])

    def _used(self, file: Path, now: datetime) -> dict[str, int]:
        """Rows of the present periods so far."""
        try:
            stored = json.loads(file.read_bytes())
            return {
                name: int(stored[name]["rows"]) if stored[name]["of"] == now.strftime(form) else 0
                for name, form in PERIODS.items()
            }
        except (OSError, KeyError, TypeError, ValueError):
            return self._counted(now)

    def _counted(self, now: datetime) -> dict[str, int]:
        """The rows as the access log has them, committed or not."""
        start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        entries = [*self._pending(), *governance.read_rows(self.engine, "access_log", f"asked_at >= {instant(start)}")]
        own = {(e["session_id"], e["seq"]): e for e in entries if (e.get("principal") or e["account"]) == self.account}
        left = [(_local(e["asked_at"], now), _charged(e)) for e in own.values() if e["verdict"] != "refused"]
        return {name: sum(rows for at, rows in left if at.strftime(form) == now.strftime(form)) for name, form in PERIODS.items()}

    def _pending(self) -> Iterator[dict[str, Any]]:
        for path in self.folder.glob("*.jsonl"):
            try:
                lines = path.read_bytes().splitlines(keepends=True)
                yield from (json.loads(line) for line in lines if line.endswith(b"\n"))
            except (OSError, ValueError):  # committed meanwhile, or damaged
                continue

    @contextmanager
    def _lock(self) -> Iterator[Path]:
        """The file of the account, while no other process changes it."""
        name = hashlib.sha256(self.account.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        folder = self.folder / QUOTA_FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder / f"{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise MachineError("lake_not_writable", lake=self.folder.parent) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield folder / f"{name}.json"
        finally:
            os.close(handle)


def _charged(entry: Mapping[str, Any]) -> int:
    """Rows that an entry counts as; entries of before have no number of their own."""
    found = entry.get("rows_charged")
    return int(entry["rows_out"] if found is None else found)


def _local(at: object, now: datetime) -> datetime:
    found = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return found.astimezone(now.tzinfo)


def _store(file: Path, names: Mapping[str, str], rows: Mapping[str, int]) -> None:
    draft = file.with_suffix(".new")
    try:
        draft.write_text(
            json.dumps({period: {"of": names[period], "rows": rows[period]} for period in PERIODS}), encoding="ascii"
        )
        draft.replace(file)
    except OSError as error:
        raise MachineError("lake_not_writable", lake=file.parents[2]) from error
