"""`lakeward new` on Parquet: a draft of every type that it may have, and a refusal that names the column and its type."""

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.core.errors import UsageError
from lakeward.core.settings import Settings
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.flows import create_project, draft_dataset, ingest_dataset
from lakeward.flows.base.workspace import open_workspace
from lakeward.profiling import draft, profile_file

LOCAL = [dt.datetime(2026, 3, 1, 6, minute) for minute in range(9)]  # noqa: DTZ001  (times without a zone are the subject)
INFINITY = float("inf")
# Values of a column, and the kind of it that a draft says.
TYPES: dict[str, tuple[pa.Array, str]] = {
    **{f"time without a zone, {unit}": (pa.array(LOCAL, pa.timestamp(unit)), "timestamp") for unit in ("s", "ms", "us", "ns")},
    "time with a zone": (pa.array(LOCAL, pa.timestamp("us", "UTC")), "timestamp"),
    "time of day": (pa.array([dt.time(6, minute) for minute in range(9)], pa.time64("us")), "string"),
    "date": (pa.array([dt.date(2026, 3, day) for day in range(1, 10)]), "date"),
    "list": (pa.array([[1, None], [], None] * 3), "string"),
    "struct": (pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}] * 3), "string"),
    "map": (pa.array([[("a", 1)], [], None] * 3, pa.map_(pa.string(), pa.int64())), "string"),
    "uuid": (pa.array([bytes([n]) * 16 for n in range(9)], pa.uuid()), "string"),
    "infinity": (pa.array([1.5, INFINITY, -INFINITY, float("nan"), None, 8.5, 2.5, 3.5, 4.5]), "double"),
    "infinity alone": (pa.array([INFINITY, -INFINITY] * 4 + [None]), "double"),
    "float16": (pa.array([1.5, INFINITY, None] * 3, pa.float16()), "double"),
    "wide decimals": (pa.array([Decimal(10) ** 37, -(Decimal(10) ** 37), None] * 3, pa.decimal128(38, 0)), "decimal"),
    "unsigned": (pa.array([2**64 - 1, 0, None] * 3, pa.uint64()), "decimal"),
    "nulls": (pa.nulls(9), "string"),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(str(tmp_path_factory.mktemp("lake")))
    yield made
    made.close()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("type_", TYPES)
def test_a_column_of_any_type_is_drafted(type_: str, engine: EmbeddedEngine, tmp_path: Path) -> None:
    values, kind = TYPES[type_]
    pq.write_table(pa.table({"n": range(len(values)), "x": values}), tmp_path / "a.parquet")

    profile = profile_file(engine, tmp_path / "a.parquet")

    assert str(profile.column("x").type.kind) == kind
    contract, suite = draft(profile, "a", "Asia/Shanghai")
    assert 'name: "x"' in contract
    assert "Infinity" not in suite


def test_a_column_of_bytes_is_left_out_by_name_and_the_rest_is_run(tmp_path: Path) -> None:
    values = {"n": range(9), "photo": [b"\x00\xff", b"\x01", None] * 3}
    pq.write_table(pa.table(values), tmp_path / "a.parquet")
    settings = Settings(start=create_project(tmp_path / "plant"))

    contract = (draft_dataset(settings, "a", tmp_path / "a.parquet") / "contract.odcs.yaml").read_text(encoding="utf-8")

    assert '# CHECK: "photo" is left out' in contract
    assert 'name: "photo"' not in contract
    counts = ingest_dataset(settings, "a").counts
    assert (counts.rows_in, counts.silver, counts.quarantine) == (9, 9, 0)


def test_a_file_of_bytes_alone_is_refused_by_column_and_type(engine: EmbeddedEngine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"photo": [b"\x00\xff"] * 9}), tmp_path / "a.parquet")

    with pytest.raises(UsageError, match="photo: BLOB"):
        profile_file(engine, tmp_path / "a.parquet")


def test_an_old_time_of_96_bits_is_drafted_as_a_time(engine: EmbeddedEngine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": pa.array(LOCAL)}), tmp_path / "a.parquet", use_deprecated_int96_timestamps=True)

    assert str(profile_file(engine, tmp_path / "a.parquet").column("x").type.kind) == "timestamp"


@pytest.mark.parametrize("old", [False, True], ids=["with a zone", "96 bits"])
def test_times_counted_in_nanoseconds_of_which_microseconds_are_read_are_a_doubt(
    *, old: bool, engine: EmbeddedEngine, tmp_path: Path
) -> None:
    times = pa.array(LOCAL, pa.timestamp("ns", None if old else "UTC"))
    pq.write_table(pa.table({"x": times, "n": range(9)}), tmp_path / "a.parquet", use_deprecated_int96_timestamps=old)

    contract, _ = draft(profile_file(engine, tmp_path / "a.parquet"), "a", "Asia/Shanghai")

    assert contract.count("# CHECK: its times are in nanoseconds, and a table keeps microseconds") == 1


@pytest.mark.parametrize("values", [[Decimal("1.5")], [[Decimal("1.5")]]], ids=["a column", "inside a list"])
def test_a_type_that_cannot_be_read_is_refused_by_column_and_type(
    values: list[Any], engine: EmbeddedEngine, tmp_path: Path
) -> None:
    wide = pa.decimal256(50, 10)
    column = pa.array(values, pa.list_(wide) if isinstance(values[0], list) else wide)
    pq.write_table(pa.table({"price": column}), tmp_path / "a.parquet")

    with pytest.raises(UsageError, match=r"price.*: DECIMAL\(50,10\)"):
        profile_file(engine, tmp_path / "a.parquet")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return create_project(tmp_path / "plant")


def test_the_drafted_contract_publishes_local_times_in_the_projects_zone(root: Path) -> None:
    sample = root / "a.parquet"
    pq.write_table(pa.table({"ts": pa.array(LOCAL, pa.timestamp("us")), "x": [*range(9)]}), sample)

    draft_dataset(Settings(start=root), "line", sample)
    report = ingest_dataset(Settings(start=root), "line")

    assert (report.counts.silver, report.counts.quarantine) == (9, 0)
    with open_workspace(Settings(start=root)).engine() as engine:
        zone = open_workspace(Settings(start=root)).project.zone
        found = engine.fetch("SELECT min(ts) AS t FROM silver.line")[0]["t"]
    assert (zone, found) == ("Asia/Shanghai", dt.datetime(2026, 2, 28, 22, tzinfo=dt.UTC))


def test_a_drafted_range_comes_from_the_finite_values(root: Path) -> None:
    sample = root / "a.parquet"
    pq.write_table(pa.table({"n": range(9), "x": TYPES["infinity"][0]}), sample)

    folder = draft_dataset(Settings(start=root), "line", sample)

    rules = json.loads((folder / "suite.json").read_text())["expectations"]
    ranges = [
        rule["kwargs"]
        for rule in rules
        if rule["type"] == "expect_column_values_to_be_between" and rule["kwargs"]["column"] == "x"
    ]
    assert [(0 <= one["min_value"] <= 1.5, 8.5 <= one["max_value"] <= 20) for one in ranges] == [(True, True)]
