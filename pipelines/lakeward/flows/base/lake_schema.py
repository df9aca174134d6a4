"""Versions of the governance tables of a lake. A change adds columns that may be empty, and one entry here; nothing is written again.

A lake gets its number from the first program that writes what only this version has. Lakes without one are of version 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The table that holds the number, and the Delta application id whose transaction is the number.
SCHEMA_TABLE = "schema_versions"
SCHEMA_APP = "lakeward/schema_version"
# Instead of a version, so that no program, an older one neither, opens the lake: a restore or a move into it has not ended, or all
# of it was moved away.
UNFINISHED, MOVED = 2_000_000_000, 2_000_000_001


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """What a version of the governance tables added.

    Args:
        columns: Table -> its new columns, each without a value in older rows.
        tables: New tables.
    """

    version: int
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tables: tuple[str, ...] = ()


# Oldest first.
SCHEMA_VERSIONS = (
    SchemaVersion(1),  # 0.1 and 0.2
    SchemaVersion(2, columns={"runs": ("corrections",)}, tables=(SCHEMA_TABLE,)),
    SchemaVersion(
        3,
        columns={
            "access_log": ("principal", "verified"),
            "grade_decisions": ("verified",),
            "quarantine_events": ("verified",),
        },
        tables=("grade_approvals",),
    ),
    SchemaVersion(
        4,
        columns={
            "access_log": (
                *("purpose", "consumer", "versions", "columns", "bytes_out", "elapsed_us"),
                *("policy_version", "query_hmac", "answer_digest", "prev", "hash"),
            ),
        },
        tables=("seals", "seal_leaves", "purpose_requests", "keys"),
    ),
    SchemaVersion(
        5,
        columns={
            "access_log": ("rows_charged",),
            "scores": ("scope",),
            "grade_proposals": ("own_grade", "own_level", "own_category", "own_why"),
            "grade_decisions": ("impact",),
        },
        tables=(
            *("key_decisions", "source_events"),
            *("transform_checks", "grade_baselines", "regrading_tasks"),
            *("lineage_events", "foreign_edges", "change_notices", "catalogue", "filings"),
        ),
    ),
    SchemaVersion(
        6,
        columns={"access_log": ("export_id",)},
        tables=("run_costs", "incidents", "exports", "access_findings", "cubes", "cube_cells", "cube_contributions"),
    ),
    SchemaVersion(
        7,
        columns={"access_log": ("event", "subject", "address")},
        tables=(
            *("cube_charges", "subscriptions", "notices"),
            *("authority_decisions", "rights", "reviews", "risk_assessments", "drills"),
            *("identities", "policy_bindings", "policy_checks", "column_sketches", "column_links"),
        ),
    ),
    SchemaVersion(8, tables=("renames", "source_sessions")),
)
SCHEMA_VERSION = SCHEMA_VERSIONS[-1].version
# A row of one of these makes a lake one of this version.
VERSIONED_TABLES = frozenset(name for entry in SCHEMA_VERSIONS for name in (*entry.columns, *entry.tables)) - {SCHEMA_TABLE}
