"""Compares the entries of a log with their hashes, with each other, with its leaves, and with the table's transactions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakeward.core.names import Relation
from lakeward.core.sql import literal
from lakeward.engines.protocols import Engine
from lakeward.flows.audit.log_faults import FaultKind, LogFault, make_fault
from lakeward.flows.audit.sealed_logs import ACCESS_LOG, NUMBER, TEXT, SealedLog
from lakeward.flows.base import governance
from lakeward.protection.log_entries import FIRST_PREV, HASH, PREV, entry_hash

# Missing numbers that are named of one gap, and sessions whose order is looked into.
GAP_NAMES, SESSIONS = 1_000, 100
# Front of the transactions of sessions.
SESSION_APP = "access/"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryCheck:
    """A check of one log.

    Args:
        entries, leaves: Relations of all its entries, and of its leaves; the leaves are those of an earlier moment.
        before, after: Transactions of its table, read before and after the entries.
    """

    engine: Engine
    log: SealedLog
    entries: Relation
    leaves: Relation
    before: Mapping[str, int]
    after: Mapping[str, int]

    def faults(self) -> list[LogFault]:
        """All faults of the entries."""
        reordered = self._reordered()
        changed = [entry for entry in self._changed() if entry not in reordered]
        kinds: dict[FaultKind, Iterable[str]] = {
            FaultKind.CHANGED: changed,
            FaultKind.REMOVED: self._removed(),
            FaultKind.INSERTED: self._inserted(),
            FaultKind.REORDERED: reordered,
            FaultKind.TRUNCATED: self._truncated() if self.log is ACCESS_LOG else [],
        }
        return [fault for kind, entries in kinds.items() for fault in make_fault(self.log.name, kind, entries)]

    def _changed(self) -> list[str]:
        """Entries with another hash than theirs, or than their leaf has, or than the next one follows."""
        return self._names(f"""
            SELECT entry FROM {self.entries} WHERE hash <> found
            UNION SELECT entry FROM ({self._lost_leaves()}) WHERE entry IN (SELECT entry FROM {self.entries})
            UNION SELECT entry FROM {self.entries} WHERE NOT is_chained AND place IN (SELECT place FROM {self.entries} WHERE is_chained)
            UNION SELECT coalesce(before_entry, entry) FROM ({self._chained()}) WHERE seq = before + 1 AND prev IS DISTINCT FROM before_hash
              AND hash = found AND before_is_right
        """)

    def _removed(self) -> list[str]:
        """Leaves without an entry, and numbers that are missing between entries."""
        gap = f"unnest(range(before + 1, least(seq, before + 1 + {GAP_NAMES})))"
        return self._names(f"""
            SELECT entry FROM ({self._lost_leaves()}) WHERE entry NOT IN (SELECT entry FROM {self.entries})
            UNION SELECT entry FROM (SELECT concat(place, '/', {gap}) AS entry FROM ({self._chained()}) WHERE seq > before + 1)
              WHERE entry NOT IN (SELECT entry FROM {self.entries})
        """)

    def _inserted(self) -> list[str]:
        """Entries that there are twice; of the access log those that no session committed, or that came among sealed ones."""
        twice = f"SELECT entry FROM {self.entries} GROUP BY entry HAVING count(*) > 1"
        if self.log is not ACCESS_LOG:
            return self._names(twice)
        committed = self._committed(self.after)
        return self._names(f"""
            {twice}
            UNION SELECT entry FROM {self.entries} AS e LEFT JOIN ({committed}) AS c USING (place)
              WHERE is_chained AND (c.version IS NULL OR e.seq > c.version)
            UNION SELECT entry FROM ({self._unsealed()}) JOIN (SELECT place, max(seq) AS sealed FROM {self.leaves} GROUP BY place) USING (place)
              WHERE seq <= sealed AND entry NOT IN (SELECT entry FROM {self.leaves})
            UNION SELECT entry FROM ({self._unsealed()}) WHERE NOT is_chained AND EXISTS (FROM {self.leaves})
              AND entry NOT IN (SELECT entry FROM {self.leaves})
        """)

    def _reordered(self) -> list[str]:
        """Entries that stand at the number of another one."""
        moved = self._names(
            f"SELECT e.entry FROM {self.entries} AS e JOIN {self.leaves} AS l USING (hash) WHERE e.entry <> l.entry"
        )
        return list(dict.fromkeys([*moved, *(self._out_of_order() if self.log is ACCESS_LOG else [])]))

    def _out_of_order(self) -> list[str]:
        """Entries whose hash is right for the number that the chain gives them."""
        places = self._names(f"SELECT DISTINCT place AS entry FROM {self.entries} WHERE hash <> found")
        return [entry for place in places[:SESSIONS] for entry in self._out_of_order_in(place)]

    def _out_of_order_in(self, place: str) -> list[str]:
        rows = governance.read_rows(self.engine, self.log.name, session_id=place)
        follows = {row[PREV]: row for row in rows}
        found, at, number = [], FIRST_PREV, 1
        while at in follows and number <= len(rows):
            row = follows[at]
            if row["seq"] != number and entry_hash(row | {"seq": number}) == row[HASH]:
                found.append(f"{place}/{row['seq']}")
            at, number = row[HASH], number + 1
        return found

    def _truncated(self) -> list[str]:
        """Entries that a session committed after the last one that is there."""
        names = f"concat(place, '/', unnest(range(last + 1, least(version, last + {GAP_NAMES}) + 1)))"
        return self._names(f"""
            SELECT entry FROM (SELECT {names} AS entry FROM ({self._committed(self.before)}) LEFT JOIN
                (SELECT place, max(seq) AS found FROM {self.entries} GROUP BY place) USING (place),
                LATERAL (SELECT coalesce(found, 0) AS last) WHERE version > last)
            WHERE entry NOT IN (SELECT entry FROM {self.leaves})
        """)

    def _chained(self) -> str:
        """Chained entries, each with number, hash and name of the one before it."""
        return f"""SELECT *, lag(seq, 1, 0) OVER chain AS before, lag(hash, 1, {literal(FIRST_PREV)}) OVER chain AS before_hash,
            lag(entry) OVER chain AS before_entry, lag(hash = found, 1, true) OVER chain AS before_is_right
            FROM {self.entries} WHERE is_chained WINDOW chain AS (PARTITION BY place ORDER BY seq, hash)"""

    def _lost_leaves(self) -> str:
        return f"SELECT entry FROM {self.leaves} WHERE hash IS NULL OR hash NOT IN (SELECT hash FROM {self.entries} WHERE hash IS NOT NULL)"

    def _unsealed(self) -> str:
        return f"SELECT * FROM {self.entries} WHERE hash NOT IN (SELECT hash FROM {self.leaves} WHERE hash IS NOT NULL)"

    def _committed(self, transactions: Mapping[str, int]) -> str:
        """Sessions with the number of their last committed entry."""
        rows = [[app.removeprefix(SESSION_APP), version] for app, version in transactions.items() if app.startswith(SESSION_APP)]
        return self.engine.literal_rows({"place": TEXT, "version": NUMBER}, rows)

    def _names(self, query: str) -> list[str]:
        rows = self.engine.fetch(f"SELECT DISTINCT entry FROM ({query}) WHERE entry IS NOT NULL")
        return sorted((row["entry"] for row in rows), key=_natural_order)


def _natural_order(entry: str) -> tuple[str, int]:
    place, _, number = entry.rpartition("/")
    return (place, int(number)) if number.isdecimal() else (entry, 0)
