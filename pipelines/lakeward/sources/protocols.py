"""What a source does for the flows: plan, name, release. It never reads rows (docs/explanation/batch.md)."""

from dataclasses import dataclass
from typing import Protocol

from lakeward.contracts.batch import BatchInput


@dataclass(frozen=True, slots=True)
class BatchLimit:
    """Bound of one batch, in bytes: rows are not known before reading, and no batch ends by the clock. One input always fits."""

    bytes: int


@dataclass(frozen=True, slots=True)
class ReceiveResult:
    """What a look at the source found.

    Args:
        landed: New inputs that were landed by this look.
        known: Files that were received before, under this or another name.
        unsettled: Files that changed while they were copied; left where they are for the next look.
    """

    landed: int
    known: int
    unsettled: tuple[str, ...]


class Source(Protocol):
    """A replayable row of numbered, immutable inputs."""

    def receive(self) -> ReceiveResult:
        """Take in what is new; after this, `plan` can see it. Safe to run twice at once."""
        ...

    def plan(self, start: int, limit: BatchLimit) -> int:
        """The end of the next batch after `start`: bounded, and decided before anything is read; `start` when idle."""
        ...

    def inputs(self, start: int, end: int) -> tuple[BatchInput, ...]:
        """The inputs `start < seq <= end`: the same at every call, for ever."""
        ...

    def discard(self, end: int) -> None:
        """Inputs up to `end` are in the lake and may be forgotten; idempotent."""
        ...
