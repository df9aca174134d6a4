"""Lakes to score: one that has run, been graded, decided upon, assessed and queried; and one that is empty."""

import pytest

from lakeward.flows import grade_all, ingest_dataset
from lakeward.flows.scorecard import assess
from support.plant import line, make_plant


@pytest.fixture
def empty(tmp_path):
    return make_plant(tmp_path / "plant")


@pytest.fixture
def ran(empty):
    """Two batches, with a row set aside and a duplicate."""
    empty.drop("a.csv", line("M1", 0, 20), line("M1", 1, 900), line("M1", 0, 20))
    ingest_dataset(empty.settings, "press_line")
    empty.drop("b.csv", line("M1", 2, "warm"), line("M1", 3, 21))
    ingest_dataset(empty.settings, "press_line")
    return empty


@pytest.fixture
def governed(ran):
    grade_all(ran.settings)
    assess(ran.settings)
    return ran
