"""What a file shows of itself, and a first contract and suite made of that: what `lakeward new` writes."""

from lakeward.flows.profile.draft import draft
from lakeward.flows.profile.findings import ColumnProfile, Key, Profile
from lakeward.flows.profile.profiling import profile_file

__all__ = ["ColumnProfile", "Key", "Profile", "draft", "profile_file"]
