"""What a mask shows depends only on what it declares to show: change what is hidden, and nothing seen changes."""

import functools

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lakeward.contracts.model import DataType, Kind
from lakeward.contracts.types import sql_type
from lakeward.protection.masking import MIN_HIDDEN, VISIBLE_ENDS, protected_expression
from lakeward.protection.policy import AccessDecision, Action, MaskFormat

STRING = DataType(Kind.STRING)
TYPES = [DataType(kind) for kind in Kind if kind is not Kind.DECIMAL] + [
    DataType(Kind.DECIMAL, 12, 2),
    DataType(Kind.DECIMAL, 38, 38),
]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@functools.cache
def con():
    made = duckdb.connect()
    made.execute("SET TimeZone = 'UTC'")
    return made


def masked_value(value, type_, action, kept=MaskFormat.PLAIN):
    expression = protected_expression('"v"', type_, AccessDecision(action=action, rule="r", why="w", ask="a", format=kept))
    query = f'SELECT CAST({expression} AS VARCHAR), typeof({expression}) FROM (SELECT CAST($1 AS {sql_type(type_)}) AS "v")'
    return con().execute(query, [value]).fetchall()[0]


@settings(deadline=None)
@given(TEXTS, st.sampled_from(MaskFormat))
def test_mask_shows_the_declared_ends_or_nothing(text, kept):
    first, last = VISIBLE_ENDS.get(kept, (0, 0))
    shown = masked_value(text, STRING, Action.MASK, kept)[0]
    if kept is not MaskFormat.EMAIL:
        ends = f"{text[:first]}***{text[len(text) - last :]}"
        assert shown in {"***", ends}
        assert shown == "***" or len(text) - first - last >= MIN_HIDDEN[kept]


@settings(deadline=None)
@given(TEXTS, TEXTS, st.sampled_from(sorted(VISIBLE_ENDS)))
def test_two_texts_that_differ_only_in_what_is_hidden_look_the_same(one, other, kept):
    first, last = VISIBLE_ENDS[kept]
    least = MIN_HIDDEN[kept]
    assume(min(len(one), len(other)) >= least)
    head, tail = "H" * first, "T" * last
    assert masked_value(head + one + tail, STRING, Action.MASK, kept) == masked_value(
        head + other + tail, STRING, Action.MASK, kept
    )


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_mail_shows_one_letter_and_the_domain(one, other):
    plain = [text for text in (one, other) if not set(text) & set("@ \t\r\n\f\v") and text]
    assume(len(plain) == 2)
    masks = {masked_value(f"x{text}@plant.example", STRING, Action.MASK, MaskFormat.EMAIL)[0] for text in plain}
    assert masks <= {"x***@plant.example", "***"}


@pytest.mark.parametrize("type_", TYPES, ids=str)
@pytest.mark.parametrize("action", [Action.MASK, Action.GENERALISE])
def test_missing_value_stays_missing_and_only_bands_change_the_type(type_, action):
    is_band = action is Action.GENERALISE and type_.kind not in (Kind.BOOLEAN, Kind.BINARY)
    assert masked_value(None, type_, action) == (None, "VARCHAR" if is_band else sql_type(type_))


@pytest.mark.parametrize("type_", [t for t in TYPES if t.kind is not Kind.STRING], ids=str)
def test_masked_number_or_time_is_no_number_at_all(type_):
    value = {"boolean": "true", "date": "2026-01-02", "timestamp": "2026-01-02T03:04:05Z", "binary": "ab"}.get(type_.kind, "0.5")
    assert masked_value(value, type_, Action.MASK)[0] is None


@settings(deadline=None)
@given(st.datetimes(), st.times())
def test_generalised_time_is_its_day(moment, other):
    day = {
        masked_value(f"{moment.date()} {time}+00", DataType(Kind.TIMESTAMP), Action.GENERALISE) for time in (moment.time(), other)
    }
    assert len(day) == 1


@settings(deadline=None)
@given(TEXTS)
def test_generalised_text_is_its_length_class(text):
    assert masked_value(text, STRING, Action.GENERALISE)[0] in {"", "1-4", "5-16", "17-64"}
