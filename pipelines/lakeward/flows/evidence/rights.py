"""Who holds the rights in a dataset, and signed reviews of datasets and policies: what only people can know, recorded once and counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from lakeward.core.errors import MachineError, UsageError
from lakeward.core.names import sha256
from lakeward.core.settings import Settings
from lakeward.engines.protocols import Engine
from lakeward.flows.base import governance
from lakeward.flows.base.answers import fields_of
from lakeward.flows.base.signed_rows import append_signed
from lakeward.flows.base.workspace import open_workspace

RIGHTS, REVIEWS = "rights", "reviews"
# Subject of a review of the serving policy.
SERVING = "serving"


class RightsSource(StrEnum):
    """Where data come from."""

    OWN = "own"
    PURCHASED = "purchased"
    LICENSED = "licensed"
    PUBLIC = "public"


class ReviewKind(StrEnum):
    """What a review looked at."""

    REQUIREMENTS = "requirements"
    SIGN_OFF = "sign-off"
    ACCESS = "access"
    USE = "use"
    MODEL = "model"
    POLICY = "policy"


# What the people who use the data say of them: an account of any role may.
OF_USERS = frozenset({ReviewKind.REQUIREMENTS, ReviewKind.SIGN_OFF})


class ReviewOutcome(StrEnum):
    """What a review ended in."""

    PASSED = "passed"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review of a dataset, or of the serving policy.

    Args:
        kind: One of `ReviewKind`.
        subject: Dataset; `serving` for the serving policy.
        outcome: `passed` or `changes`.
        note: What was looked at.
    """

    kind: str
    subject: str
    outcome: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsDeclaration:
    """What is declared of the rights in a dataset.

    Args:
        holder: Holder of the rights.
        source: `own`, `purchased`, `licensed` or `public`.
        basis: Authorisation: contract, licence or rule.
        until: Last day of the authorisation, in ISO 8601; empty for none.
        document: File of the document, of which the hash is kept; None without one.
        limits: Limits of region, field or law; empty for none.
    """

    holder: str
    source: str
    basis: str
    until: str = ""
    document: Path | None = None
    limits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRights:
    """The rights in a dataset as they were last declared.

    Args:
        dataset: Name of the dataset.
        holder: Holder of the rights; None if nothing was declared.
        source: Where the data come from.
        basis: Authorisation.
        valid_until: End of the authorisation; None if none is set.
        last_day: Its last day in the project's zone, in ISO 8601; None if none is set.
        document: SHA-256 of the document.
        limits: Limits of region, field or law.
        author: Who declared it.
        recorded_at: When.
    """

    dataset: str
    holder: str | None = None
    source: str | None = None
    basis: str | None = None
    valid_until: datetime | None = None
    last_day: str | None = None
    document: str | None = None
    limits: str | None = None
    author: str | None = None
    recorded_at: datetime | None = None

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward asset list --json`."""
        return fields_of(self)


def list_rights(settings: Settings) -> list[DatasetRights]:
    """The rights of every dataset of the project, as they were last declared."""
    workspace = open_workspace(settings)
    with workspace.engine() as engine:
        found = read_rights(engine, workspace.project.zone)
    return [found.get(name, DatasetRights(dataset=name)) for name in workspace.project.datasets()]


def read_rights(engine: Engine, zone: str) -> dict[str, DatasetRights]:
    """Dataset -> its newest declaration; `zone` is the project's."""
    rows = governance.read_rows(engine, RIGHTS, order="seq")
    return {row["dataset"]: _rights({**row, "last_day": _last_day(row["valid_until"], zone)}) for row in rows}


def declare_rights(settings: Settings, name: str, rights: RightsDeclaration, by: str = "") -> DatasetRights:
    """Declare the rights in dataset `name`; a later declaration replaces an earlier one.

    Raises:
        UsageError: There is no such dataset, a text is empty, the source or the day is not valid, or no one is named.
        MachineError: The document can't be read.
        ProtectionError: The token is not valid.
    """
    workspace = open_workspace(settings)
    workspace.project.contract_path(name)
    if rights.source not in tuple(RightsSource):
        raise UsageError("rights_source", found=ascii(rights.source), expected=", ".join(RightsSource))
    if not rights.holder.strip() or not rights.basis.strip():
        raise UsageError("rights_text_missing")
    row = {
        "dataset": name,
        "holder": rights.holder.strip(),
        "source": rights.source,
        "basis": rights.basis.strip(),
        "valid_until": _end_of(rights.until, workspace.project.zone) if rights.until else None,
        "document": _digest(rights.document) if rights.document else None,
        "limits": rights.limits.strip() or None,
    }
    with workspace.engine() as engine:
        append_signed(workspace, engine, RIGHTS, [row], by, decision="rights")
        return read_rights(engine, workspace.project.zone)[name]


def record_review(settings: Settings, review: Review, by: str = "") -> None:
    """Record a signed review of a dataset, or of the serving policy.

    Raises:
        UsageError: The kind, subject or outcome does not exist, the note is empty, or no one is named.
        ProtectionError: The token is not valid, or its account has none of the roles that review.
    """
    workspace = open_workspace(settings)
    for found, allowed in ((review.kind, ReviewKind), (review.outcome, ReviewOutcome)):
        if found not in tuple(allowed):
            raise UsageError("review_word", found=ascii(found), expected=", ".join(allowed))
    if not review.note.strip():
        raise UsageError("review_note_missing")
    if review.kind != ReviewKind.POLICY:
        workspace.project.contract_path(review.subject)
    elif review.subject != SERVING:
        raise UsageError("review_subject", found=ascii(review.subject), expected=SERVING)
    row = {"kind": review.kind, "subject": review.subject, "outcome": review.outcome, "note": review.note.strip()}
    decision = None if review.kind in OF_USERS else "review"
    with workspace.engine() as engine:
        append_signed(workspace, engine, REVIEWS, [row], by, decision=decision)


def _rights(row: Mapping[str, Any]) -> DatasetRights:
    return DatasetRights(**{name: row[name] for name in DatasetRights.__slots__})


def _last_day(end: datetime | None, zone: str) -> str | None:
    """The day that is over at `end` in the project's zone."""
    return (end.astimezone(ZoneInfo(zone)) - timedelta(days=1)).date().isoformat() if end else None


def _end_of(text: str, zone: str) -> datetime:
    """The instant at which the day is over in the project's zone."""
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
    except (ValueError, OverflowError):
        raise UsageError("rights_until", found=ascii(text)) from None


def _digest(file: Path) -> str:
    try:
        return sha256(file.read_bytes())
    except OSError as error:
        raise MachineError("document_unreadable", file=file, reason=type(error).__name__) from error
