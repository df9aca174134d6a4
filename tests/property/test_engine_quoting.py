"""Quoted names and texts are names and texts, whatever stands in them."""

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from lakeward.core.sql import identifier, literal

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\"\\;-$\0"))
CON = duckdb.connect()


@given(TEXTS)
def test_a_literal_is_the_text(text):
    assert CON.execute(f"SELECT {literal(text)}").fetchall() == [(text,)]


@given(TEXTS.map(lambda text: text.replace("\0", "")).filter(bool))
def test_an_identifier_is_the_name(name):
    assert CON.execute(f"SELECT 1 AS {identifier(name)}").description[0][0] == name
