"""Which dialect a text is in."""

import pytest

from lakeward.sources.sniff import guess_dialect


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_by_which_records_agree(delimiter):
    text = "\n".join(delimiter.join(record) for record in [("time", "speed", "note"), *[("2026-03-01", "1.5", "a b")] * 9])
    found = guess_dialect(text)
    assert (found.delimiter, found.decimal, found.header, found.agreeing, found.records) == (delimiter, ".", True, 10, 10)


def test_a_decimal_comma_is_no_delimiter():
    found = guess_dialect("Zeit;Druck;Temperatur\n" + "10:00;1,5;21,5\n" * 20)
    assert (found.delimiter, found.decimal) == (";", ",")


def test_commas_in_quoted_text_do_not_count():
    found = guess_dialect('id;text\n1;"a, b, c"\n2;"d"\n3;"e, f"\n')
    assert (found.delimiter, found.quote, found.escape) == (";", '"', '"')


def test_a_backslash_before_a_quote_is_an_escape():
    assert guess_dialect('id,text\n1,"5\\" pipe, long"\n2,"b"\n').escape == "\\"


def test_single_quotes_at_the_edges_of_fields_are_quotes():
    assert guess_dialect("id,text\n1,'a, b'\n2,'c'\n").quote == "'"


def test_one_column_is_a_table_too():
    found = guess_dialect("value\n1\n2\n3\n")
    assert (found.delimiter, found.header, found.records) == (",", True, 4)


@pytest.mark.parametrize("first", ["1,2,3", "a,a,b", "time,21.5,x"])
def test_values_are_no_header(first):
    assert not guess_dialect(first + "\n4,5,6\n").header


def test_a_column_without_a_name_does_not_unmake_a_header():
    assert guess_dialect(",value\n0,5\n1,6\n").header
