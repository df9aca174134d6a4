"""Columns of a file against those of a contract: names, shares, and headers that are none."""

import pytest

from lakeward.contracts.column_match import MISSING_COLUMN, OTHER_COLUMNS, first_names, holds_values, match_columns
from lakeward.contracts.model import Column, DataType, Kind

TEXT = DataType(Kind.STRING)
COLUMNS = [
    Column("ts", TEXT, "Time", required=True),
    Column("temp", TEXT, "Temp", alternative_names=("Temperature", "T")),
    Column("p", TEXT, "Pressure"),
]


def test_columns_are_found_by_their_names():
    match = match_columns(COLUMNS, ["Time", "Temp", "Hall"], 0.5)
    assert match.sources == {"ts": "Time", "temp": "Temp"}
    assert (match.unknown, match.missing, match.absent, match.fault) == (("Hall",), (), ("Pressure",), None)


def test_an_alternative_name_counts_as_the_column():
    match = match_columns(COLUMNS, ["Time", "T", "Pressure"], 1.0)
    assert (match.sources["temp"], match.fault, first_names(COLUMNS, match)) == ("T", None, {"T": "Temp"})


def test_of_several_names_in_one_file_the_first_holds_and_the_other_is_unknown():
    match = match_columns(COLUMNS, ["T", "Temperature", "Time"])
    assert (match.sources["temp"], match.unknown) == ("Temperature", ("T",))


@pytest.mark.parametrize(
    ("names", "least", "fault"),
    [
        (["Time;Temp;Pressure"], 0.5, OTHER_COLUMNS),
        (["Time"], 0.5, OTHER_COLUMNS),
        (["Time", "Temp"], 0.5, None),
        (["Temp", "Pressure"], 0.5, MISSING_COLUMN),
        (["Hall"], 0.01, OTHER_COLUMNS),
        (["Hall"], 0.0, MISSING_COLUMN),
    ],
)
def test_less_than_the_share_of_the_columns_is_a_fault_of_the_file(names, least, fault):
    assert match_columns(COLUMNS, names, least).fault == fault


def test_one_column_of_one_is_enough():
    assert match_columns(COLUMNS[1:2], ["Temp"], 1.0).fault is None


@pytest.mark.parametrize(
    "names",
    [
        ["2026-03-01 06:00:00", "DN50"],
        ["M1", "71.5"],
        ["2026-03-01T06:00:00Z;M1;71,5"],
        ["M1|06:00"],
        ["1.3.2026"],
        ['"7"'],
        ["-1.5E3"],
        ["12 %"],
    ],
)
def test_a_first_record_with_a_value_is_no_header(names):
    assert holds_values(names)


@pytest.mark.parametrize(
    "names", [["ts", "temp"], ["料筒温度(℃)"], ["PT08.S1(CO)", "T2"], ["Date;CO;NO2"], ["_unnamed_2"], ["2nd"]]
)
def test_names_of_columns_are_no_values(names):
    assert not holds_values(names)
