"""DuckDB's progress bar, which would be printed among the rows of an answer."""

import duckdb


def hide_progress_bar(con: duckdb.DuckDBPyConnection) -> None:
    """Turn the connection's progress bar off where it is on.

    In a notebook without `ipywidgets` it is off already, and DuckDB raises InvalidInputException even where it is set to that.
    """
    [(shown,)] = con.execute("SELECT current_setting('enable_progress_bar')").fetchall()
    if shown:
        con.execute("SET enable_progress_bar = false")
