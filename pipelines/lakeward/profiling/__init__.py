"""Profiles files and messages, and drafts a contract and a suite, for `lakeward new`."""

from lakeward.profiling.draft import draft
from lakeward.profiling.findings import ColumnProfile, Key, Profile
from lakeward.profiling.message_profile import MessageProfile, profile_messages
from lakeward.profiling.origin import SampleOrigin
from lakeward.profiling.payload_forms import DECODED, PayloadForm, SampledMessage, form_of
from lakeward.profiling.payload_layouts import PayloadLayout, propose_layout
from lakeward.profiling.profile import profile_file
from lakeward.profiling.series_proposals import series_text

__all__ = [
    "DECODED",
    "ColumnProfile",
    "Key",
    "MessageProfile",
    "PayloadForm",
    "PayloadLayout",
    "Profile",
    "SampleOrigin",
    "SampledMessage",
    "draft",
    "form_of",
    "profile_file",
    "profile_messages",
    "propose_layout",
    "series_text",
]
