"""Rows of tables without what a rerun need not repeat: who wrote a row, and when."""

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


def repeatable_rows(tables: Mapping[str, Iterable[Mapping[str, object]]]) -> dict[str, list[tuple[str, ...]]]:
    """The rows of each table as texts, in one order."""
    return {
        name: sorted(tuple(str(value) for key, value in row.items() if key not in VOLATILE) for row in rows)
        for name, rows in tables.items()
    }
