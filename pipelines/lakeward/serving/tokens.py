"""Whether a session can make tokens: DuckDB calls a function of Python only where numpy is installed, which a plain install lacks."""

import functools

import duckdb

from lakeward.protection.masking import TOKENISE


@functools.cache
def can_tokenise() -> bool:
    """Tried, not guessed: numpy may be there and not load."""
    with duckdb.connect() as con:
        try:
            con.create_function(TOKENISE, lambda text: text, ["VARCHAR"], "VARCHAR")
            con.execute(f"SELECT {TOKENISE}('')").fetchall()
        except duckdb.Error:
            return False
    return True
