"""Sizes of a data set that can make it important or core whatever its columns are: counted exactly, or declared by the project."""

from collections.abc import Sequence
from decimal import Decimal

from lakeward.contracts.model import Contract
from lakeward.core.sql import identifier
from lakeward.engines.protocols import Engine
from lakeward.grading.catalogue import Measure
from lakeward.grading.libraries import ProjectRules
from lakeward.grading.proposal import GradeProposal

PERSONAL, PLACE = "personal.", "geo.coordinates"
# Kilometres of a degree of latitude, on average.
_DEGREE_KM = 111.2


def measure_scale(
    engine: Engine, contract: Contract, proposals: Sequence[GradeProposal], rules: ProjectRules
) -> dict[Measure, Decimal]:
    """The sizes that are known; persons are counted exactly, as different values of the column with the most of them."""
    items = {**_person_items(proposals, rules), **_area_items(proposals)}
    found: dict[Measure, Decimal] = dict(rules.declared.get(contract.name, {}))
    if items:
        columns = ", ".join(f"{expression} AS {measure}" for measure, expression in items.items())
        row = engine.fetch(f"SELECT {columns} FROM {contract.table(contract.layer)}")[0]
        found |= {measure: Decimal(str(row[measure])) for measure in items if row[measure] is not None}
    return found


def _person_items(proposals: Sequence[GradeProposal], rules: ProjectRules) -> dict[Measure, str]:
    personal = [p for p in proposals if (p.category or "").startswith(PERSONAL)]
    sensitive = [p for p in personal if p.category in rules.rules.sensitive]
    counted = {Measure.PERSONS: personal, Measure.SENSITIVE_PERSONS: sensitive}
    return {measure: _most_values(columns) for measure, columns in counted.items() if columns}


def _most_values(proposals: Sequence[GradeProposal]) -> str:
    return f"greatest({', '.join(f'count(DISTINCT {identifier(p.column)})' for p in proposals)})"


def _area_items(proposals: Sequence[GradeProposal]) -> dict[Measure, str]:
    """The box around the places, from one column of latitudes and one of longitudes."""
    names = [p.column for p in proposals if p.category == PLACE and p.detector == "coordinate"]
    latitudes = [name for name in names if "lat" in name.lower() or "纬" in name]
    longitudes = [name for name in names if name not in latitudes]
    if not latitudes or not longitudes:
        return {}
    lat, lon = (f"TRY_CAST({identifier(name)} AS DOUBLE)" for name in (latitudes[0], longitudes[0]))
    high, wide = f"(max({lat}) - min({lat}))", f"(max({lon}) - min({lon}))"
    return {Measure.SQUARE_KILOMETRES: f"round({high} * {_DEGREE_KM} * {wide} * {_DEGREE_KM} * cos(radians(avg({lat}))), 3)"}
