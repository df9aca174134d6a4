"""The examples in docstrings of what users call, run over one small lake."""

import doctest

import pytest

import lakeward
from lakeward.flows import Connection, Rows, grade_all, ingest_dataset
from support.plant import csv_line, make_plant

LENIENT = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
SHOWN = {"check": lakeward.check, "connect": lakeward.connect, "Connection.sql": Connection.sql, "Rows": Rows}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """One batch of four readings: three are in silver, one is in quarantine."""
    plant = make_plant(tmp_path_factory.mktemp("examples") / "plant")
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M1", 1, 21.5), csv_line("M2", 0, 24), csv_line("M2", 1, 999))
    ingest_dataset(plant.settings, "press_line")
    grade_all(plant.settings)
    return plant.root


@pytest.mark.parametrize("name", SHOWN)
def test_the_examples_of_a_docstring_hold(name, project, monkeypatch):
    monkeypatch.chdir(project)
    runner = doctest.DocTestRunner(optionflags=LENIENT)
    for example in doctest.DocTestFinder(recurse=False).find(SHOWN[name], name, globs={}):
        runner.run(example)
    assert runner.failures == 0
    assert runner.tries >= 2
