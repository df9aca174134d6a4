"""The protocol of sources: plan, list and discard inputs. A source never reads rows (docs/explanation/batch.md)."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lakeward.contracts.batch import BatchInput


@dataclass(frozen=True, slots=True)
class BatchLimit:
    """Size limit of one batch in bytes, since rows are unknown before reading. One input is always allowed."""

    bytes: int


@dataclass(frozen=True, slots=True)
class ReceiveResult:
    """Result of receiving new files.

    Args:
        landed: New landed inputs.
        known: Files that were received before, under this or another name.
        unsettled: Files that changed during the copy; they are left for the next run.
    """

    landed: int
    known: int
    unsettled: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitingInput:
    """What a source would bring in a run.

    Args:
        files: Number of files that are not received, or of inputs after the last planned one.
        bytes: Their size as they lie there.
        is_packed: Whether one of them is larger than that when it is read.
    """

    files: int
    bytes: int
    is_packed: bool


class Source(Protocol):
    """A replayable sequence of numbered, immutable inputs."""

    def waiting(self, start: int) -> WaitingInput:
        """What has not been received yet, and inputs after `start`. Nothing is copied, numbered or opened.

        Raises:
            As `receive`.
        """
        ...

    def receive(self) -> ReceiveResult:
        """Receive new inputs, which `plan` then sees. Safe to run concurrently."""
        ...

    def plan(self, start: int, limit: BatchLimit) -> int:
        """The end of the next batch after `start`: bounded, and decided before anything is read; `start` if nothing is new."""
        ...

    def inputs(self, start: int, end: int) -> tuple[BatchInput, ...]:
        """The inputs `start < seq <= end`: the same at every call, for ever."""
        ...

    def discard(self, end: int) -> None:
        """Inputs up to `end` are in the lake and can be discarded; idempotent."""
        ...


@runtime_checkable
class MessageSource(Source, Protocol):
    """A source of messages, which can be read again by other schemas than those of their time."""

    def refresh(self) -> None:
        """Take what people edit beside the contract, mappings and schemas, for what is received from now on."""
        ...

    def schemas_version(self) -> int:
        """Number of the newest schemas that `refresh` or `receive` took; 0 for none."""
        ...

    def inputs_by(self, start: int, end: int, schemas: int) -> tuple[BatchInput, ...]:
        """As `inputs`, to be read by the schemas of this number; 0: by those of their time."""
        ...
