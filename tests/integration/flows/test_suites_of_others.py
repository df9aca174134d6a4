"""Suites that were written for other releases, or with parameters, in a run: judged with a note, or refused before anything is received."""

import pytest

from lakeward.core.errors import SuiteError
from lakeward.flows import ingest_dataset, list_verdicts
from support.plant import csv_line, make_plant

KWARGS = {"column": "temp_degc", "min_value": {"$PARAMETER": "lo"}, "max_value": 200}
META = {"lakeward": {"id": "in_range"}}


@pytest.fixture
def plant(tmp_path):
    made = make_plant(tmp_path / "plant")
    made.drop("a.csv", csv_line("M1", 0, 20), csv_line("M1", 1, -900))
    return made


def test_an_old_suite_judges_a_run_and_the_run_says_so(plant):
    entry = {"expectation_type": "expect_column_values_to_be_between", "kwargs": KWARGS, "meta": META}
    plant.suite({"expectation_suite_name": "s", "evaluation_parameters": {"lo": -50}, "expectations": [entry]})
    report = ingest_dataset(plant.settings, "press_line")
    assert (report.counts.silver, report.counts.quarantine, report.failed) == (1, 1, ("in_range",))
    assert [code for code, _ in report.warnings] == ["suite_before_1"]
    assert [row.failed for row in list_verdicts(plant.settings, "press_line") if row.rule_id == "in_range"] == [1]


def test_a_run_with_a_parameter_without_a_value_receives_nothing(plant):
    plant.suite({"name": "s", "expectations": [{"type": "expect_column_values_to_be_between", "kwargs": KWARGS, "meta": META}]})
    with pytest.raises(SuiteError, match="lo") as refused:
        ingest_dataset(plant.settings, "press_line")
    assert (refused.value.code, refused.value.exit_code) == ("suite_parameter_missing", 3)
    assert not (plant.root / "lake" / "landing").exists()
