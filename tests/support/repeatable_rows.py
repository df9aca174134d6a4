"""Rows of tables without what a rerun need not repeat: who wrote a row, when, and what it cost."""

from collections.abc import Iterable, Mapping

VOLATILE = frozenset(
    {
        "_run_id",
        "_ingested_at",
        "_repaired_at",
        "run_id",
        "planned_at",
        "applied_at",
        "judged_at",
        "started_at",
        "finished_at",
        "scored_at",
        "observed_at",
        "done_at",
    }
)
# What a process cost is measured at its end: a killed one leaves no row.
UNREPEATED_TABLES = frozenset({"governance.run_costs"})


def repeatable_rows(tables: Mapping[str, Iterable[Mapping[str, object]]]) -> dict[str, list[tuple[str, ...]]]:
    """The rows of each table as texts, in one order; none of a table that is not repeated."""
    return {
        name: sorted(tuple(str(value) for key, value in row.items() if key not in VOLATILE) for row in rows)
        if name not in UNREPEATED_TABLES
        else []
        for name, rows in tables.items()
    }
