"""Each connection to a database computes in UTC."""

from lakeward.engines.connections import connect


def test_further_connections_compute_in_utc():
    with connect() as con, con.cursor() as other:
        zones = [each.execute("SELECT current_setting('TimeZone')").fetchall() for each in (con, other)]
    assert zones == [[("UTC",)]] * 2
