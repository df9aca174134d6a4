"""Grades along column lineage: a derived column takes the highest grade of its sources (就高从严, GB/T 43697-2024 clause 6.6).

Grades are only raised, so the order of edges does not matter and cycles end. A column derived from an ungraded one is ungraded.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakeward.grading.catalogue import Sensitivity

# Table and column.
Node = tuple[str, str]
Edge = tuple[Node, Node]


@dataclass(frozen=True, slots=True)
class Inherited:
    """A column's grade with inherited grades; None is unknown, which ranks above every grade."""

    sensitivity: Sensitivity | None
    category: str | None = None


# Columns that Lakeward adds to tables; they hold numbers of batches and files.
_INTERNAL_PREFIX = "_"


def propagate(grades: Mapping[Node, Inherited], edges: Iterable[Edge], categories: Sequence[str]) -> dict[Node, Inherited]:
    """The grades of every column of `own` with all inherited ones; a source that is not in `own` is unknown.

    Args:
        edges: From source to target, only those that carry values.
        categories: The strictest first.
    """
    inherited = dict(grades)
    out: dict[Node, list[Node]] = defaultdict(list)
    for source, target in edges:
        if target in grades and not source[1].startswith(_INTERNAL_PREFIX):
            inherited.setdefault(source, Inherited(None))
            out[source].append(target)
    waiting = list(out)
    while waiting:
        source = waiting.pop()
        for target in out[source]:
            joined = stricter(inherited[target], inherited[source], categories)
            if joined != inherited[target]:
                inherited[target] = joined
                waiting.append(target)
    return {node: inherited[node] for node in grades}


def stricter(left: Inherited, right: Inherited, categories: Sequence[str]) -> Inherited:
    """The stricter of both, in grade and in category each."""
    sensitivities = (left.sensitivity, right.sensitivity)
    known = [sensitivity for sensitivity in sensitivities if sensitivity]
    sensitivity = max(known, key=lambda s: s.rank) if len(known) == len(sensitivities) else None
    return Inherited(sensitivity, strictest((left.category, right.category), categories))


def strictest(found: Iterable[str | None], categories: Sequence[str]) -> str | None:
    """The strictest of these categories; one that the rules no longer know comes first, since nothing says that it is less."""
    order = {category: place for place, category in enumerate(categories)}
    return min((each for each in found if each), key=lambda each: order.get(each, -1), default=None)
