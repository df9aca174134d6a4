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
        steps = self.engine.materialise(f"steps_of_{self.log.name}", self._steps())
        pairs = self.engine.materialise(f"pairs_of_{self.log.name}", self._pairs())
        reordered = self._reordered(pairs)
        changed = [entry for entry in self._names(self._changed_entries(steps, pairs)) if entry not in reordered]
        kinds: dict[FaultKind, Iterable[str]] = {
            FaultKind.CHANGED: changed,
            FaultKind.REMOVED: self._names(self._removed_entries(steps, pairs)),
            FaultKind.INSERTED: self._names(self._inserted_entries(pairs)),
            FaultKind.REORDERED: reordered,
            FaultKind.TRUNCATED: self._names(self._truncated_logs()) if self.log is ACCESS_LOG else [],
        }
        return [fault for kind, entries in kinds.items() for fault in make_fault(self.log.name, kind, entries)]

    def _steps(self) -> str:
        """Chained entries that are not right, or do not follow the one before them."""
        return f"""SELECT * FROM (
              SELECT *, lag(seq, 1, 0) OVER chain AS before, lag(hash, 1, {literal(FIRST_PREV)}) OVER chain AS before_hash,
                lag(is_right, 1, true) OVER chain AS before_is_right
              FROM {self.entries} WHERE is_chained WINDOW chain AS (PARTITION BY place ORDER BY seq, hash))
            WHERE NOT is_right OR seq <> before + 1 OR prev IS DISTINCT FROM before_hash"""

    def _pairs(self) -> str:
        """Entries without a leaf, leaves without an entry, and entries that stand elsewhere than their leaf says."""
        return f"""SELECT e.place, e.seq, e.is_chained, l.place AS leaf_place, l.seq AS leaf_seq
            FROM {self.entries} AS e FULL JOIN {self.leaves} AS l USING (hash)
            WHERE (e.place, e.seq) IS DISTINCT FROM (l.place, l.seq)"""

    def _changed_entries(self, steps: Relation, pairs: Relation) -> str:
        """Entries with another hash than theirs, than their leaf has, or than the next one follows, and those that lost their hash."""
        return f"""SELECT place, seq FROM {steps} WHERE NOT is_right
            UNION SELECT place, greatest(seq - 1, 1) FROM {steps}
              WHERE seq = before + 1 AND prev IS DISTINCT FROM before_hash AND is_right AND before_is_right
            UNION SELECT leaf_place, leaf_seq FROM {pairs}
              WHERE place IS NULL AND (leaf_place, leaf_seq) IN (SELECT (place, seq) FROM {self.entries})
            UNION SELECT place, seq FROM {self.entries}
              WHERE NOT is_chained AND place IN (SELECT place FROM {self.entries} WHERE is_chained)"""

    def _removed_entries(self, steps: Relation, pairs: Relation) -> str:
        """Leaves without an entry, and numbers that are missing between entries."""
        return f"""SELECT * FROM (
              SELECT leaf_place AS place, leaf_seq AS seq FROM {pairs} WHERE place IS NULL
              UNION SELECT place, unnest(range(before + 1, least(seq, before + 1 + {GAP_NAMES}))) FROM {steps} WHERE seq > before + 1)
            WHERE (place, seq) NOT IN (SELECT (place, seq) FROM {self.entries})"""

    def _inserted_entries(self, pairs: Relation) -> str:
        """Entries that there are twice; of the access log those that no session committed, or that came among sealed ones."""
        twice = f"SELECT place, seq FROM {self.entries} GROUP BY place, seq HAVING count(*) > 1"
        if self.log is not ACCESS_LOG:
            return twice
        unsealed = f"SELECT place, seq, is_chained FROM {pairs} WHERE place IS NOT NULL AND leaf_place IS NULL"
        return f"""{twice}
            UNION SELECT place, seq FROM {self.entries} LEFT JOIN ({self._committed(self.after)}) USING (place)
              WHERE is_chained AND seq > coalesce(version, 0)
            UNION SELECT place, seq FROM ({unsealed}) JOIN (SELECT place, max(seq) AS sealed FROM {self.leaves} GROUP BY place) USING (place)
              WHERE seq <= sealed AND (place, seq) NOT IN (SELECT (place, seq) FROM {self.leaves})
            UNION SELECT place, seq FROM ({unsealed}) WHERE NOT is_chained AND EXISTS (FROM {self.leaves})
              AND (place, seq) NOT IN (SELECT (place, seq) FROM {self.leaves})"""

    def _truncated_logs(self) -> str:
        """Entries that a session committed after the last one that is there."""
        numbers = f"unnest(range(last + 1, least(version, last + {GAP_NAMES}) + 1))"
        return f"""SELECT * FROM (
              SELECT place, {numbers} AS seq FROM (
                SELECT place, version, coalesce(found, 0) AS last FROM ({self._committed(self.before)})
                LEFT JOIN (SELECT place, max(seq) AS found FROM {self.entries} GROUP BY place) USING (place))
              WHERE version > last)
            WHERE (place, seq) NOT IN (SELECT (place, seq) FROM {self.leaves})"""

    def _reordered(self, pairs: Relation) -> list[str]:
        """Entries that stand at the number of another one."""
        moved = self._names(f"SELECT place, seq FROM {pairs} WHERE place IS NOT NULL AND leaf_place IS NOT NULL")
        return list(dict.fromkeys([*moved, *(self._out_of_order() if self.log is ACCESS_LOG else [])]))

    def _out_of_order(self) -> list[str]:
        """Entries whose hash is right for the number that the chain gives them."""
        places = self.engine.fetch(
            f"SELECT DISTINCT place FROM {self.entries} WHERE NOT is_right ORDER BY place LIMIT {SESSIONS}"
        )
        return [entry for row in places for entry in self._out_of_order_in(row["place"])]

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

    def _committed(self, transactions: Mapping[str, int]) -> str:
        """Sessions with the number of their last committed entry."""
        rows = [[app.removeprefix(SESSION_APP), version] for app, version in transactions.items() if app.startswith(SESSION_APP)]
        return self.engine.literal_rows({"place": TEXT, "version": NUMBER}, rows)

    def _names(self, query: str) -> list[str]:
        rows = self.engine.fetch(f"SELECT DISTINCT place, seq FROM ({query}) ORDER BY place, seq")
        return [f"{row['place']}/{row['seq']}" for row in rows]
