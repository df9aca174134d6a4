"""The functions that a served query can call, from a catalogue per DuckDB release; any other function is rejected."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

import yaml

CATALOGUE = "serving_functions_duckdb_1.5.yaml"


@dataclass(frozen=True, slots=True)
class AllowedFunctions:
    """Lower-case names, by where they are allowed; `aggregates` are those of `scalar` that compute one value of many rows."""

    scalar: frozenset[str]
    table: frozenset[str]
    aggregates: frozenset[str] = frozenset()


@functools.cache
def allowed_functions() -> AllowedFunctions:
    """The catalogue as two sets: in expressions (aggregates and windows too), and in FROM."""
    file = resources.files("lakeward") / "expectations" / "catalogues" / CATALOGUE
    groups = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["groups"]
    own = [groups["aggregates"]]
    return AllowedFunctions(_names("scalar", groups.values()), _names("table", groups.values()), _names("scalar", own))


def _names(kind: str, groups: Iterable[dict[str, list[str]]]) -> frozenset[str]:
    return frozenset(name.lower() for group in groups for name in group.get(kind, ()))
