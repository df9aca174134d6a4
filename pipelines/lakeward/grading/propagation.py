"""Grades along column lineage: a derived column takes the highest of what it is made of (就高从严, GB/T 43697-2024 clause 6.6).

Only ever raises, so the order of edges does not matter and cycles end. What is made of an ungraded column is ungraded.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakeward.grading.catalogue import Standing

# Table and column.
Node = tuple[str, str]
Edge = tuple[Node, Node]


@dataclass(frozen=True, slots=True)
class Held:
    """What a column holds: None as standing is unknown, which is above every grade."""

    standing: Standing | None
    category: str | None = None


# Columns that the product adds to its tables; they hold numbers of batches and files.
_INTERNAL = "_"


def propagate(own: Mapping[Node, Held], edges: Iterable[Edge], categories: Sequence[str]) -> dict[Node, Held]:
    """What every column of `own` holds with all that flows into it; a source that `own` does not know is unknown.

    Args:
        edges: From source to target, only those that values flow along.
        categories: The strictest first.
    """
    held = dict(own)
    out: dict[Node, list[Node]] = defaultdict(list)
    for source, target in edges:
        if target in own and not source[1].startswith(_INTERNAL):
            held.setdefault(source, Held(None))
            out[source].append(target)
    waiting = list(out)
    while waiting:
        source = waiting.pop()
        for target in out[source]:
            joined = join(held[target], held[source], categories)
            if joined != held[target]:
                held[target] = joined
                waiting.append(target)
    return {node: held[node] for node in own}


def join(one: Held, other: Held, categories: Sequence[str]) -> Held:
    """The stricter of both, in grade and in category each."""
    standings = (one.standing, other.standing)
    known = [standing for standing in standings if standing]
    standing = max(known, key=lambda s: s.rank) if len(known) == len(standings) else None
    return Held(standing, min((c for c in (one.category, other.category) if c), key=categories.index, default=None))
