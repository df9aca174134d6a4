"""Where sampled rows come from, if not from files of the profile's form."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOrigin:
    """Where the rows come from, if not from files of the profile's form.

    Args:
        what: What was looked at, such as `the table public.readings`.
        source: Lines of the property `source`, but the zone.
        key: Names of the key's columns, where the origin itself declares one.
        key_evidence: What speaks for the proposed key, where the count of different records is not all.
        series: Names of the columns that tell series apart, where the key does not.
        received: Name in the source of the time of receipt, where records have a time of their own beside it.
        types: Evidence of a column's type, by its name.
        needs_zone: Whether times may come without an offset.
    """

    what: str
    source: tuple[str, ...]
    key: tuple[str, ...] = ()
    key_evidence: str = ""
    series: tuple[str, ...] = ()
    received: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    needs_zone: bool = True
