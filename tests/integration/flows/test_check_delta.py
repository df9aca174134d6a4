"""Delta tables that others made: each feature of the protocol is read as it is, or refused by its name."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, QueryBuilder

import lakeward
from lakeward.core.errors import DataError
from lakeward.engines.delta.features import FEATURES
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.engines.external import ExternalData, ExternalFormat
from support.delta_tables import (
    BY_ID,
    BY_NAME,
    MAPPED,
    PLAIN,
    deletion_vector,
    field,
    make_table,
    with_features,
    with_ids,
    write_v2_checkpoint,
)

TWO_ROWS = {"p.parquet": pa.table({"id": [1, 2]})}
# Of each type the text of a partition value.
PARTITIONS = {
    "string": "x y/ö%'",
    "long": "-5",
    "integer": "5",
    "short": "5",
    "byte": "5",
    "double": "1.5",
    "float": "1.5",
    "boolean": "false",
    "date": "2026-03-01",
    "timestamp": "2026-03-01 06:00:00.123456",
    "timestamp_ntz": "2026-03-01 06:00:00.123456",
    "decimal(20,2)": "-1.50",
    "binary": "\u0001a",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(str(tmp_path_factory.mktemp("lake")))
    yield made
    made.close()


def rows(engine: EmbeddedEngine, folder: Path) -> list[tuple[Any, ...]]:
    """What a check sees of the table's values, in order."""
    attached = engine.attach("checked", ExternalData(ExternalFormat.DELTA, folder=folder))
    items = ", ".join(f'"{column.raw_column}"' for column in attached.columns)
    return sorted((tuple(row.values()) for row in engine.fetch(f"SELECT {items} FROM {attached.placed}")), key=repr)


def rows_by_deltalake(folder: Path) -> list[tuple[Any, ...]]:
    found = QueryBuilder().register("t", DeltaTable(str(folder))).execute("SELECT * FROM t").read_all()
    columns = [[plain(value) for value in pa.table(found).column(name).to_pylist()] for name in found.column_names]
    return sorted(zip(*columns, strict=True), key=repr)


def plain(value: Any) -> Any:
    """Instants in one form of UTC, and maps as DuckDB has them."""
    if isinstance(value, dt.datetime) and value.tzinfo:
        return value.astimezone(dt.UTC)
    return dict(value) if isinstance(value, list) and value and isinstance(value[0], tuple) else value


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_table_with_a_feature_is_read_or_refused_by_its_name(feature: Any, engine: EmbeddedEngine, tmp_path: Path) -> None:
    both = with_features(feature.name)
    protocol = both if feature.for_readers else {"minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": [feature.name]}
    folder = make_table(tmp_path / "t", TWO_ROWS, protocol)

    if feature.is_read:
        assert rows(engine, folder) == [(1,), (2,)]
    else:
        with pytest.raises(DataError) as raised:
            rows(engine, folder)
        assert raised.value.code == "data_feature_unreadable"
        assert raised.value.facts["feature"] in {feature.name, "catalogManaged"}


@pytest.mark.parametrize("name", ["someFutureFeature", "geospatial"])
def test_a_feature_that_nobody_knows_yet_is_refused_by_its_name(name: str, tmp_path: Path) -> None:
    folder = make_table(tmp_path / "t", TWO_ROWS, with_features(name))

    with pytest.raises(DataError, match=f"feature that can't be read here: {name}"):
        lakeward.check(folder, {"name": "mine", "expectations": []})


@pytest.mark.sampled(10)
@pytest.mark.parametrize("type_", PARTITIONS)
@pytest.mark.parametrize("form", ["mapped", "plain"])
def test_a_partition_value_of_any_type_is_what_deltalake_reads(
    type_: str, form: str, engine: EmbeddedEngine, tmp_path: Path
) -> None:
    mapped = form == "mapped"
    protocol = with_features("timestampNtz", *(["columnMapping"] if mapped else []))
    fields = [field("id", "long", (1, "c1") if mapped else None), field("part", type_, (2, "c2") if mapped else None)]
    own, part = ("c1", "c2") if mapped else ("id", "part")
    files = {"a=%20/p.parquet": pa.table({own: [1]}), "q.parquet": pa.table({own: [2]})}
    adds = [{"path": "a=%2520/p.parquet", "partitionValues": {part: PARTITIONS[type_]}}, {"partitionValues": {part: None}}]
    folder = make_table(tmp_path / "t", files, protocol, fields, BY_NAME if mapped else None, adds)

    found = rows(engine, folder)

    assert found == rows_by_deltalake(folder)
    assert found[1] == (2, None)
    assert found[0][1] is not None


def struct(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "struct", "fields": list(fields)}


N, M = field("x", "long", (2, "n2")), field("n2", "string", (3, "x"))
NESTED = pa.array([{"n2": 1, "x": "a"}])
MAPPINGS: dict[str, tuple[dict[str, Any], list[dict[str, Any]], pa.Table]] = {
    "renamed": (BY_NAME, [field("id", "long", (1, "c1")), field("n", "string", (2, "c2"))], pa.table({"c1": [1], "c2": ["a"]})),
    "swapped": (BY_NAME, [field("a", "long", (1, "b")), field("b", "long", (2, "a"))], pa.table({"a": [1], "b": [2]})),
    "dropped and added": (
        BY_NAME,
        [field("id", "long", (1, "c1")), field("n", "string", (3, "c3"))],
        pa.table({"c1": [1], "c2": ["a"]}),
    ),
    "in a struct": (BY_NAME, [field("s", struct(N, M), (1, "c1"))], pa.table({"c1": NESTED})),
    "in a list": (
        BY_NAME,
        [field("s", {"type": "array", "elementType": struct(N, M), "containsNull": True}, (1, "c1"))],
        pa.table({"c1": pa.array([[{"n2": 1, "x": "a"}]])}),
    ),
    "in a map": (
        BY_NAME,
        [field("s", {"type": "map", "keyType": "string", "valueType": struct(N, M), "valueContainsNull": True}, (1, "c1"))],
        pa.table({"c1": pa.array([[("k", {"n2": 1, "x": "a"})]], pa.map_(pa.string(), NESTED.type))}),
    ),
    "by id": (
        BY_ID,
        [field("id", "long", (1, "c1")), field("n", "string", (2, "c2"))],
        with_ids(pa.table({"c1": [1], "c2": ["a"]}), 1, 2),
    ),
    "by name, with other ids": (BY_NAME, [field("id", "long", (1, "c1"))], with_ids(pa.table({"c1": [1]}), 7)),
}


@pytest.mark.parametrize("case", MAPPINGS)
def test_mapped_columns_are_what_deltalake_reads(case: str, engine: EmbeddedEngine, tmp_path: Path) -> None:
    configuration, fields, table = MAPPINGS[case]
    folder = make_table(tmp_path / "t", {"p.parquet": table}, MAPPED, fields, configuration)

    assert rows(engine, folder) == rows_by_deltalake(folder)
    assert rows(engine, folder)[0][0] is not None


def test_ids_under_other_names_are_refused(engine: EmbeddedEngine, tmp_path: Path) -> None:
    """Both DuckDB and deltalake find NULL there."""
    fields = [field("id", "long", (1, "c1")), field("n", "string", (2, "c2"))]
    table = with_ids(pa.table({"other": ["a"], "names": [1]}), 2, 1)
    folder = make_table(tmp_path / "t", {"p.parquet": table}, MAPPED, fields, BY_ID)

    with pytest.raises(DataError, match="columnMapping"):
        rows(engine, folder)


def test_deleted_rows_are_left_out_in_mapped_partitions_too(engine: EmbeddedEngine, tmp_path: Path) -> None:
    protocol = with_features("deletionVectors", "columnMapping")
    fields = [field("id", "long", (1, "c1")), field("part", "string", (2, "c2"))]
    adds = [{"partitionValues": {"c2": "x"}, "deletionVector": deletion_vector(1)}]
    folder = make_table(tmp_path / "t", {"p.parquet": pa.table({"c1": [1, 2, 3]})}, protocol, fields, BY_NAME, adds)

    assert rows(engine, folder) == rows_by_deltalake(folder) == [(1, "x"), (3, "x")]


# deltalake refuses these; the values are the protocol's ("Type Widening").
WIDENED: dict[tuple[str, str], tuple[pa.Array, Any]] = {
    ("integer", "long"): (pa.array([-5], pa.int32()), -5),
    ("byte", "short"): (pa.array([-5], pa.int32()), -5),
    ("float", "double"): (pa.array([1.5], pa.float32()), 1.5),
    ("integer", "double"): (pa.array([7], pa.int32()), 7.0),
    ("integer", "decimal(12,2)"): (pa.array([7], pa.int32()), Decimal("7.00")),
    ("decimal(10,2)", "decimal(12,4)"): (pa.array([Decimal("1.50")], pa.decimal128(10, 2)), Decimal("1.5000")),
    ("date", "timestamp_ntz"): (pa.array([dt.date(2026, 1, 2)]), dt.datetime(2026, 1, 2)),  # noqa: DTZ001
}


@pytest.mark.parametrize("types", WIDENED, ids=" to ".join)
def test_values_of_older_files_are_seen_in_the_wider_type(types: tuple[str, str], engine: EmbeddedEngine, tmp_path: Path) -> None:
    values, expected = WIDENED[types]
    changes = [{"fromType": types[0], "toType": types[1]}]
    fields = [field("x", types[1], **{"delta.typeChanges": changes})]
    folder = make_table(
        tmp_path / "t", {"p.parquet": pa.table({"x": values})}, with_features("typeWidening", "timestampNtz"), fields
    )

    assert rows(engine, folder) == [(expected,)]


@pytest.mark.parametrize("sidecar", [False, True])
def test_a_checkpoint_of_the_newer_form_is_read(engine: EmbeddedEngine, tmp_path: Path, *, sidecar: bool) -> None:
    folder = make_table(tmp_path / "t", TWO_ROWS, with_features("v2Checkpoint"))
    write_v2_checkpoint(folder, sidecar=sidecar)

    assert rows(engine, folder) == rows_by_deltalake(folder) == [(1,), (2,)]


@pytest.mark.parametrize("fault", ["no commit", "a torn commit", "no file", "mapping that is not said"])
def test_a_table_that_cannot_be_read_is_told_as_data_not_as_a_lake(fault: str, tmp_path: Path) -> None:
    fields = [field("id", "long", (1, "c1"))] if fault == "mapping that is not said" else []
    folder = make_table(tmp_path / "t", TWO_ROWS, PLAIN, fields)
    commit = folder / "_delta_log" / "00000000000000000000.json"
    if fault == "no commit":
        commit.unlink()
    if fault == "a torn commit":
        commit.write_text(commit.read_text()[:200])
    if fault == "no file":
        (folder / "p.parquet").unlink()

    with pytest.raises(DataError) as raised:
        lakeward.check(
            folder, {"name": "mine", "expectations": [{"type": "expect_column_values_to_be_unique", "kwargs": {"column": "id"}}]}
        )
    assert (raised.value.code, int(raised.value.exit_code)) == ("data_unreadable", 3)
