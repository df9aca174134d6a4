"""Authorities of concepts, rights, reviews, risk assessments and drills, in the form of decisions."""

from collections.abc import Iterator, Mapping
from typing import Any

from lakeward.engines.protocols import Engine
from lakeward.flows.audit.decision_records import Decision
from lakeward.flows.audit.recorded_rows import recorded_rows


def of_authorities(engine: Engine) -> Iterator[Decision]:
    """What columns are to their concepts."""
    for row in recorded_rows(engine, "authority_decisions"):
        named = {"subject": row["column_name"], "dataset": row["asset"].partition(".")[2]}
        yield Decision(kind="authority", action="decide", **named, reason=row["reason"], **_signature(row), detail=_standing(row))


def of_rights(engine: Engine) -> Iterator[Decision]:
    """Declarations of rights."""
    for row in recorded_rows(engine, "rights"):
        named = {"subject": row["dataset"], "dataset": row["dataset"]}
        yield Decision(kind="rights", action="declare", **named, reason=row["basis"], **_signature(row), detail=row["holder"])


def of_reviews(engine: Engine) -> Iterator[Decision]:
    """Signed reviews of datasets and of the serving policy."""
    for row in recorded_rows(engine, "reviews"):
        dataset = None if row["kind"] == "policy" else row["subject"]
        named = {"subject": row["subject"], "dataset": dataset}
        yield Decision(
            kind="review",
            action="review",
            **named,
            reason=row["note"],
            **_signature(row),
            detail=f"{row['kind']}: {row['outcome']}",
        )


def of_risk_assessments(engine: Engine) -> Iterator[Decision]:
    """Steps of risk assessments; what they state is in the assessment."""
    for row in recorded_rows(engine, "risk_assessments"):
        subject = f"{row['assessment']} {row['subject']}".strip()
        dataset = row["subject"] if row["step"] == "final" else None
        yield Decision(kind="risk", action=row["step"], subject=subject, dataset=dataset, **_signature(row))


def of_drills(engine: Engine) -> Iterator[Decision]:
    """Drills, one each."""
    for row in recorded_rows(engine, "drills", rest="WHERE step = 'inject' ORDER BY seq"):
        named = {"subject": row["drill"], "dataset": row["dataset"]}
        yield Decision(kind="drill", action="drill", **named, **_signature(row), detail=row["scenario"])


def _standing(row: Mapping[str, Any]) -> str:
    return f"{row['concept']}: {row['standing']}"


def _signature(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"at": row["recorded_at"], "by": row["author"], "verified": row["verified"]}
