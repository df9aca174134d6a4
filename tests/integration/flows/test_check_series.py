"""Sensor rules on a file without a contract: the rule itself says what names a series and its time; without it nothing is known."""

from typing import Any

import pytest

import lakeward

ROWS = [("a", 0), ("b", 0), ("a", 10), ("b", 50), ("a", 20)]


def result(folder: Any, **kwargs: object) -> dict[str, Any]:
    file = folder / "readings.csv"
    file.write_text("tag,at,value\n" + "".join(f"{tag},2020-03-01T00:00:{at:02d}Z,1.5\n" for tag, at in ROWS))
    suite = {"name": "s", "expectations": [{"type": "expect_series_no_gap", "kwargs": kwargs, "meta": {}}], "meta": {}}
    found: dict[str, Any] = lakeward.check(str(file), suite)["results"][0]
    return found


def test_a_file_is_judged_by_what_the_rule_says(tmp_path: Any) -> None:
    found = result(tmp_path, time_column="at", series_columns=["tag"], max_gap_seconds=20)
    assert found["success"] is False
    assert (found["result"]["element_count"], found["result"]["unexpected_count"]) == (3, 1)


@pytest.mark.parametrize(
    ("missing", "kwargs"),
    [("time_column", {"max_gap_seconds": 2}), ("max_gap_seconds", {"time_column": "at"})],
)
def test_a_rule_that_lacks_what_it_needs_is_unknown_and_says_so(tmp_path: Any, missing: str, kwargs: dict[str, object]) -> None:
    told = result(tmp_path, **kwargs)["meta"]["lakeward"]
    assert told["outcome"] == "UNKNOWN"
    assert missing in told["reason"]
