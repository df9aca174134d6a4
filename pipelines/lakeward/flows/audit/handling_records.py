"""Approvals of groups that a table releases, and steps of incidents, in the form of decisions."""

from collections.abc import Iterator

from lakeward.engines.protocols import Engine
from lakeward.flows.audit.decision_records import Decision
from lakeward.flows.audit.recorded_rows import recorded_rows


def of_cubes(engine: Engine) -> Iterator[Decision]:
    """Approvals of what a table releases as groups, one per definition."""
    for row in recorded_rows(
        engine, "cubes", "DISTINCT dataset, approved_at, approved_by, verified, reason", "ORDER BY approved_at"
    ):
        named = {"subject": row["dataset"], "dataset": row["dataset"]}
        yield Decision(
            at=row["approved_at"],
            kind="cube",
            action="approve",
            **named,
            by=row["approved_by"],
            verified=row["verified"],
            reason=row["reason"],
        )


def of_incidents(engine: Engine) -> Iterator[Decision]:
    """Steps of incidents; what they state is in the incident."""
    for row in recorded_rows(engine, "incidents", "incident, step, author, verified, recorded_at", "ORDER BY seq"):
        yield Decision(
            at=row["recorded_at"],
            kind="incident",
            action=row["step"],
            subject=row["incident"],
            by=row["author"],
            verified=row["verified"],
        )
