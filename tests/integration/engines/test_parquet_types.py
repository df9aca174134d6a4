"""Every type of Parquet in every width: the values that pyarrow reads, or a refusal by the column's name and type. Never another value."""

import datetime as dt
import decimal
import struct
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakeward.contracts.record_format import FileFormat
from lakeward.core.errors import LakewardError
from lakeward.engines.embedded.engine import EmbeddedEngine
from lakeward.engines.external import ExternalData, ExternalFormat
from support import parquet_bytes as pb
from support.staging import StagingResult, column, file_input, stage_files

# Writes a file with a column of that name.
Write = Callable[[Path, str], object]


def arrow(values: list[Any], type_: pa.DataType, **options: Any) -> Write:
    return lambda file, name: pq.write_table(pa.table({name: pa.array([*values, None], type_)}), file, **options)


def arrow_column(values: pa.Array, **options: Any) -> Write:
    return lambda file, name: pq.write_table(pa.table({name: values}), file, **options)


def stored(physical: int, values: list[bytes], **annotation: Any) -> Write:
    return lambda file, name: pb.write_column(file, physical, values, name=name, **annotation)


def big_endian(number: int, length: int) -> bytes:
    return number.to_bytes(length, "big", signed=True)


def little_endian(*numbers: int, size: int = 8) -> list[bytes]:
    return [number.to_bytes(size, "little", signed=True) for number in numbers]


def decimals() -> Iterator[tuple[str, Write]]:
    for precision, scale in ((1, 0), (9, 2), (18, 4), (38, 0), (38, 38), (39, 2), (50, 10), (76, 10)):
        type_ = pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
        values = [Decimal(1).scaleb(-scale), Decimal(-9).scaleb(-scale), Decimal(0)]
        yield f"decimal({precision},{scale}) by arrow", arrow(values, type_)
        yield f"decimal({precision},{scale}) by arrow, as integers", arrow(values, type_, store_decimal_as_integer=True)
        said = {"converted": pb.DECIMAL, "precision": precision, "scale": scale}
        for physical, size in ((pb.INT32, 4), (pb.INT64, 8)):
            yield f"decimal({precision},{scale}) in {size} bytes", stored(physical, little_endian(123, -123, size=size), **said)
        # Where 16 bytes are enough, pyarrow reads no more; that case is tested by itself.
        for length in (1, 3, 8, 16, 17, 20, 32) if precision > 38 else (1, 3, 8, 16):
            values_of = [big_endian(number, length) for number in (123, -123)]
            yield f"decimal({precision},{scale}) in {length} bytes, fixed", stored(pb.FIXED, values_of, length=length, **said)
        lengths = [big_endian(123, 1), big_endian(-12345, 3), big_endian(12345, 16)]
        yield f"decimal({precision},{scale}) in bytes", stored(pb.BYTE_ARRAY, lengths, **said)


def integers() -> Iterator[tuple[str, Write]]:
    for bits in (8, 16, 32, 64):
        yield f"int{bits}", arrow([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1], getattr(pa, f"int{bits}")())
        yield f"uint{bits}", arrow([0, 2**bits - 1], getattr(pa, f"uint{bits}")())
    for signed in (True, False):
        for bits, physical, size in ((8, pb.INT32, 4), (16, pb.INT32, 4), (32, pb.INT32, 4), (64, pb.INT64, 8)):
            said = pb.logical_integer(bits, signed=signed)
            yield (
                f"{'' if signed else 'u'}int{bits} by its logical type alone",
                stored(physical, little_endian(-1, 7, size=size), logical=said),
            )


def times() -> Iterator[tuple[str, Write]]:
    for unit, per_second in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)):
        for zone in (None, "UTC", "Asia/Shanghai"):
            values = pa.array([1772344800 * per_second + per_second // 4, -per_second, None]).cast(pa.timestamp(unit, zone))
            for old in (False, True):
                name = f"timestamp({unit}, {zone}){', INT96' if old else ''}"
                yield name, arrow_column(values, use_deprecated_int96_timestamps=old)
        time = pa.time32(unit) if unit in {"s", "ms"} else pa.time64(unit)
        yield f"time({unit})", arrow([dt.time(0), dt.time(23, 59, 59)], time)
    for converted in (pb.TIMESTAMP_MILLIS, pb.TIMESTAMP_MICROS):
        yield (
            f"timestamp of converted type {converted} alone",
            stored(pb.INT64, little_endian(0, 1772344800250), converted=converted),
        )
    yield "time of converted type alone, ms", stored(pb.INT32, little_endian(1, 86399999, size=4), converted=pb.TIME_MILLIS)
    yield "time of converted type alone, us", stored(pb.INT64, little_endian(1, 86399999999), converted=pb.TIME_MICROS)
    yield "time beyond a day", stored(pb.INT32, little_endian(-1, 86400001, size=4), converted=pb.TIME_MILLIS)
    yield "date", arrow([dt.date(1, 1, 1), dt.date(9999, 12, 31)], pa.date32())
    yield "date of converted type alone", stored(pb.INT32, little_endian(20513, size=4), converted=pb.DATE)
    yield "date by its logical type alone", stored(pb.INT32, little_endian(20513, size=4), logical=pb.logical_type(6))


def others() -> Iterator[tuple[str, Write]]:
    yield "float16", stored(pb.FIXED, [struct.pack("<e", v) for v in (1.5, float("inf"))], length=2, logical=pb.logical_type(15))
    for name, type_ in (("float32", pa.float32()), ("float64", pa.float64())):
        yield name, arrow([1.5, -0.0, float("inf"), float("-inf"), float("nan")], type_)
    yield "boolean", arrow([True, False], pa.bool_())
    yield "string", arrow(["", "ä\0b"], pa.string())
    yield "large string, dictionary", arrow_column(pa.array(["a", "b", "a"]).dictionary_encode())
    yield "string without dictionary", arrow(["a", "b"], pa.large_string(), use_dictionary=False)
    yield "string, delta encoded", arrow(["abc", "abd"], pa.string(), use_dictionary=False, column_encoding="DELTA_BYTE_ARRAY")
    yield (
        "integers, delta encoded",
        arrow([1, 2, 10**12], pa.int64(), use_dictionary=False, column_encoding="DELTA_BINARY_PACKED"),
    )
    yield "floats, split streams", arrow([1.5, 2.5], pa.float64(), use_dictionary=False, column_encoding="BYTE_STREAM_SPLIT")
    yield "binary", arrow([b"", b"\x00\xff"], pa.binary())
    yield "fixed binary", arrow([b"ab"], pa.binary(2))
    yield "uuid", arrow([uuid.UUID(int=5).bytes], pa.uuid())
    yield "json", arrow(['{"a": 1}'], pa.json_())
    yield "enum", stored(pb.BYTE_ARRAY, [b"a", "ä".encode()], converted=pb.ENUM)
    for number, name in ((1, "string"), (4, "enum"), (12, "json"), (13, "bson")):
        yield f"{name} by its logical type alone", stored(pb.BYTE_ARRAY, [b"{}"], logical=pb.logical_type(number))
    yield "bson", stored(pb.BYTE_ARRAY, [b"\x05\0\0\0\0"], converted=pb.BSON)
    yield "nulls only", arrow_column(pa.nulls(2))
    yield "list", arrow([[1, None], []], pa.list_(pa.int64()))
    yield "struct", arrow([{"a": 1, "b": "x"}], pa.struct([("a", pa.int64()), ("b", pa.string())]))
    yield "map", arrow([[("a", 1)]], pa.map_(pa.string(), pa.int64()))
    yield "list of wide decimals", arrow([[Decimal("1.5")]], pa.list_(pa.decimal256(50, 10)))
    yield "struct of wide decimals", arrow([{"a": Decimal("1.5")}], pa.struct([("a", pa.decimal256(50, 10))]))


CASES: dict[str, Write] = dict([*decimals(), *integers(), *times(), *others()])


# What files of other programs have in practice: these are read, not refused.
READ = {
    *(f"decimal({p}) by arrow{how}" for p in ("1,0", "9,2", "18,4", "38,0", "38,38") for how in ("", ", as integers")),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *(f"timestamp({unit}, {zone}){old}" for unit in ("s", "ms", "us", "ns") for zone in (None, "UTC") for old in ("", ", INT96")),
    *(
        "float16",
        "float32",
        "float64",
        "boolean",
        "string",
        "binary",
        "uuid",
        "json",
        "enum",
        "list",
        "struct",
        "map",
        "nulls only",
        "date",
    ),
    *("timestamp of converted type 9 alone", "time(ms)", "time(us)", "string, delta encoded", "large string, dictionary"),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine(str(tmp_path_factory.mktemp("lake")))
    yield made
    made.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, Path]]:
    """Each case that can be written: its column and its file."""
    folder, found = tmp_path_factory.mktemp("files"), {}
    for number, case in enumerate(CASES):
        file = folder / f"{number}.parquet"
        with suppress(pa.ArrowException, OverflowError, decimal.DecimalException):
            CASES[case](file, f"x{number}")
            found[case] = (f"x{number}", file)
    return found


@pytest.fixture(scope="module")
def batch(files: dict[str, tuple[str, Path]], tmp_path_factory: pytest.TempPathFactory) -> StagingResult:
    """All files as one batch, each with a column of its own."""
    inputs = [file_input(file, FileFormat.PARQUET, seq) for seq, (_, file) in enumerate(files.values(), 1)]
    got = stage_files(tmp_path_factory.mktemp("staged"), inputs, [column(name) for name, _ in files.values()])
    got.con.execute("CREATE TABLE received AS FROM staged_rows")
    return got


@pytest.mark.sampled(30)
@pytest.mark.parametrize("case", CASES)
def test_a_value_of_any_type_is_what_pyarrow_reads_or_refused_by_name(
    case: str, engine: EmbeddedEngine, files: dict[str, tuple[str, Path]], batch: StagingResult, tmp_path: Path
) -> None:
    if case not in files:
        pytest.skip("no such file can be written")
    name, file = files[case]
    expected = values_by_pyarrow(file)

    checked = values_to_check(engine, file, tmp_path)
    received = values_in_a_batch(batch, name, list(files).index(case) + 1, tmp_path)

    assert checked in (expected, f"refused: {name}", "unreadable")
    # A batch's values are also written as a table has them: a time beyond a day has no text.
    assert received in (checked, "unreadable")
    assert case not in READ or checked == received == expected


@pytest.mark.parametrize("length", [17, 20, 32, 40])
def test_a_decimal_in_more_bytes_than_it_needs_is_read(length: int, engine: EmbeddedEngine, tmp_path: Path) -> None:
    """pyarrow does not read these; the bytes say what they are."""
    values = [big_endian(number, length) for number in (12345, -12345)]
    pb.write_column(tmp_path / "x.parquet", pb.FIXED, values, length=length, converted=pb.DECIMAL, precision=9, scale=2)

    assert values_to_check(engine, tmp_path / "x.parquet", tmp_path) == [Decimal("123.45"), Decimal("-123.45")]


def values_by_pyarrow(file: Path) -> Any:
    try:
        found = pq.read_table(file).column(0)
        return plain(found.cast(pa.timestamp("us", found.type.tz), safe=False) if pa.types.is_timestamp(found.type) else found)
    except (pa.ArrowException, OSError, ValueError):
        return "unreadable"


def values_to_check(engine: EmbeddedEngine, file: Path, folder: Path) -> Any:
    try:
        attached = engine.attach("checked", ExternalData(ExternalFormat.PARQUET, (file,)))
        engine.export(f'SELECT "{attached.columns[0].raw_column}" AS x FROM {attached.placed}', folder / "checked.parquet")
    except LakewardError as error:
        named = error.code == "data_type_unreadable"
        return f"refused: {str(error.facts['found']).partition(':')[0].partition('.')[0]}" if named else "unreadable"
    return values_by_pyarrow(folder / "checked.parquet")


def values_in_a_batch(batch: StagingResult, name: str, seq: int, folder: Path) -> Any:
    for of, reason, detail in batch.rejects("_file_seq, reason, detail"):
        if of == seq:
            return f"refused: {name}" if reason == "reject_unreadable_type" and f"{name}" in detail else "unreadable"
    batch.con.execute(f"COPY (SELECT {name} AS x FROM received WHERE _file_seq = {seq}) TO '{folder / 'staged.parquet'}'")
    return values_by_pyarrow(folder / "staged.parquet")


def plain(found: pa.ChunkedArray) -> list[Any]:
    """The values as Python has them, in one form for those that programs name differently."""
    return [_plain(value) for value in found.to_pylist()]


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bytes):
        return value.decode(errors="surrogateescape")
    if isinstance(value, uuid.UUID):
        return str(value)
    return value
