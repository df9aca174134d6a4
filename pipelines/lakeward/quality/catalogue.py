"""Catalogues of expectations, read once from the package's data."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

import yaml

from lakeward.contracts.model import Kind
from lakeward.quality.rule import Dimension

GX_EXPECTATIONS = "expectations_gx_1.24_v2.yaml"
SENSOR_RULES = "expectations_lakeward_v2.yaml"
GX_DIFFERENCES = "gx_differences_1.24_v1.yaml"


class Form(StrEnum):
    """How an expectation is judged."""

    ROW = "row"
    UNIQUE = "unique"
    AGGREGATE = "aggregate"
    SCHEMA = "schema"
    GX = "gx"
    SERIES = "series"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation type in the catalogue: form, arguments and indicator of GB/T 36344-2018."""

    form: Form
    dimension: Dimension
    required: frozenset[str]
    optional: frozenset[str]


@functools.cache
def expectations() -> Mapping[str, Expectation]:
    """All core expectations of Great Expectations 1.24, then the sensor rules, by type."""
    entries = {name: (e, ()) for name, e in _read(GX_EXPECTATIONS)["expectations"].items()}
    entries |= {name: (e, _read(SENSOR_RULES)["common"]) for name, e in _read(SENSOR_RULES)["expectations"].items()}
    return {
        name: Expectation(
            Form(e["form"]), _dimension(e["indicator"]), frozenset(e["required"]), frozenset((*e["optional"], *more))
        )
        for name, (e, more) in entries.items()
    }


def argument_shapes() -> Mapping[str, str]:
    """The shape of each argument of the sensor rules."""
    return {name: entry["shape"] for name, entry in _read(SENSOR_RULES)["arguments"].items()}


def gx_differences() -> Sequence[Mapping[str, Any]]:
    """Differences between compiled expectations and Great Expectations, each with reason and example."""
    listed: Sequence[Mapping[str, Any]] = _read(GX_DIFFERENCES)["differences"]
    return listed


@functools.cache
def ignored_kwargs() -> frozenset[str]:
    """Arguments that every expectation accepts and that do not affect its meaning."""
    return frozenset(_read(GX_EXPECTATIONS)["ignored"])


@functools.cache
def type_kinds() -> Mapping[str, Kind]:
    """Kinds by the names of types in suites, upper case."""
    names = _read(GX_EXPECTATIONS)["type_names"]
    return {name: Kind(kind) for kind, listed in names.items() for name in listed}


def derived_dimension(prefix: str) -> Dimension:
    """The dimension of a rule that follows from the contract, such as `type`, or from `series.csv`."""
    return _dimension((_read("quality_gbt_36344_2018.yaml")["derived"] | _read(SENSOR_RULES)["derived"])[prefix])


def _dimension(indicator: str) -> Dimension:
    dimensions = _read("quality_gbt_36344_2018.yaml")["dimensions"]
    return next(Dimension(name) for name, entry in dimensions.items() if entry["code"] == indicator[:2])


@functools.cache
def _read(file: str) -> dict[str, Any]:
    path = resources.files("lakeward") / "expectations" / "catalogues" / file
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content
