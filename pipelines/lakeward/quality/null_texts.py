"""Texts that mean that there is no value."""

from collections.abc import Iterable

from lakeward.core.sql import literal


def without_nulls(text: str, nulls: Iterable[str]) -> str:
    """SQL of the text, NULL where it is one of `nulls`.

    Not by nested `nullif`, which DuckDB writes out as twice its text: 32 times for five tokens.
    """
    whens = " ".join(f"WHEN {text} = {literal(token)} THEN NULL" for token in dict.fromkeys(nulls))
    return f"CASE {whens} ELSE {text} END" if whens else text


def without_nulls_or_blanks(text: str, nulls: Iterable[str]) -> str:
    """As `without_nulls` of the trimmed text. Trimming all values would cost more than the cast.

    Without `OR`: DuckDB 1.5.5 gives such conditions of all columns one hash and compares each with each, 11 s for 1,200 columns.
    """
    trimmed = without_nulls(f"trim({text})", nulls)
    tokens = dict.fromkeys(token for token in nulls if token == token.strip(" "))
    whens = [f"WHEN {text} = {literal(token)} THEN NULL" for token in tokens]
    blank = [f"WHEN {text} LIKE {literal(form)} THEN {trimmed}" for form in (" %", "% ")]
    return f"CASE {' '.join(whens + blank)} ELSE {text} END"
