"""Reads the keys that all sources share which land segments: where they connect to, and how large a segment becomes."""

import re
from collections.abc import Mapping

from lakeward.contracts.segment_bounds import SEGMENT_BATCH_BYTES, SEGMENT_BYTES, SEGMENT_ROWS, SEGMENT_SECONDS, SegmentBounds
from lakeward.contracts.view import View
from lakeward.core.keys import KeyDoc
from lakeward.core.messages import Phrase

# A name is part of a variable of the environment and of a file.
CONNECTION_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
CONNECTION_KEYS: Mapping[str, KeyDoc] = {
    "connection": KeyDoc(
        "text",
        "Name of the connection: lower-case letters, digits and `_`. Address, user and password are in `LAKEWARD_CONN_<NAME>`, in "
        "Airflow's connection of this name, or in `.lakeward/connections.yaml`; never in a contract.",
        required=True,
    ),
}
# Most rows, bytes and seconds that a contract may give.
MAX_ROWS, MAX_BYTES, MAX_SECONDS = 100_000, 256 << 20, 300
KEYS: Mapping[str, KeyDoc] = {
    **CONNECTION_KEYS,
    "segmentRows": KeyDoc("whole number", f"Most messages in a landed segment, up to {MAX_ROWS}.", f"{SEGMENT_ROWS}"),
    "segmentBytes": KeyDoc("whole number", "Most bytes of payloads in it; one message always fits.", f"{SEGMENT_BYTES}"),
    "segmentSeconds": KeyDoc(
        "whole number", f"A segment is landed after so many seconds at most, up to {MAX_SECONDS}.", f"{SEGMENT_SECONDS}"
    ),
    "limitBytes": KeyDoc("whole number", "Most bytes of segments in one batch.", f"{SEGMENT_BATCH_BYTES}"),
}


def read_connection_name(view: View, key: str = "connection") -> str:
    """The name of the connection at a key."""
    expected = Phrase("phrase_lower_name", most=63)
    return view.entry(key, expected, lambda v: v if isinstance(v, str) and CONNECTION_NAME.fullmatch(v) else None) or ""


def read_segment_bounds(view: View) -> SegmentBounds:
    """The bounds of a segment."""
    return SegmentBounds(
        rows=bounded_integer(view, "segmentRows", SEGMENT_ROWS, MAX_ROWS),
        bytes=bounded_integer(view, "segmentBytes", SEGMENT_BYTES, MAX_BYTES),
        seconds=bounded_integer(view, "segmentSeconds", SEGMENT_SECONDS, MAX_SECONDS),
    )


def bounded_integer(view: View, key: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`."""
    expected = Phrase("phrase_whole_between", low=1, high=most)
    return view.entry(key, expected, lambda v: v if type(v) is int and 0 < v <= most else None, default) or default
