"""A rule that only Great Expectations can judge diverts rows like any other."""

import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lakeward.flows import ingest_dataset, show_quarantine
from support.plant import csv_line, make_plant


@contextmanager
def watched(lake: Path) -> Iterator[list[tuple[int, int]]]:
    """The modes of the file that Great Expectations reads and of its folder, as often as they are looked at while it is there."""
    found: list[tuple[int, int]] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.005):
            for file in lake.rglob("judged_by_gx.parquet"):
                with suppress(FileNotFoundError):
                    found.append((stat.S_IMODE(file.parent.stat().st_mode), stat.S_IMODE(file.stat().st_mode)))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()


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

    with watched(plant.root / "lake") as modes:
        report = ingest_dataset(plant.settings, "press_line")

    assert {folder for folder, _ in modes} == {0o700}
    assert modes[-1] == (0o700, 0o600)
    assert (report.counts.silver, report.counts.quarantine) == (1, 1)
    assert [row.reasons for row in show_quarantine(plant.settings, "press_line", 5)] == [("not_machine_nine",)]
