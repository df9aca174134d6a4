"""Profiles a file and drafts a contract and a suite, for `lakeward new`."""

from lakeward.profiling.contract_text import SampleOrigin
from lakeward.profiling.draft import draft
from lakeward.profiling.findings import ColumnProfile, Key, Profile
from lakeward.profiling.profile import profile_file

__all__ = ["ColumnProfile", "Key", "Profile", "SampleOrigin", "draft", "profile_file"]
