"""Which known names a misspelt one may have meant (`core.spelling`)."""

import pytest

from lakeward.core.spelling import MAX_NAMES, did_you_mean, is_slip, near_names, similar_names

COLUMNS = ("temp_degc", "machine", "ts", "pressure_kpa")


@pytest.mark.parametrize(
    ("name", "meant"), [("temp_degC", "temp_degc"), ("machin", "machine"), ("presure_kpa", "pressure_kpa"), ("t", "ts")]
)
def test_a_slip_is_known_by_its_letters(name, meant):
    assert near_names(name, COLUMNS)[0] == meant


def test_where_no_name_is_near_the_three_most_similar_are_listed():
    assert near_names("温度", COLUMNS) == ()
    assert str(did_you_mean("温度", COLUMNS)) == "machine, pressure_kpa, temp_degc"
    assert similar_names("minimum", ("batch_id", "column", "max_value", "meta", "min_value"))[0] == "min_value"
    assert did_you_mean("温度", ()) == ""


def test_a_list_of_names_ends_before_it_fills_the_page():
    assert len(similar_names("x", [f"column_{n:03}" for n in range(500)])) == MAX_NAMES == 3


@pytest.mark.parametrize(("name", "slip"), [("timeColum", True), ("timeColumn", False), ("colour", False)])
def test_only_what_is_nearly_a_known_name_is_a_slip_of_it(name, slip):
    assert is_slip(name, ["timeColumn", "series"], 0.8) is slip
