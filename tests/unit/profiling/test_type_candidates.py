"""Which types a sample of texts allows."""

import pytest

from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.profiling.type_candidates import type_candidates

DAYS_AHEAD = [f"{day}/{month}/2018 0:15" for month in (1, 2) for day in range(1, 29)]


def text_format(decimal=".", thousands=""):
    return RecordFormat(format=FileFormat.CSV, decimal=decimal, thousands=thousands)


def candidate_types(values, header="x", decimal=".", thousands="", words=()):
    return [str(trial.type) for trial in type_candidates(header, values, text_format(decimal, thousands), words)]


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
        (["1201", "12E4", "1305"], "string"),
        (["1E5", "2E5"], "string"),
        (["1E5", "1.5E5"], "double"),
        (["1E+05", "20000"], "double"),
        (["1E5", "-3", "12.5"], "string"),
        (["1000"] * 20 + ["13E4", "A17"], "string"),
        (["1E5", "-2E5"], "double"),
        (["1E5", "2e-3"], "double"),
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
    assert time_formats(DAYS_AHEAD) == ["%d/%m/%Y %H:%M", None]


def test_days_up_to_twelve_leave_both_orders_to_be_tried():
    assert time_formats(["3/4/2018 1:00", "5/4/2018 1:00"]) == ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", None]


def time_formats(values, header="ts"):
    return [trial.time_format for trial in type_candidates(header, values, text_format())]


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("01-Mar-26 06:00:00.000", "%d-%b-%y %H:%M:%S.%f"),
        ("01.03.2026 06:00:00.250", "%d.%m.%Y %H:%M:%S.%f"),
        ("01.03.26 06:00", "%d.%m.%y %H:%M"),
        ("2026-03-01T06:00:00,016", "%Y-%m-%dT%H:%M:%S,%f"),
        ("2026-3-1 6:00", "%Y-%m-%d %H:%M"),
        ("3/13/26 6:00:00 AM", "%m/%d/%y %I:%M:%S %p"),
        ("13 03 2026 00:10", "%d %m %Y %H:%M"),
        ("2026年03月01日 06:00", "%Y年%m月%d日 %H:%M"),
        ("20260301060000", "%Y%m%d%H%M%S"),
        ("1772344800000", "epoch_ms"),
        ("1772344800.25", "epoch_s"),
        ("1772344800000000", "epoch_us"),
        ("1772344800000000000", "epoch_ns"),
        ("46082.25", "excel"),
        ("2026-03-01 06:00:00", None),
    ],
)
def test_times_of_historians_are_times(value, form):
    first = type_candidates("timestamp", [value] * 3, text_format())[0]
    assert (str(first.type), first.time_format) == ("timestamp", form)


@pytest.mark.parametrize(("value", "type_"), [("1772344800000", "integer"), ("46082.25", "double"), ("10.1.12", "string")])
def test_a_number_is_no_time_where_nothing_calls_it_so(value, type_):
    assert candidate_types([value] * 3, "kwh")[0] == type_


def test_shares_count_rows_and_words_of_historians_are_no_values():
    assert candidate_types(["0", "1"] * 20 + ["xyz"])[0] == "integer"
    assert candidate_types(["0", "1", "Bad", "Bad"], words=["Bad"]) == ["integer", "double", "string"]
    assert candidate_types(["Good", "Bad"], words=["Bad"]) == ["string"]
    assert candidate_types(["Bad", "Bad"], words=["Bad"]) == ["string"]


def test_thousands_are_numbers_where_the_file_has_them():
    assert candidate_types(["1,000", "12"], thousands=",")[0] == "integer"
    assert candidate_types(["1.000,5", "12"], decimal=",", thousands=".")[0] == "double"
    assert candidate_types(["1,00", "12"], thousands=",")[0] == "string"
