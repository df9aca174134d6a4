"""The same deliveries through both engines: the same rows, reasons, rejects, verdicts, scores and lineage, table by table."""

import pytest

from lakeward.core.settings import Settings
from lakeward.flows import simulate_day
from support.engine_comparison import run_and_count, two_lakes
from support.real_data import make_project

pytestmark = [pytest.mark.spark, pytest.mark.timeout(1800)]

# Of the plant's day: the hour in which the shift begins, and what gateways sent after the day was over.
HOUR = ("T08.csv", "T24_replay.csv")
BESIDE_THE_HOUR = ("plant_telemetry", "maintenance_orders", "equipment", "asset_health_daily", "oee_hourly")


def a_day(root):
    """The shipped project with its simulated day."""
    root.mkdir(parents=True)
    return simulate_day(Settings(start=root)).settings


def an_hour(root):
    """The same, with the readings of an hour alone."""
    made = a_day(root)
    for file in (made.start / "inbox" / "plant_telemetry").glob("*.csv"):
        if not file.name.endswith(HOUR):
            file.unlink()
    return made


@pytest.fixture(scope="module")
def hour(tmp_path_factory):
    return two_lakes(tmp_path_factory.mktemp("hour"), an_hour)


@pytest.mark.exhaustive
def test_an_hour_of_the_plant_comes_out_the_same(hour):
    embedded, spark = hour.both(run_and_count)
    assert spark == embedded
    assert {name for name, _ in spark} == set(BESIDE_THE_HOUR)
    assert hour.differences() == {}


@pytest.mark.exhaustive
def test_a_second_run_finds_nothing_new(hour):
    embedded, spark = hour.both(run_and_count)
    assert spark == embedded
    assert hour.differences() == {}


@pytest.mark.exhaustive
def test_a_whole_day_of_the_plant_comes_out_the_same(tmp_path):
    lakes = two_lakes(tmp_path, a_day)
    embedded, spark = lakes.both(run_and_count)
    assert spark == embedded
    assert lakes.differences() == {}


@pytest.mark.exhaustive
@pytest.mark.real_data
@pytest.mark.parametrize("name", ["skab", "steel_energy", "excavators_mwo"])
def test_files_of_real_plants_come_out_the_same(tmp_path, name):
    lakes = two_lakes(tmp_path, lambda root: make_project(root, name))
    embedded, spark = lakes.both(run_and_count)
    assert spark == embedded
    assert lakes.differences() == {}
