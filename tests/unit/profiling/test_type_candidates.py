"""Which types a sample of texts allows."""

import pytest

from lakeward.profiling.type_candidates import type_candidates

DAYS_AHEAD = [f"{day}/{month}/2018 0:15" for month in (1, 2) for day in range(1, 29)]


def candidate_types(values, header="x", decimal="."):
    return [str(trial.type) for trial in type_candidates(header, values, decimal)]


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["1", "-2", "+3"], "integer"),
        (["1.5", "2", "1e-3"], "double"),
        (["true", "False"], "boolean"),
        (["是", "否"], "boolean"),
        (["0", "1"], "integer"),
        (["2026-03-01"], "date"),
        (["2026-03-01 06:00:00", "2026-03-01T06:00:00.5Z"], "timestamp"),
        (["2026/3/1 6:00"], "timestamp"),
        (["2026年3月1日"], "date"),
        (["20260301", "20260302"], "date"),
        (["007", "123"], "string"),
        (["12345678901234567890"], "string"),
        (["3.1.2", "4.0.1"], "string"),
        (["M-1", "M-2"], "string"),
        ([], "string"),
    ],
)
def test_the_form_of_the_texts_decides(values, first):
    assert candidate_types(values)[0] == first
    assert candidate_types(values)[-1] == "string"


def test_a_typing_error_among_many_does_not_unmake_a_number():
    assert candidate_types([*map(str, range(99)), "l2"])[0] == "integer"


def test_a_decimal_comma_is_a_number_only_where_the_file_writes_it_so():
    assert candidate_types(["21,5", "3,0"], decimal=",")[0] == "double"
    assert candidate_types(["21,5", "3,0"])[0] == "string"


@pytest.mark.parametrize("header", ["Cost", "repair_cost", "金额", "Unit price"])
def test_money_is_exact(header):
    assert candidate_types(["12.50", "3"], header)[0] == "decimal(18,4)"


def test_a_coast_costs_nothing():
    assert candidate_types(["12.50", "3"], "coast")[0] == "double"


def test_a_day_beyond_twelve_tells_the_order():
    assert type_candidates("ts", DAYS_AHEAD, ".")[0].time_format == "%d/%m/%Y %H:%M"
    assert [trial.time_format for trial in type_candidates("ts", DAYS_AHEAD, ".")] == ["%d/%m/%Y %H:%M", None]


def test_days_up_to_twelve_leave_both_orders_to_be_tried():
    formats = [trial.time_format for trial in type_candidates("ts", ["3/4/2018 1:00", "5/4/2018 1:00"], ".")]
    assert formats == ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", None]
