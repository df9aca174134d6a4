"""What a run did, in numbers: the same for the command line, the DAG and a program."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal

from lakeward.core.names import RunId

# A warning is a message code with its facts, so that it can be told in either language.
Warnings = tuple[tuple[str, dict[str, object]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Rows on each side of both sums, each counted on its own. For gold, `rows_in` and `bronze` are the rows computed."""

    rows_in: int = 0
    bronze: int = 0
    rejects: int = 0
    silver: int = 0
    quarantine: int = 0
    duplicates: int = 0

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(**{name: count + getattr(other, name) for name, count in self.as_dict().items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run of one flow over one dataset.

    Args:
        run_id: Id of the run; on every row, verdict and lineage event it made.
        batches: Batches brought to their end by this run; 0 when there was nothing new.
        score: Quality score of these batches, 0 to 100, two decimals; None when nothing was measured.
        failed, unknown: Rules whose verdict was FAIL (and not just a warning) or UNKNOWN in at least one batch.
        halted: The batch that waits for a steward's release, and keeps later ones waiting; None: no batch does.
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

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward run --json`; the score as a number."""
        score = None if self.score is None else float(self.score)
        named = {"dataset": self.dataset, "run_id": self.run_id, "batches": self.batches}
        return {**named, **self.counts.as_dict(), "score": score, "halted": self.halted}
