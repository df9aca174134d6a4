"""Databases of the code: their settings hold for each connection, and they compute in UTC."""

import re

import duckdb

from support import source_tree

# Settings that one connection has for itself, and why.
OWN_SETTINGS = {
    "search_path": "each lane finds tables by their names alone",
    "TimeZone": "rows are shown in the zone of their reader",
    "enable_progress_bar": "DuckDB refuses it for a database in a notebook",
    "partitioned_write_max_open_files": "sessions that share a database write as they need",
}


def test_settings_of_databases_hold_for_all_their_connections():
    """Without GLOBAL, most settings do not reach the next connection to the same database."""
    found = {name for m in source_tree.library() if "duckdb" in m.text for name in re.findall(r"\"SET (\w+) = ", m.text)}
    assert found > {*OWN_SETTINGS}
    with duckdb.connect(config={"autoload_known_extensions": "false"}) as con:
        assert {name for name in found if not is_global(con, name)} == {*OWN_SETTINGS}


def test_databases_compute_in_utc():
    """A database that is opened elsewhere would compute in the zone of the machine."""
    assert [m.path for m in source_tree.library() if "duckdb.connect(" in m.text] == ["pipelines/lakeward/engines/connections.py"]


def is_global(con, name):
    """Whether the setting is of the whole database, so that a connection can't set it for itself."""
    [(value,)] = con.execute(f"SELECT current_setting('{name}')").fetchall()
    try:
        con.execute(f"SET SESSION {name} = '{value}'")
    except duckdb.Error as refused:
        return re.search("set (locally|as a session variable)", str(refused)) is not None
    return False
