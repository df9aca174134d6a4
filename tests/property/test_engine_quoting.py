"""Quoted names and texts are names and texts, whatever stands in them."""

from datetime import UTC, datetime, timedelta

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from lakeward.core.sql import equals, identifier, instant, literal

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\"\\;-$\0"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CON = duckdb.connect()


@given(TEXTS)
def test_a_literal_is_the_text(text):
    assert CON.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]


@given(TEXTS.map(lambda text: text.replace("\0", "")).filter(bool))
def test_an_identifier_is_the_name(name):
    assert CON.execute(f"SELECT 1 AS {identifier(name)}").description[0][0] == name


@given(TEXTS, st.integers(-(2**63), 2**63 - 1))
def test_a_comparison_holds_for_the_values_it_names_alone(text, number):
    rows = f"FROM (SELECT {literal(text)} AS name, {number} AS seq)"
    assert CON.execute(f"SELECT {equals(name=text, seq=number)} {rows}").fetchall() == [(True,)]
    assert CON.execute(f"SELECT {equals(name=text + 'x', seq=number)} {rows}").fetchall() == [(False,)]


@given(st.datetimes(timezones=st.timezones()))
def test_an_instant_is_the_time(at):
    assert CON.execute(f"SELECT epoch_us({instant(at)})").fetchall() == [((at - EPOCH) // timedelta(microseconds=1),)]
