"""The report of a run, for the command line, the DAG and programs."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal

from lakeward.core.names import RunId

# A warning is a message code with its facts, to be rendered in either language.
Warnings = tuple[tuple[str, dict[str, object]], ...]
# Warnings on what was received after which a run has failed, though what is good is published.
FAILING_NOTES = frozenset(
    ("batch_rejects", "file_missing_columns", "file_other_columns", "file_other_encoding", "file_rejected", "file_without_header")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows of both balance equations, each counted separately.

    Args:
        rows_in: Records read from the source; gold: rows computed.
        bronze: Rows written to bronze; gold: rows computed.
        rejects: Records that could not be parsed.
        silver: Rows published to silver (or gold), corrections included.
        quarantine: Rows that failed a rule of severity `quarantine` or `halt`, or a check of the contract.
        duplicates: Rows that are not published, because silver already holds them or a later row of the batch replaces them.
        corrections: Published rows that replaced a stored row with other values; they are among `silver`.
    """

    rows_in: int = 0
    bronze: int = 0
    rejects: int = 0
    silver: int = 0
    quarantine: int = 0
    duplicates: int = 0
    corrections: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**{name: count + getattr(other, name) for name, count in self.as_dict().items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run of one flow over one dataset.

    Args:
        dataset: Name of the dataset.
        run_id: Id of the run; stored with every row, verdict and lineage event of the run.
        batches: Batches finished by this run; 0 if there was nothing new.
        counts: Rows of these batches, by stage.
        score: Quality score of these batches, 0 to 100, two decimals; None if nothing was measured.
        failed, unknown: Ids of rules with verdict FAIL (warnings excluded) or UNKNOWN in at least one batch.
        halted: Number of the batch that waits for release by a steward and blocks later batches; None if no batch is halted.
    """

    dataset: str
    run_id: RunId
    batches: int = 0
    counts: Counts = field(default_factory=Counts)
    score: Decimal | None = None
    failed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    warnings: Warnings = ()
    halted: int | None = None

    @property
    def rejected(self) -> Warnings:
        """The warnings on files that are rejected whole, and on batches of which too much is."""
        return tuple(warning for warning in self.warnings if warning[0] in FAILING_NOTES)

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward run --json`; the score as a number."""
        score = None if self.score is None else float(self.score)
        named = {"dataset": self.dataset, "run_id": self.run_id, "batches": self.batches}
        return {**named, **self.counts.as_dict(), "score": score, "halted": self.halted}
