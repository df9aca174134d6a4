"""Units as plants spell them: which readings are converted, which keep their unit and are counted, and which are no value."""

from dataclasses import replace

import duckdb
import pytest

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.record_format import FileFormat
from lakeward.core.units import guess_unit, units
from lakeward.quality.plan import compile_plan
from lakeward.quality.plan_parts import merge_facts, plan_parts
from support.judging import column, contract, fetch, judge, rules_of

READING = column("value", Kind.DOUBLE, units=("Cel", "bar", "kW", "m/s", "s"), unit_column="unit")
MIXED = contract(READING, column("unit"))
STORED = contract(READING, column("unit"), format_=FileFormat.PARQUET)
DOUBLES = {"value": DataType(Kind.DOUBLE)}
# What stands in the unit's place, of a reading of 32, and what silver has.
CONVERTED = [
    *(
        (text, "Cel", 0.0)
        for text in ("[degF]", "degF ", "\t[degF]", "\u00a0°F\u3000", "DEGF", "°f", "deg F", "Degrees Fahrenheit", "℉")
    ),
    *((text, "bar", 0.32) for text in ("kPa", "KPA", " kpa", "千帕 ")),
    *((text, "bar", 320.0) for text in ("MPa", "MPA", "Mpa")),
    *((text, "m/s", 0.032) for text in ("mm/s", "mm / s", "mm s-1", "mm s^-1", "mm·s-1")),
    *((text, "Cel", 32.0) for text in ("C", "degc", " ℃")),
    ("ms", "s", 0.032),
]
# Gauge pressure is no absolute one; letters in another case are another unit, or may be; a single letter is taken as it stands.
KEPT = ["psig", "PSIG", "barg", "mPa", "mpa", "mW", "mw", "mS", "MS", "k", "F", "degrees of freedom", "furlong", "mm", "%"]


@pytest.mark.parametrize(("promised", "stored"), [(MIXED, {}), (STORED, DOUBLES)], ids=["texts", "numbers"])
def test_a_unit_is_known_by_the_spellings_of_drafts_and_others_are_counted(promised, stored):
    value = 32.0 if stored else "32"
    found = judge(promised, [(value, text) for text in [*(text for text, *_ in CONVERTED), *KEPT, None, " "]], stored=stored)

    assert [(row["unit"], row["value"]) for row in found.good] == [
        *((code, pytest.approx(number)) for _, code, number in CONVERTED),
        *((text, 32.0) for text in [*KEPT, None, " "]),
    ]
    assert found.facts["other_units:value"] == len(KEPT)
    assert {guess_unit(text).kind for text, *_ in CONVERTED} == {"temperature", "pressure", "velocity", "time"}


def test_no_spelling_is_converted_that_drafts_do_not_know_or_only_guess():
    own = [unit for unit in units().values() if unit.kind in {units()[code].kind for code in READING.units}]
    spelled = [
        (form, unit)
        for unit in own
        for text in (unit.code, *unit.names)
        for form in (text, f" {text} ", text.upper(), text.lower())
    ]
    guessed = [(form, None) for unit in own for text in unit.guesses for form in (text, text.upper())]
    found = judge(MIXED, [("1", form) for form, _ in (*spelled, *guessed)])
    targets = {units()[code].kind: code for code in READING.units}

    for (form, unit), row in zip((*spelled, *guessed), found.good, strict=True):
        codes = {form} | ({targets[unit.kind]} if unit and guess_unit(form) == unit else set())
        assert row["unit"] in codes
        assert unit is None or form.strip() not in (unit.code, *unit.names) or row["unit"] == targets[unit.kind]


@pytest.mark.parametrize(("promised", "stored"), [(MIXED, {}), (STORED, DOUBLES)], ids=["texts", "numbers"])
def test_a_reading_that_its_unit_can_not_hold_is_no_value(promised, stored):
    rows = [("1e308", "MPa"), ("-1e308", "MPa"), ("1e308", "bar"), (None, "MPa")]
    found = judge(promised, [(float(v) if stored and v else v, code) for v, code in rows], stored=stored)

    assert [(row["value"], row["unit"]) for row in found.good] == [(1e308, "bar"), (None, "bar")]
    assert found.reasons() == {2: {"type:value"}, 3: {"type:value"}}


def test_infinity_is_not_converted_and_nan_is_no_reading():
    found = judge(STORED, [(float("inf"), "kPa"), (float("-inf"), "[degF]"), (float("nan"), "kPa")], stored=DOUBLES)

    assert found.reasons() == {2: {"type:value"}, 3: {"type:value"}}
    assert ([str(row["value"]) for row in found.good], found.verdicts["type:value"].evaluated) == (["nan"], 2)


def test_a_word_for_no_unit_is_none():
    found = judge(contract(READING, column("unit"), nulls=("K",)), [("1", "K"), ("1", "MPa")])

    assert [(row["value"], row["unit"]) for row in found.good] == [(1.0, None), (10.0, "bar")]
    assert found.facts["other_units:value"] == 0


def test_parts_of_a_wide_batch_have_the_columns_that_their_readings_need():
    promised = replace(
        MIXED, columns=(READING, column("late", Kind.DOUBLE, delay_of="at"), column("at", Kind.TIMESTAMP), column("unit"))
    )
    types = {one.name: column("").type for one in promised.columns}
    plan = compile_plan(promised, rules_of(promised), types)
    parts = plan_parts(plan, wide=1, part=1)
    rows = "(SELECT '1' AS value, '2026-03-01 00:00:01Z' AS late, '2026-03-01 00:00:00Z' AS at, 'furlong' AS unit)"
    with duckdb.connect() as con:
        facts = merge_facts(plan, parts, [fetch(con, part.facts_select(rows))[0] for part in parts])

    assert plan.other_units(facts) == {"value": 1}
    assert {verdict.evaluated for verdict in plan.verdicts(facts)} == {1}
