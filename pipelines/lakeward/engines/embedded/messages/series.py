"""Series and units of messages by the mapping of addresses, as SQL."""

from lakeward.contracts.series_file import read_series_file
from lakeward.core.sql import literal
from lakeward.engines.embedded.messages.segments import Segments


def with_series(records: str, segments: Segments) -> str:
    """The records with series and unit: of the mapping, where it has their address; else the address itself, and their own unit."""
    if segments.series is None:
        return f"SELECT *, r_address AS r_series, r_own_unit AS r_unit FROM ({records})"
    return f"""SELECT r.*, coalesce(x.series, r_address) AS r_series, coalesce(r_own_unit, x.unit) AS r_unit
        FROM ({records}) r LEFT JOIN ({_mapping_select(segments)}) x ON x.address = r_address"""


def _mapping_select(segments: Segments) -> str:
    """SELECT of `address, series, unit` of the mapping."""
    entries = read_series_file(segments.series) if segments.series else ()
    rows = ", ".join(f"({literal(one.address)}, {literal(one.series)}, nullif({literal(one.unit)}, ''))" for one in entries)
    empty = "SELECT NULL::VARCHAR AS address, NULL::VARCHAR AS series, NULL::VARCHAR AS unit WHERE false"
    return f"SELECT * FROM (VALUES {rows}) t(address, series, unit)" if rows else empty
