"""Values of a table arrive as the server itself writes them: no digit, no instant and no sign of NULL is lost on the way to bronze and silver."""

import pytest

from lakeward.flows import list_tables, run_dataset
from support.sql_plant import SqlPlant

TYPES = {
    "n_small": "smallint",
    "n_big": "bigint",
    "n_exact": "numeric(38,10)",
    "n_any": "numeric",
    "n_real": "real",
    "n_double": "double precision",
    "n_oid": "oid",
    "n_money": "money",
    "t_text": "text",
    "t_char": "char(5)",
    "t_varchar": "varchar(20)",
    "t_json": "jsonb",
    "t_list": "int[]",
    "t_uuid": "uuid",
    "t_address": "inet",
    "t_time": "time",
    "t_span": "interval",
    "t_bits": "bit(3)",
    "b_flag": "boolean",
    "d_day": "date",
    "d_local": "timestamp",
    "d_instant": "timestamptz",
}
ROWS = (
    (1, "-32768", "9223372036854775807", "1234567890123456789012345678.0123456789", "0.1", "0.1", "0.1", "4294967295", "-1.05"),
    (
        2,
        "32767",
        "-9223372036854775808",
        "-0.0000000001",
        "123456789012345678901234567890123456789012345678",
        "1e38",
        "1e308",
        "0",
        "5",
    ),
    (3, None, None, None, None, None, None, None, None),
    (4, "0", "0", "NaN", "Infinity", "NaN", "-Infinity", "1", "92233720368547758.07"),
)
TEXTS = (
    (
        1,
        'it\'s 温度 \\ "x"',
        "ab",
        "",
        '{"a": 1.10}',
        "{1,NULL,3}",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "10.1.2.3",
        "23:59:59.999999",
        "1 day 02:03:04",
        "101",
    ),
    (
        2,
        "",
        "abcde",
        "'; DROP TABLE x; --",
        "[]",
        "{}",
        "00000000-0000-0000-0000-000000000000",
        "::1",
        "24:00:00",
        "-3 months",
        "000",
    ),
)
TIMES = (
    (1, True, "2026-03-29", "2026-03-29 02:30:00.123456", "2026-10-25 02:30:00.000001+02"),
    (2, False, "0001-01-01", "9999-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999+00"),
    (3, None, None, None, None),
)
FAR = (
    (4, None, "infinity", "-infinity", "infinity"),
    (5, None, "0044-03-15 BC", "12026-01-01 00:00:00", "0001-12-31 00:00:00+00 BC"),
)


def insert(database, names, rows):
    for row in rows:
        values = ", ".join("NULL" if value is None else "'" + str(value).replace("'", "''") + "'" for value in row)
        update = ", ".join(f"{name} = EXCLUDED.{name}" for name in names)
        database.execute(
            f"INSERT INTO readings (id, {', '.join(names)}) VALUES ({values}) ON CONFLICT (id) DO UPDATE SET {update}"
        )


def columns(types):
    """Columns of the contract: exact numbers as decimals, all else as text."""
    texts = {name: f"{{name: {name}, logicalType: string}}" for name in types}
    named = {
        "n_small": "{name: n_small, logicalType: integer}",
        "n_big": "{name: n_big, logicalType: integer}",
        "n_exact": "{name: n_exact, logicalType: number, physicalType: 'decimal(38,10)'}",
        "n_double": "{name: n_double, logicalType: number}",
        "b_flag": "{name: b_flag, logicalType: boolean}",
        "d_day": "{name: d_day, logicalType: date}",
        "d_local": "{name: d_local, logicalType: timestamp}",
        "d_instant": "{name: d_instant, logicalType: timestamp}",
    }
    lines = ["{name: id, logicalType: integer, required: true, primaryKey: true}", *(texts | named).values()]
    return "".join(f"      - {line}\n" for line in lines)


def make_table(database):
    items = ", ".join(f"{name} {type_}" for name, type_ in TYPES.items())
    database.execute(f"CREATE TABLE readings (id bigint PRIMARY KEY, {items}, xid xid8 NOT NULL DEFAULT pg_current_xact_id())")
    kinds = {start: [name for name in TYPES if name.startswith(start)] for start in ("n_", "t_", ("b_", "d_"))}
    for names, rows in zip(kinds.values(), (ROWS, TEXTS, TIMES), strict=True):
        insert(database, names, rows)


def plant_of(tmp_path, database):
    plant = SqlPlant(tmp_path / "plant", database.url, columns=columns(TYPES))
    text = (plant.folder / "contract.odcs.yaml").read_text().replace("value: ts}", "value: d_instant}")
    (plant.folder / "contract.odcs.yaml").write_text(text)
    return plant


def test_bronze_has_the_texts_that_the_server_writes(tmp_path, database):
    make_table(database)
    plant = plant_of(tmp_path, database)
    report = run_dataset(plant.settings, "readings")
    assert report.counts.rows_in == report.counts.bronze == 4
    exact = [name for name in TYPES if name not in {"n_real", "n_double", "d_local", "d_instant", "b_flag"}]
    items = ", ".join(f"{name}::text" for name in exact)
    expected = database.execute(f"SELECT id::text, {items} FROM readings ORDER BY id")
    own = ", ".join(f"{name}::VARCHAR AS {name}" for name in ["id", *exact])
    found = [tuple(row.values()) for row in plant.fetch(f"SELECT {own} FROM bronze.readings ORDER BY id::BIGINT")]
    assert found == expected


def test_doubles_and_times_are_bit_for_bit_those_of_the_server(tmp_path, database):
    make_table(database)
    plant = plant_of(tmp_path, database)
    run_dataset(plant.settings, "readings")
    micros = "(extract(epoch from {0}) * 1000000)::bigint::text"
    items = ", ".join(micros.format(name) for name in ("d_local", "d_instant"))
    expected = database.execute(f"SELECT {items}, encode(float8send(n_double), 'hex'), n_real::text FROM readings ORDER BY id")
    own = "epoch_us(d_local::TIMESTAMP)::VARCHAR AS l, epoch_us(d_instant)::VARCHAR AS i, n_double, n_real"
    found = plant.fetch(f"SELECT {own} FROM bronze.readings ORDER BY id")
    assert [(row["l"], row["i"]) for row in found] == [(row[0], row[1]) for row in expected]
    assert [None if row["n_double"] is None else float(row["n_double"]).hex() for row in found] == [
        None if row[2] is None else _double(row[2]).hex() for row in expected
    ]


def _double(text):
    import struct

    return struct.unpack(">d", bytes.fromhex(text))[0]


def test_silver_has_every_digit_of_a_decimal_and_quarantines_what_is_no_number(tmp_path, database):
    make_table(database)
    plant = plant_of(tmp_path, database)
    run_dataset(plant.settings, "readings")
    found = {row["id"]: row["n_exact"] for row in plant.fetch("SELECT id, n_exact::VARCHAR AS n_exact FROM silver.readings")}
    assert found == {1: "1234567890123456789012345678.0123456789", 2: "-0.0000000001", 3: None}
    [row] = plant.fetch("SELECT id FROM quarantine.readings")  # NaN and infinity
    assert row["id"] == 4


@pytest.mark.sampled(1)
@pytest.mark.parametrize("is_first", [True, False])
def test_times_beyond_the_calendar_are_kept_as_text_and_never_as_another_time(tmp_path, database, is_first):
    make_table(database)
    plant = plant_of(tmp_path, database)
    if not is_first:
        run_dataset(plant.settings, "readings")
    database.execute("DELETE FROM readings WHERE id = 4")
    insert(database, ("b_flag", "d_day", "d_local", "d_instant"), FAR)
    run_dataset(plant.settings, "readings")
    assert [row["id"] for row in plant.fetch("SELECT id FROM silver.readings ORDER BY id")] == [1, 2, 3]
    out = [row["id"] for row in plant.fetch("SELECT id FROM quarantine.readings")] if is_first else [4]
    rejects = plant.fetch("SELECT decode(raw) AS raw FROM rejects.readings") if not is_first else []
    assert sorted([*out, *(5 for row in rejects if "BC" in row["raw"])]) == [4, 5]
    if not is_first:  # `infinity` is a time for the engine, and no time for a contract
        assert [row["id"] for row in plant.fetch("SELECT id FROM quarantine.readings WHERE d_instant IS NOT NULL")] == [4]


def test_a_run_without_new_rows_commits_to_no_table(tmp_path, database):
    make_table(database)
    plant = plant_of(tmp_path, database)
    run_dataset(plant.settings, "readings")
    before = [(table.table, table.version) for table in list_tables(plant.settings)]
    report = run_dataset(plant.settings, "readings")
    assert report.batches == 0
    assert [(table.table, table.version) for table in list_tables(plant.settings)] == before
