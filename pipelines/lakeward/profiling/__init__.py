"""What a file shows of itself, and a first contract and suite made of that: what `lakeward new` writes."""

from lakeward.profiling.draft import draft
from lakeward.profiling.findings import ColumnProfile, Key, Profile
from lakeward.profiling.profile import profile_file

__all__ = ["ColumnProfile", "Key", "Profile", "draft", "profile_file"]
