"""Findings of the audit of lineage: what is wrong, whose it is, and the command that repairs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lakeward.flows.base.answers import fields_of


class FindingKind(StrEnum):
    """Kind of a finding."""

    MISSING = "missing"
    EXTRA = "extra"
    STALE = "stale"
    KILLED = "killed"
    LOST = "lost"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageFinding:
    """One finding of the audit of lineage.

    Args:
        kind: `missing`: an edge that contract or model promise is not recorded; `extra`: one is recorded that they do not
            promise; `stale`: edges of a definition or dataset of before; `killed`: a planned batch that no run finished; `lost`:
            a finished step without its event; `refused`: the receiver rejected events.
        dataset: Name of the dataset; None if it is of no dataset.
        source, target: Ends of the edge, as `layer.table.column`; None if it is not of one edge.
        job: Name of the job; None if it is of no job.
        count: Number of edges, batches or events.
        owner: Owner of the dataset, by its contract; None if none is known.
        code: Message code of the reason.
        facts: Values that fill this message.
        repair: Command that repairs it.
    """

    kind: FindingKind
    dataset: str | None
    code: str
    repair: str
    owner: str | None = None
    job: str | None = None
    source: str | None = None
    target: str | None = None
    count: int = 1
    facts: Mapping[str, object]

    def as_dict(self) -> dict[str, object]:
        """The documented keys of `lakeward lineage audit --json`."""
        return fields_of(self)
