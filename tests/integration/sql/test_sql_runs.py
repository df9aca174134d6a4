"""Tables through whole runs: kills, backfill, corrections, both engines, and every trouble as one clear message."""

import random
import time

import pytest

from lakeward.core.errors import LakewardError
from lakeward.core.settings import Settings
from lakeward.flows import (
    Span,
    backfill_dataset,
    check_machine,
    draft_from_address,
    list_tables,
    project_status,
    run_all,
    run_dataset,
)
from support.postgres import PASSWORD
from support.sql_plant import LOOKBACK, TABLE, XID8, SqlPlant, kill


def insert(database, first, last, day="2026-01-01"):
    database.execute(
        f"INSERT INTO readings SELECT n, timestamptz '{day} 00:00:00+08' + n * interval '1 minute', n FROM generate_series({first}, {last}) AS n"
    )


@pytest.mark.slow
@pytest.mark.sampled(1)
@pytest.mark.parametrize("source", [XID8, LOOKBACK], ids=["xid8", "lookback"])
@pytest.mark.parametrize(
    ("kills", "rows"), [(3, 300), pytest.param(20, 3000, marks=[pytest.mark.exhaustive, pytest.mark.timeout(1800)])]
)
def test_runs_that_are_killed_lose_and_double_nothing(tmp_path, database, source, kills, rows):
    database.execute(TABLE)
    windows = "      windowRows: 40\n"
    plant = SqlPlant(tmp_path / "plant", database.url, windows + source)
    dice, killed, written = random.Random(20261130), 0, 0
    while killed < kills:
        step = max(rows // kills, 1)
        insert(database, written + 1, written + step)
        written += step
        process = plant.start("run", "readings")
        time.sleep(dice.uniform(0.8, 4))
        killed += kill(process)
    run_dataset(plant.settings, "readings")
    assert plant.ids() == list(range(1, written + 1))
    assert plant.ids("bronze.readings") == list(range(1, written + 1))


def versions(plant):
    return {str(table.table): table.version for table in list_tables(plant.settings)}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("source", [XID8, LOOKBACK], ids=["xid8", "lookback"])
def test_an_idle_run_commits_to_no_table(tmp_path, database, source):
    database.execute(TABLE)
    insert(database, 1, 5)
    plant = SqlPlant(tmp_path / "plant", database.url, source)
    assert run_dataset(plant.settings, "readings").counts.silver == 5
    before = versions(plant)
    assert run_dataset(plant.settings, "readings").batches == 0
    assert not run_all(plant.settings)[1]
    assert versions(plant) == before


def test_a_backfill_takes_its_span_once_and_leaves_the_running_position(tmp_path, database):
    database.execute(TABLE)
    insert(database, 1, 100, "2026-01-05")
    plant = SqlPlant(tmp_path / "plant", database.url)
    run_dataset(plant.settings, "readings")
    database.execute("UPDATE readings SET value = -1 WHERE id = 3")  # the transaction's column is as it was: a run can't see it
    assert run_dataset(plant.settings, "readings").batches == 0
    span = Span("2026-01-05", "2026-01-06")
    report = backfill_dataset(plant.settings, "readings", span)
    assert (report.batches, report.counts.rows_in, report.counts.corrections, report.counts.duplicates) == (1, 100, 1, 99)
    again = backfill_dataset(plant.settings, "readings", span)
    assert (again.batches, [code for code, _ in again.warnings]) == (0, ["backfill_nothing_new"])
    insert(database, 101, 102, "2026-02-01")
    assert backfill_dataset(plant.settings, "readings", Span("2025-01-01", "2025-02-01")).batches == 0
    report = run_dataset(plant.settings, "readings")
    assert (report.batches, report.counts.silver) == (1, 2)
    assert [row["value"] for row in plant.fetch("SELECT value FROM silver.readings WHERE id = 3")] == [-1]
    assert plant.ids() == list(range(1, 103))


@pytest.mark.exhaustive
def test_a_backfill_beside_waiting_rows_is_a_batch_of_its_own(tmp_path, database):
    database.execute(TABLE)
    insert(database, 1, 10)
    plant = SqlPlant(tmp_path / "plant", database.url)
    first = plant.start("run", "readings", "--since", "2026-01-01", "--until", "2026-01-01T00:06")
    assert first.wait(120) == 0
    assert plant.ids() == [1, 2, 3, 4, 5]
    report = run_dataset(plant.settings, "readings")
    assert (report.counts.rows_in, report.counts.duplicates) == (10, 5)
    assert plant.ids() == list(range(1, 11))


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [("2026-02-01", "2026-01-01", "backfill_times"), ("yesterday", "2026-01-01", "backfill_times")],
)
def test_a_span_that_is_none_is_refused(tmp_path, database, since, until, code):
    database.execute(TABLE)
    plant = SqlPlant(tmp_path / "plant", database.url)
    with pytest.raises(LakewardError) as failed:
        backfill_dataset(plant.settings, "readings", Span(since, until))
    assert failed.value.code == code


def test_a_select_from_a_file_is_read_like_a_table(tmp_path, database):
    database.execute(TABLE)
    insert(database, 1, 5)
    source = XID8.replace("table: public.readings", "query: readings.sql")
    plant = SqlPlant(tmp_path / "plant", database.url, source)
    (plant.folder / "readings.sql").write_text(
        "SELECT id, ts, value * 2 AS value, xid FROM readings WHERE id > 2; -- not the first\n"
    )
    with pytest.raises(LakewardError) as failed:
        run_dataset(plant.settings, "readings")
    assert failed.value.code == "sql_query_not_valid"
    (plant.folder / "readings.sql").write_text(
        "SELECT id, ts, value * 2 AS value, xid FROM readings WHERE id > 2 -- not the first\n"
    )
    run_dataset(plant.settings, "readings")
    assert [row["value"] for row in plant.fetch("SELECT value FROM silver.readings ORDER BY id")] == [6, 8, 10]


def test_names_that_need_quotes_are_read(tmp_path, database):
    database.execute(
        'CREATE SCHEMA "odd.one"',
        'CREATE TABLE "odd.one"."T""x" ("Id ä" bigint, "select" timestamptz, xid xid8 NOT NULL DEFAULT pg_current_xact_id())',
    )
    database.execute("""INSERT INTO "odd.one"."T""x" VALUES (1, '2026-01-01')""")
    source = """      table: '"odd.one"."T""x"'\n      watermark: {column: xid, mode: xid8}"""
    columns = "      - {name: id, physicalName: Id ä, logicalType: integer}\n      - {name: ts, physicalName: select, logicalType: timestamp}\n"
    plant = SqlPlant(tmp_path / "plant", database.url, source, columns)
    run_dataset(plant.settings, "readings")
    assert plant.ids() == [1]


TROUBLES = {
    "sql_password": lambda d: d.url_of("postgres", "wrong"),
    "sql_database_unknown": lambda d: d.of_database("nowhere").url,
    "sql_host_unknown": lambda _: "postgresql://u:p@no-such-host.invalid/x?sslmode=disable",
    "sql_unreachable": lambda _: "postgresql://u:p@127.0.0.1:1/x",
    "sql_certificate": lambda d: d.url + "?sslmode=verify-full",
    "connection_tls_unverified": lambda d: d.url + "?sslmode=require",
    "sql_not_permitted": lambda d: d.url_of("reader"),
    "sql_scheme": lambda _: "mqtt://broker",
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("code", TROUBLES)
def test_each_trouble_is_named_without_a_secret_and_stops_its_dataset_alone(tmp_path, database, code):
    database.execute(TABLE)
    database.execute(
        "DO $$ BEGIN CREATE ROLE reader LOGIN PASSWORD 'p@ss/word:1'; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    insert(database, 1, 2)
    plant = SqlPlant(tmp_path / "plant", TROUBLES[code](database))
    reports, errors = run_all(plant.settings)
    found = errors["readings"]
    assert (found.code, reports) == (code, [])
    texts = [found.render(lang) for lang in ("en", "zh")]
    assert not any(secret in text for secret in (PASSWORD, "p%40ss", "wrong") for text in texts)
    [check] = [one for one in check_machine(plant.settings) if one.check == "connection historian"]
    assert (check.ok, bool(check.repair)) == (code == "sql_not_permitted", code != "sql_not_permitted")
    plant.url = database.url
    assert run_dataset(plant.settings, "readings").counts.silver == 2


def test_status_says_what_the_watermark_guarantees(tmp_path, database):
    database.execute(TABLE)
    for source, code in ((XID8, "guarantee_xid8"), (LOOKBACK, "guarantee_lookback")):
        plant = SqlPlant(tmp_path / code, database.url, source)
        [status] = project_status(plant.settings)
        assert status.guarantee.code == code


def test_a_look_proposes_what_runs_and_keeps_the_password_apart(tmp_path, database):
    database.execute(
        "CREATE TABLE plain (serial text PRIMARY KEY, made timestamptz NOT NULL, price numeric(12, 4), open numeric)"
    )
    database.execute(
        "INSERT INTO plain SELECT lpad(n::text, 6, '0'), timestamptz '2026-01-01' + n * interval '1 s', n + 0.1234, n / 8.0 FROM generate_series(1, 500) AS n"
    )
    plant = SqlPlant(tmp_path / "plant", database.url)
    settings = Settings(start=plant.root)
    before = database.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::text FROM pg_stat_user_tables")
    drafted = draft_from_address(settings, "plain", database.url + "?table=public.plain")
    assert database.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::text FROM pg_stat_user_tables") == before
    assert [note.code for note in drafted.notes] == ["new_connection_stored", "new_watermark_lookback"]
    text = (drafted.folder / "contract.odcs.yaml").read_text()
    assert not any(secret in text for secret in ("p%40ss", PASSWORD))
    file = plant.root / ".lakeward" / "connections.yaml"
    assert (file.stat().st_mode & 0o777, database.url in file.read_text()) == (0o600, True)
    report = run_dataset(settings, "plain")
    assert (report.counts.silver, report.counts.quarantine) == (500, 0)
    expected = database.execute("SELECT serial, price::text, trim_scale(open)::text FROM plain ORDER BY serial LIMIT 3")
    found = plant.fetch(
        "SELECT serial, price::VARCHAR AS price, rtrim(rtrim(open::VARCHAR, '0'), '.') AS open FROM silver.plain ORDER BY serial LIMIT 3"
    )
    assert [tuple(row.values()) for row in found] == expected


def test_a_table_without_a_watermark_says_what_to_add(tmp_path, database):
    database.execute("CREATE TABLE plain (name text)", "INSERT INTO plain VALUES ('a')", "CREATE TABLE bare (ts timestamptz)")
    plant = SqlPlant(tmp_path / "plant", database.url)
    codes = []
    for query in ("?table=plain", "?table=bare", "", "?table=nowhere"):
        with pytest.raises(LakewardError) as failed:
            draft_from_address(plant.settings, "plain", database.url + query)
        codes.append(failed.value.code)
    assert codes == ["new_without_watermark", "new_empty_table", "new_without_table", "sql_table_unknown"]
    assert not (plant.root / ".lakeward" / "connections.yaml").exists()
