"""A dataset whose batches are taken by one engine and the other, in turn or at once: its tables are those of one engine alone."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import pytest

from lakeward.core.settings import EMBEDDED, SPARK, Settings
from lakeward.flows import ingest_dataset
from support.both_engines import CONF
from support.engine_comparison import TwoLakes
from support.plant import csv_line, ingest, make_plant

pytestmark = [pytest.mark.spark, pytest.mark.exhaustive]
SPAWN = multiprocessing.get_context("spawn")
# Adds, repeats, corrects, sets aside, and can't be parsed.
BATCHES = [
    [csv_line("A", 0, 1.5), csv_line("A", 1, 2), csv_line("B", 0, 999), "torn"],
    [csv_line("A", 1, 2), csv_line("A", 0, 7), csv_line("B", 1, 3), csv_line("B", 2, -51)],
    [csv_line("B", 1, 4), csv_line("B", 1, 4), csv_line("A", 2, 5), ",,"],
]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """All batches by the embedded engine."""
    plant = make_plant(tmp_path_factory.mktemp("alone") / "plant")
    for number, lines in enumerate(BATCHES):
        plant.drop(f"{number}.csv", *lines)
        ingest_dataset(plant.settings, "press_line")
    return plant


def take_batch(plant, engine):
    """Take what was dropped; the rows that came in."""
    found = Settings.load().spark
    spark = replace(found, master="local[2]", conf=CONF | dict(found.conf))
    return ingest_dataset(replace(plant.settings, engine=engine, spark=spark), "press_line").counts.rows_in


def test_batches_taken_by_turns_make_the_tables_of_one_engine(alone, tmp_path):
    plant = make_plant(tmp_path / "plant")
    for number, engine in enumerate((EMBEDDED, SPARK, EMBEDDED)):
        plant.drop(f"{number}.csv", *BATCHES[number])
        assert take_batch(plant, engine)
        assert not take_batch(plant, SPARK if engine == EMBEDDED else EMBEDDED)
    assert TwoLakes(alone.settings, plant.settings).differences() == {}


def test_two_engines_at_once_take_each_batch_once(alone, tmp_path):
    plant = make_plant(tmp_path / "plant")
    plant.drop("0.csv", *BATCHES[0])
    take_batch(plant, SPARK)
    for number in (1, 2):
        plant.drop(f"{number}.csv", *BATCHES[number])
        with ProcessPoolExecutor(1, mp_context=SPAWN) as pool:
            other = pool.submit(ingest, plant.root)
            take_batch(plant, SPARK)
            other.result()
    assert TwoLakes(alone.settings, plant.settings).differences() == {}
