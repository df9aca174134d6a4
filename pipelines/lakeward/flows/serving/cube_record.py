"""The record of a cube's releases: who approved its definition, what each group's figures are of, and what units had added to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakeward.contracts.model import Contract, DataType, Kind
from lakeward.contracts.types import sql_type
from lakeward.core.names import Layer, Relation, TableName
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.engines.tables import TableColumn, TableSpec, Txn
from lakeward.flows.base import governance

TABLE, CELLS, CONTRIBUTIONS, CHARGES = "cubes", "cube_cells", "cube_contributions", "cube_charges"
# Columns of a cube beside its dimensions and sums; the last one where its figures have noise.
UNITS, RELEASE, EPSILON = "units", "release", "epsilon"
_TEXT, _NUMBER, _DECIMAL = DataType(Kind.STRING), DataType(Kind.INTEGER), DataType(Kind.DOUBLE)
_SUM_DIGITS = 38


@dataclass(frozen=True, slots=True, kw_only=True)
class CubeRecord:
    """One release of a cube.

    Args:
        release: Its number, from 1.
        release_id: Id of its groups and contributions.
        definition: JSON of unit, dimensions with bands, measures, k, dominance and noise.
        salt: Of the hashes of contributions.
        source_version: Version of the table that it was made of.
        approved_by, verified, reason: Who approved the definition, whether a token proved that, and why.
        approved_at: When.
    """

    dataset: str
    release: int
    release_id: str
    definition: str
    salt: str
    source_version: int
    approved_by: str
    verified: bool
    reason: str
    approved_at: datetime
    released_at: datetime
    cells: int
    hidden_percent: int


def cube_definition(contract: Contract) -> str:
    """What a release of the contract's cube rests on; another text is another cube."""
    cube = contract.cube
    assert cube is not None
    dimensions = [[name, str(contract.column(name).band), contract.column(name).unit] for name in cube.dimensions]
    content = {
        "unit": cube.unit,
        "dimensions": dimensions,
        "measures": list(cube.measures),
        "k": cube.k,
        "dominance": str(cube.dominance),
    }
    if cube.noise:
        content["noise"] = {
            "epsilon": str(cube.noise.epsilon),
            "budget": str(cube.noise.budget),
            "groups": cube.noise.groups,
            "bounds": {name: [str(found.least), str(found.most)] for name, found in cube.noise.bounds.items()},
        }
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def describe_cube(contract: Contract) -> str:
    """The definition for people, by the keys of the contract, such as `unit: person; dimensions: hired (year); measures: pay; k: 10`."""
    cube = contract.cube
    assert cube is not None
    content: dict[str, object] = {
        "unit": cube.unit,
        "dimensions": ", ".join(_describe_dimension(contract, name) for name in cube.dimensions),
        "measures": ", ".join(cube.measures),
        "k": cube.k,
        "dominance": cube.dominance,
    }
    if cube.noise:
        content |= {"epsilon": cube.noise.epsilon, "budget": cube.noise.budget, "groups": cube.noise.groups}
        content |= {f"bounds of {name}": f"{found.least} … {found.most}" for name, found in cube.noise.bounds.items()}
    return "; ".join(f"{key}: {value}" for key, value in content.items() if value not in (None, ""))


def _describe_dimension(contract: Contract, name: str) -> str:
    column = contract.column(name)
    band = column.band
    words = [str(each) for each in (*((band.width, band.bucket, band.region) if band else ()), column.unit) if each is not None]
    return f"{name} ({' '.join(words)})" if words else name


def cube_table(contract: Contract) -> TableName:
    """The table of the contract's released groups."""
    return contract.table(Layer.CUBES)


def cube_spec(contract: Contract) -> TableSpec:
    """The columns of a cube: dimensions as texts, units, sums, the release that the figures of a group are of, and its epsilon."""
    cube = contract.cube
    assert cube is not None
    sums = (TableColumn(f"{name}_sum", _sum_type(contract.column(name).type)) for name in cube.measures)
    dimensions = (TableColumn(name, _TEXT) for name in cube.dimensions)
    epsilon = (TableColumn(EPSILON, _DECIMAL),) if cube.noise else ()
    columns = (*dimensions, TableColumn(UNITS, _NUMBER), *sums, TableColumn(RELEASE, _NUMBER), *epsilon)
    return TableSpec(cube_table(contract), columns)


def newest_release(engine: Engine, dataset: str) -> CubeRecord | None:
    """The newest release of a dataset's cube; None before the first."""
    rows = governance.read_rows(engine, TABLE, order="release", dataset=dataset)
    return _record(rows[-1]) if rows else None


def read_releases(engine: Engine) -> list[CubeRecord]:
    """Every release, the oldest first."""
    return [_record(row) for row in governance.read_rows(engine, TABLE, order="dataset, release")]


def append_release(engine: Engine, record: CubeRecord) -> bool:
    """Append a release; False if another one with its number came first."""
    row = {name: getattr(record, name) for name in CubeRecord.__slots__}
    return governance.append_rows(engine, TABLE, [row], Txn(f"{TABLE}/{record.dataset}", record.release)) is not None


def append_groups(engine: Engine, release_id: str, cells: Relation, contributions: Relation) -> None:
    """Append what a release rests on; without its record it counts for nothing."""
    for name, rows in ((CONTRIBUTIONS, contributions), (CELLS, cells)):
        spec = governance.table_spec(name)
        governance.record_schema_version(engine, name)
        items = ", ".join(column.name for column in spec.columns if column.name != "release_id")
        query = f"SELECT {literal(release_id)} AS release_id, {items} FROM {rows}"
        _append(engine, spec, query, release_id)


def publish_release(engine: Engine, contract: Contract, record: CubeRecord) -> None:
    """Make the groups of a release the rows of the cube; nothing happens where they are."""
    spec, app = cube_spec(contract), f"{TABLE}/{record.release_id}"
    stored = engine.info(spec.name)
    if stored and engine.txn(spec.name, app):
        return
    if stored and tuple(column.name for column in stored.columns) != tuple(column.name for column in spec.columns):
        engine.drop(spec.name)  # of another definition
    cube = contract.cube
    assert cube is not None
    dimensions = [f"json_extract_string(dims, '$[{at}]')" for at in range(len(cube.dimensions))]
    sums = [f"json_extract_string(sums, '$[{at}]')" for at in range(len(cube.measures))]
    values = [*dimensions, UNITS, *sums, "figures_of", *([f"{cube.noise.epsilon:f}"] if cube.noise else [])]
    columns = zip(values, spec.columns, strict=True)
    shown = ", ".join(f"CAST({value} AS {sql_type(c.type)}) AS {identifier(c.name)}" for value, c in columns)
    query = f"SELECT {shown} FROM governance.{CELLS} WHERE release_id = {literal(record.release_id)} AND is_published"
    governance.with_retries(lambda: engine.overwrite(spec, query, "true", Txn(app, 1)))


def _append(engine: Engine, spec: TableSpec, query: str, release_id: str) -> None:
    governance.with_retries(lambda: engine.append(spec, query, Txn(f"{TABLE}/{release_id}", 1)))


def _sum_type(type_: DataType) -> DataType:
    """A sum of exact numbers is exact."""
    return DataType(Kind.DOUBLE) if type_.kind is Kind.DOUBLE else DataType(Kind.DECIMAL, _SUM_DIGITS, type_.scale)


def _record(row: Mapping[str, Any]) -> CubeRecord:
    return CubeRecord(**{name: row[name] for name in CubeRecord.__slots__})
