"""Lakes to score: one that has run, been graded, decided upon, assessed and queried; and one that is empty."""

import pytest

from lakeward.flows import assess_readiness, grade_all, ingest_dataset
from support.plant import Plant, csv_line, make_plant


@pytest.fixture
def empty(tmp_path):
    return make_plant(tmp_path / "plant")


def run_twice(root):
    """Two batches, with a quarantined row and a duplicate."""
    plant = make_plant(root)
    plant.drop("a.csv", csv_line("M1", 0, 20), csv_line("M1", 1, 900), csv_line("M1", 0, 20))
    ingest_dataset(plant.settings, "press_line")
    plant.drop("b.csv", csv_line("M1", 2, "warm"), csv_line("M1", 3, 21))
    ingest_dataset(plant.settings, "press_line")


def govern(root):
    run_twice(root)
    settings = Plant(root).settings
    grade_all(settings)
    assess_readiness(settings)


@pytest.fixture
def ran(copy_of, tmp_path):
    return Plant(copy_of(run_twice, tmp_path / "plant"))


@pytest.fixture
def governed(copy_of, tmp_path):
    return Plant(copy_of(govern, tmp_path / "plant"))
