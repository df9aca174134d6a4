"""A simulated quarter of the access log: people, shifts, dashboards, month ends and holidays; and misuse planted in its last month."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, MONTH, END = date(2025, 12, 15), date(2026, 3, 1), date(2026, 3, 31)
HOLIDAYS = {date(2026, 1, 1) + timedelta(days=n) for n in range(3)} | {date(2026, 2, 15) + timedelta(days=n) for n in range(9)}
WORKING_WEEKENDS = {date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28)}
TABLES = ("silver.press_line", "silver.orders", "gold.oee_hourly", "silver.equipment")
GENERAL, COST = {"silver.press_line.temp": "clear general 2"}, {"silver.orders.cost": "clear important -"}


@dataclass(frozen=True)
class Planted:
    """One planted misuse: the rule that must find it; None: below every threshold, and said so."""

    rule: str | None
    account: str
    day: date


PLANTED = (
    Planted("volume", "analyst03", date(2026, 3, 4)),
    Planted("volume", "starter1", date(2026, 3, 20)),
    Planted("new_column", "analyst05", date(2026, 3, 10)),
    Planted("off_hours", "analyst07", date(2026, 3, 15)),
    Planted("off_hours", "steward1", date(2026, 3, 18)),
    Planted("enumeration", "analyst02", date(2026, 3, 12)),
    Planted("enumeration", "analyst09", date(2026, 3, 24)),
    Planted("enumeration", "dashboard1", date(2026, 3, 25)),
    Planted("refusals", "analyst11", date(2026, 3, 6)),
    Planted("export_important", "steward2", date(2026, 3, 17)),
    Planted("dormant", "retired1", date(2026, 3, 9)),
    Planted(None, "analyst10", date(2026, 3, 16)),  # three times the usual rows, for ten days
)


# What people had good reasons for, and looks alike: a rule finds it, and a person justifies it.
JUSTIFIED = (
    Planted("off_hours", "analyst06", date(2026, 3, 22)),  # a Sunday before an audit
    Planted("new_column", "analyst01", date(2026, 3, 11)),  # a new duty
)


def is_working_day(day: date) -> bool:
    """By the calendar of 2026, as far as it is simulated."""
    return day in WORKING_WEEKENDS or (day.weekday() < 5 and day not in HOLIDAYS)


class AccessSimulator:
    """Makes the entries, one session per account and day."""

    def __init__(self, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._seq: dict[str, int] = {}

    def entries(self) -> list[dict[str, Any]]:
        """Every entry of the quarter."""
        days = [FIRST + timedelta(days=n) for n in range((END - FIRST).days + 1)]
        found = [entry for day in days for entry in (*self._ordinary(day), *self._planted(day))]
        return sorted(found, key=lambda entry: (entry["asked_at"], entry["session_id"], entry["seq"]))

    def _ordinary(self, day: date) -> Iterator[dict[str, Any]]:
        works = is_working_day(day)
        yield from self._analysts(day, works=works)
        yield from self._shifts(day)
        yield from self._programs(day)
        if works:
            yield from self._reporters(day)
            yield from self._stewards(day)
            yield from self._comers_and_goers(day)

    def _analysts(self, day: date, *, works: bool) -> Iterator[dict[str, Any]]:
        for n in range(1, 13):
            if works and self._random.random() < 0.9:
                yield from self._office_day(f"analyst{n:02}", "analyst", day, columns=COST if n % 4 == 0 else GENERAL)
            if self._random.random() < 0.01:  # late, shortly
                yield self._read(f"analyst{n:02}", "analyst", day, 22.5, rows=self._random.randint(1, 120))

    def _shifts(self, day: date) -> Iterator[dict[str, Any]]:
        for n in range(1, 6):  # nights among them
            if self._random.random() < 0.7:
                begin = self._random.choice((6.5, 14.5, 22.5))
                for _ in range(self._random.randint(3, 9)):
                    hour = min(23.9, begin + self._random.random())
                    yield self._read(f"shift{n}", "engineer", day, hour, rows=self._random.randint(1, 900))

    def _reporters(self, day: date) -> Iterator[dict[str, Any]]:
        month_end = (day + timedelta(days=1)).day == 1
        for n in range(1, 4):
            if month_end or self._random.random() < 0.5:
                rows = self._random.randint(20_000, 30_000) if month_end else self._random.randint(200, 2_000)
                yield self._read(f"reporter{n}", "analyst", day, 15, rows=rows, columns=COST)

    def _comers_and_goers(self, day: date) -> Iterator[dict[str, Any]]:
        if day >= date(2026, 3, 2):
            yield from (e for n in (1, 2) for e in self._office_day(f"starter{n}", "analyst", day))
        if not date(2026, 1, 26) <= day <= date(2026, 3, 8):  # a long leave
            yield from self._office_day("onleave1", "analyst", day)
        if day < date(2025, 12, 24):
            yield from self._office_day("retired1", "analyst", day)

    def _programs(self, day: date) -> Iterator[dict[str, Any]]:
        for minute in range(0, 120, 1):  # 150 and more an hour
            for _ in range(3):
                yield self._read("dashboard1", "analyst", day, 9 + minute / 60, rows=1, text="dashboard", table="gold.oee_hourly")
        for hour in range(24):
            yield self._read("dashboard2", "analyst", day, hour + 0.1, rows=40, text="hourly")
        for n in range(60):  # a program whose statement is refused since its table has another name
            yield self._read("broken1", "engineer", day, 8 + n / 10, verdict="refused", text="renamed")

    def _stewards(self, day: date) -> Iterator[dict[str, Any]]:
        for name in ("steward1", "steward2"):
            yield from self._office_day(name, "steward", day, columns=COST)
        if day.weekday() == 0:
            yield self._read("steward1", "steward", day, 11, rows=3_000, export=f"weekly-{day}")
        if self._random.random() < 0.2:
            yield from (
                self._read("analyst01", "analyst", day, 10 + n / 20, verdict="refused", text=f"slip {day} {n}") for n in range(4)
            )

    def _planted(self, day: date) -> Iterator[dict[str, Any]]:
        yield from self._planted_at(day).get((day.month, day.day), ())
        if date(2026, 3, 16) <= day <= date(2026, 3, 27) and is_working_day(day):
            yield self._read("analyst10", "analyst", day, 14, rows=9_000)

    def _planted_at(self, day: date) -> dict[tuple[int, int], Iterable[dict[str, Any]]]:
        """Month and day -> what is planted on it; nothing is made before it is asked for."""
        secret = {f"silver.employees.{name}": "clear important -" for name in ("salary", "bonus", "pension")}
        read = partial(self._read, day=day)
        return {
            (3, 4): (read("analyst03", "analyst", hour=14, rows=60_000) for _ in (1,)),
            (3, 6): (read("analyst11", "analyst", hour=15 + n / 60, verdict="refused", text=f"probe {n}") for n in range(40)),
            (3, 9): (read("retired1", "analyst", hour=11, rows=20) for _ in (1,)),
            (3, 10): (
                read("analyst05", "analyst", hour=13 + n / 9, rows=30, columns=secret, table="silver.employees") for n in range(4)
            ),
            (3, 11): (read("analyst01", "analyst", hour=9 + n, rows=200, columns=COST, table="silver.orders") for n in range(5)),
            (3, 12): (
                read("analyst02", "analyst", hour=10 + n / 500, rows=n % 2, text=f"customer {n}", table="silver.orders")
                for n in range(400)
            ),
            (3, 15): (read("analyst07", "analyst", hour=2.5, rows=2_500) for _ in (1,)),  # a Sunday
            (3, 17): (read("steward2", "steward", hour=16, rows=800, columns=COST, export="export-x") for _ in (1,)),
            (3, 18): (read("steward1", "steward", hour=23.2, rows=1_400, columns=COST) for _ in (1,)),
            (3, 20): (read("starter1", "analyst", hour=16 + n / 20, rows=20_000) for n in range(8)),
            (3, 22): (read("analyst06", "analyst", hour=10, rows=1_500) for _ in (1,)),
            (3, 24): (
                read("analyst09", "analyst", hour=10 + n / 500, rows=n % 2, text="one text", table="silver.orders")
                for n in range(400)
            ),
            (3, 25): (
                read("dashboard1", "analyst", hour=13 + n / 2_000, rows=1, text="dashboard", table="gold.oee_hourly")
                for n in range(1_900)
            ),
        }

    def _office_day(self, account: str, role: str, day: date, columns: dict[str, str] = GENERAL) -> Iterator[dict[str, Any]]:
        for _ in range(self._random.randint(3, 18)):
            hour = self._random.gauss(13, 2.5)
            rows = min(3_000, int(self._random.lognormvariate(4.5, 1.2)))
            yield self._read(account, role, day, min(21.5, max(6.5, hour)), rows=rows, columns=columns)

    def _read(
        self,
        account: str,
        role: str,
        day: date,
        hour: float,
        *,
        rows: int = 0,
        verdict: str = "allowed",
        text: str | None = None,
        table: str | None = None,
        columns: dict[str, str] = GENERAL,
        export: str | None = None,
    ) -> dict[str, Any]:
        session = f"{account}-{day}"
        self._seq[session] = self._seq.get(session, 0) + 1
        at = datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(hours=hour)
        allowed = verdict == "allowed"
        return {
            "session_id": session,
            "seq": self._seq[session],
            "account": account,
            "role": role,
            "query_sha256": "",
            "objects": json.dumps([table or self._random.choice(TABLES)] if allowed else []),
            "verdict": verdict,
            "code": None if allowed else "query_table_refused",
            "rows_out": rows,
            "policy_sha256": "0",
            "asked_at": at.astimezone(UTC),
            "logged_at": at.astimezone(UTC),
            "columns": json.dumps(columns) if allowed else None,
            "query_hmac": text or f"{session} {self._seq[session]}",
            "export_id": export,
        }
