"""A rule that only Great Expectations can judge diverts rows like any other."""

from pathlib import Path

import pytest

from lakeward.flows import ingest_dataset, show_quarantine
from support.plant import csv_line, make_plant


@pytest.mark.slow
def test_a_row_that_only_great_expectations_can_fail_goes_to_quarantine(tmp_path: Path) -> None:
    plant = make_plant(tmp_path / "plant")
    rule = {
        "type": "expect_column_values_to_match_regex",
        "kwargs": {"column": "machine", "regex": "^M(?!9)"},  # RE2 has no lookahead
        "meta": {"lakeward": {"id": "not_machine_nine", "severity": "quarantine"}},
    }
    plant.suite({"name": "press_line", "expectations": [rule]})
    plant.drop("a.csv", csv_line("M1", 0, 20.5), csv_line("M9", 1, 20.6))

    report = ingest_dataset(plant.settings, "press_line")

    assert (report.counts.silver, report.counts.quarantine) == (1, 1)
    assert [row.reasons for row in show_quarantine(plant.settings, "press_line", 5)] == [("not_machine_nine",)]
