"""Units: the catalogue holds together, spellings are known, conversions are right."""

from decimal import Decimal

import pytest

from lakeward.core.units import convert, guess_unit, guess_unit_from_name, unit, units


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((name, "Cel") for name in ("°C", "℃", "degC", "C", "摄氏度", " degc ")),
        *(("m³/h", "m3/h"), ("m3/h", "m3/h"), ("rpm", "{rev}/min"), ("kPa", "kPa"), ("KPA", "kPa"), ("bar", "bar")),
        *(("kW·h", "kW.h"), ("kWh", "kW.h"), ("%", "%"), ("mm/s", "mm/s"), ("g", "g"), ("A", "A"), ("V", "V")),
        *(("Hz", "Hz"), ("ppm", "[ppm]"), ("µm", "um"), ("μm", "um"), ("tCO2", "t{CO2}"), ("Nm", "N.m"), ("nm", "nm")),
    ],
)
def test_spellings_of_industry_are_known(text, code):
    assert guess_unit(text).code == code


@pytest.mark.parametrize("text", ["", "wort", "S", "NM", "degrees of freedom"])
def test_unknown_or_ambiguous_spelling_is_no_guess(text):
    assert guess_unit(text) is None


@pytest.mark.parametrize(
    ("column", "code"),
    [
        *(
            ("flow_m3_per_h", "m3/h"),
            ("temp_degc", "Cel"),
            ("pressure_kpa", "kPa"),
            ("vib_mm_per_s", "mm/s"),
            ("speed_rpm", "{rev}/min"),
        ),
        *(
            ("Usage_kWh", "kW.h"),
            ("CO2(tCO2)", "t{CO2}"),
            ("温度（℃）", "Cel"),
            ("Pressure [bar]", "bar"),
            ("flow_l_min", "L/min"),
        ),
        *(("current_a", "A"), ("temp_c", "Cel"), ("acc_g", "[g]"), ("weight_g", "g"), ("cycle_time_s", "s"), ("run_h", "h")),
        ("Lagging_Current_Reactive.Power_kVarh", "kV.A{reactive}.h"),
    ],
)
def test_unit_at_the_end_of_a_name_is_seen(column, code):
    assert guess_unit_from_name(column).code == code


@pytest.mark.parametrize(
    "column", ["phase_a", "device_c", "temp_min", "check_in", "open_day", "Temperature", "NSM", "bar", "", "max_m"]
)
def test_name_that_says_no_unit_is_no_guess(column):
    assert guess_unit_from_name(column) is None


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("25", "Cel", "[degF]", "77"),
        ("212", "[degF]", "Cel", "100"),
        ("0", "Cel", "K", "273.15"),
        ("1", "bar", "kPa", "100"),
        ("14.503773773", "[psi]", "bar", "1"),
        ("3.6", "m3/h", "L/s", "1"),
        ("1", "kW.h", "MJ", "3.6"),
        ("25.4", "mm", "[in_i]", "1"),
        ("50", "%", "1", "0.5"),
    ],
)
def test_conversions_are_right_to_nine_digits(value, source, target, expected):
    assert abs(convert(Decimal(value), unit(source), unit(target)) - Decimal(expected)) < Decimal("1e-9")


def test_kinds_of_quantity_do_not_convert_into_each_other():
    with pytest.raises(ValueError, match="temperature is no pressure"):
        convert(Decimal(1), unit("Cel"), unit("Pa"))


def test_unknown_code_is_no_unit():
    with pytest.raises(KeyError):
        unit("degC")


def test_catalogue_holds_the_units_of_industry_with_positive_factors():
    assert len(units()) > 100
    assert [one.code for one in units().values() if one.factor <= 0] == []


def test_no_spelling_belongs_to_two_units():
    names = [name for one in units().values() for name in {one.code, *one.names}]
    assert sorted({name for name in names if names.count(name) > 1}) == []
