"""Landed segments: numbered, immutable Parquet files of what a source sent, each on disk before the source may forget it."""

from lakeward.sources.segments.series import land_series_file, series_file_of
from lakeward.sources.segments.source import SegmentSource
from lakeward.sources.segments.store import LandedSegment, SegmentStore
from lakeward.sources.segments.writer import MESSAGE_SCHEMA, SegmentWriter, message_schema, write_segment

__all__ = [
    "MESSAGE_SCHEMA",
    "LandedSegment",
    "SegmentSource",
    "SegmentStore",
    "SegmentWriter",
    "land_series_file",
    "message_schema",
    "series_file_of",
    "write_segment",
]
