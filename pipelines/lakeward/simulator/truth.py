"""The injected defects by name, so that detection can be scored."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectedDefect:
    """One defect, or one trait that only looks like a defect (`deadband`, `new_tag`).

    Args:
        key: The series, or the order's id.
        start, end: First and last true time it touches, both included; ISO 8601 with the plant's offset.
        kind: The defect's name; each kind is one function of the simulator.
        magnitude: How large it is; its unit is the kind's own (seconds, factor, shift in the series' unit).
    """

    dataset: str
    key: str
    start: str
    end: str
    kind: str
    magnitude: str


@dataclass(frozen=True, slots=True)
class Truth:
    """A written plant-day.

    Args:
        rows: Per file, its path below the project and the records in it, header left out, torn records included.
    """

    injected: tuple[InjectedDefect, ...]
    rows: tuple[tuple[PurePosixPath, int], ...]


def as_csv(injected: Iterable[InjectedDefect]) -> str:
    """The ground-truth table; no field of it ever needs a quote."""
    header = ",".join("from" if f.name == "start" else "to" if f.name == "end" else f.name for f in fields(InjectedDefect))
    return "\n".join([header, *(",".join(astuple(defect)) for defect in injected)]) + "\n"
