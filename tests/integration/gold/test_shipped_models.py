"""The shipped gold SQL, run as text by plain DuckDB over a simulated plant-day: right figures, and right for any whole windows."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from lakeward.simulator import write_plant_day
from lakeward.simulator.physics import simulate

SEED, DAY = 7, date(2026, 3, 1)
DATASETS = Path(__file__).parents[3] / "expectations" / "datasets"
# Silver as judging leaves it: typed, plausible, the last arrival of each key.
TELEMETRY = """
    CREATE TABLE silver.plant_telemetry AS
    SELECT series, ts::TIMESTAMPTZ AS ts, try_cast(value AS DOUBLE) AS value, value_text, quality::BIGINT AS quality
    FROM read_csv(?, header = true, delim = ',', quote = '"', all_varchar = true, union_by_name = true, ignore_errors = true,
                  filename = true)
    WHERE ts::TIMESTAMPTZ > TIMESTAMPTZ '2020-01-01 00:00:00Z'
    QUALIFY row_number() OVER (PARTITION BY series, ts ORDER BY filename DESC) = 1
"""
ORDERS = """
    CREATE TABLE silver.maintenance_orders AS
    SELECT column1 AS machine_id, column2::TIMESTAMP AT TIME ZONE 'Asia/Shanghai' AS opened_at,
           try_cast(column9 AS DECIMAL(12, 2)) AS cost
    FROM read_csv(?, header = false, skip = 1, delim = ',', quote = '"', all_varchar = true)
"""
EQUIPMENT = "CREATE TABLE silver.equipment AS SELECT machine_id, line, ideal_cycle_s::DOUBLE AS ideal_cycle_s FROM read_csv(?)"


@pytest.fixture(scope="module")
def silver(tmp_path_factory):
    root = tmp_path_factory.mktemp("plant")
    write_plant_day(root, seed=SEED, day=DAY)
    orders = root / "orders.csv"
    exported = (root / f"inbox/maintenance_orders/orders_{DAY}.csv").read_text(encoding="gb18030")
    orders.write_text(exported, encoding="utf-8")
    with duckdb.connect() as session:
        session.execute("SET timezone = 'UTC'; CREATE SCHEMA silver")
        session.execute(TELEMETRY, [str(root / "inbox/plant_telemetry/*.csv")])
        session.execute(ORDERS, [str(orders)])
        session.execute(EQUIPMENT, [str(root / "inbox/equipment/equipment.csv")])
        for name in ("oee_hourly", "asset_health_daily"):
            session.execute(f"CREATE TABLE {name} AS {model(name)}")
        yield session


def model(name):
    return (DATASETS / name / "models" / f"{name}.sql").read_text(encoding="utf-8")


def rows(session, query):
    return session.execute(query).fetchall()


def test_every_machine_has_every_hour_and_one_day(silver):
    assert rows(silver, "SELECT count(*), count(DISTINCT machine_id) FROM oee_hourly") == [(192, 8)]
    day = rows(
        silver,
        "SELECT count(*), count(DISTINCT machine_id), min(epoch(day_start)), max(epoch(day_start)) FROM asset_health_daily",
    )
    midnight = 1772294400.0  # 2026-03-01T00:00:00+08:00
    assert day == [(8, 8, midnight, midnight)]


def test_shares_are_shares_and_empty_without_a_denominator(silver):
    wrong = """SELECT count(*) FROM oee_hourly WHERE NOT (run_seconds <= planned_seconds AND planned_seconds <= 3600
        AND good_count <= total_count AND good_count >= 0 AND availability BETWEEN 0 AND 1 AND quality BETWEEN 0 AND 1)"""
    assert rows(silver, wrong) == [(0,)]
    assert rows(silver, "SELECT count(*) FROM oee_hourly WHERE (planned_seconds = 0) <> (availability IS NULL)") == [(0,)]
    assert rows(silver, "SELECT count(*) FROM oee_hourly WHERE planned_seconds = 0 AND oee IS NOT NULL") == [(0,)]
    assert rows(silver, "SELECT count(*) FROM asset_health_daily WHERE health_index NOT BETWEEN 0 AND 100") == [(0,)]


def test_counters_survive_reset_and_rollover(silver):
    made = dict(
        rows(
            silver, "SELECT machine_id, sum(total_count) FROM oee_hourly WHERE machine_id NOT IN ('press03', 'cnc02') GROUP BY 1"
        )
    )
    faultless = simulate(SEED, DAY)
    for machine, total in made.items():
        ends = [signal.values for signal in faultless.values() if signal.machine == machine and signal.tag.endswith("_count")]
        truth = sum(values[-1] - values[0] for values in ends)
        # Pieces between the last reading of an hour and the first of the next are in no hour: at most one tick in 360.
        assert 0.985 * truth < float(total) <= truth


def test_clock_that_ran_ahead_shows_as_impossible_performance(silver):
    assert {machine for (machine,) in rows(silver, "SELECT machine_id FROM oee_hourly WHERE performance > 1.05")} == {"press03"}


@pytest.mark.parametrize(
    ("name", "window", "hours"), [("oee_hourly", "hour_start", (5, 8)), ("asset_health_daily", "day_start", (0, 24))]
)
def test_whole_windows_alone_give_the_same_rows(silver, name, window, hours):
    low, high = (f"TIMESTAMPTZ '2026-03-01 00:00:00+08:00' + INTERVAL {hour} HOUR" for hour in hours)
    cut = f"(SELECT * FROM silver.plant_telemetry WHERE ts >= {low} AND ts < {high})"
    alone = model(name).replace("FROM silver.plant_telemetry", f"FROM {cut}")
    whole = f"SELECT * FROM {name} WHERE {window} >= {low} AND {window} < {high}"
    assert rows(silver, f"SELECT count(*) FROM ({alone})")[0][0] > 0
    assert rows(silver, f"({alone}) EXCEPT ({whole}) UNION ALL (({whole}) EXCEPT ({alone}))") == []


def test_orders_of_the_day_are_counted_with_their_cost(silver):
    expected = """SELECT machine_id, count(*), coalesce(sum(cost), 0) FROM silver.maintenance_orders
        WHERE opened_at >= TIMESTAMPTZ '2026-03-01 00:00:00+08:00' GROUP BY 1 ORDER BY 1"""
    found = "SELECT machine_id, orders_opened, orders_cost FROM asset_health_daily WHERE orders_opened > 0 ORDER BY 1"
    assert rows(silver, found) == rows(silver, expected) != []
