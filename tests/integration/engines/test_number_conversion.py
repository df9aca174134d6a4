"""Numbers of text become the same values in both engines: nulls by value, and thousands."""

import pytest

from lakeward.contracts.model import Column, DataType, Kind
from lakeward.core.sql import literal
from lakeward.quality.convert import convert_column
from support.both_engines import ENGINES, open_engine_named
from support.judging import TEXT, contract

TYPES = (DataType(Kind.DOUBLE), DataType(Kind.INTEGER), DataType(Kind.DECIMAL, 9, 2))
TEXTS = ("-999", "-999,00", "-9,99E+02", "1.234", "0.123", "-1.234.567,0", "1'234")


@pytest.mark.parametrize("name", ENGINES)
def test_both_engines_make_the_same_numbers_of_a_text(name, tmp_path):
    engine = open_engine_named(name, str(tmp_path / "lake"))
    found = {type_.kind: [_convert(engine, type_, text) for text in TEXTS] for type_ in TYPES}
    engine.close()
    for values in found.values():
        assert values == [None, None, None, 1234, "fails", -1234567, "fails"]


def _convert(engine, type_, text):
    promised = contract(Column("x", type_, "x", nulls=("-999.0", "1.70141e38")), decimal=",", thousands=".")
    made = convert_column(promised, 0, TEXT)
    relation = f"(SELECT {literal(text)} AS x)"
    for layer in made.layers:
        relation = f"(SELECT *, {', '.join(f'{sql} AS {alias}' for alias, sql in layer.items())} FROM {relation})"
    row = engine.fetch(f"SELECT {made.output} AS value, {made.unconverted} AS fails FROM {relation}")[0]
    return "fails" if row["fails"] else row["value"]
