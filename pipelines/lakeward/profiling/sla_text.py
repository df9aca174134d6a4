"""Drafts the service levels of a contract: when the dataset is late, and the period of its readings."""

import math
from collections.abc import Iterator

from lakeward.contracts.project_keys import DEFAULT_LATENCY_DAYS
from lakeward.contracts.sla import DAY
from lakeward.profiling.findings import Profile, Times

HOUR = 3600
# A file that covers more days is no delivery of a regular feed, but an extract.
MOST_DAYS = 31
# Least share of steps with the period; with fewer it is chance.
REGULAR = 0.5


def sla_text(profile: Profile) -> Iterator[str]:
    """The lines of `slaProperties`."""
    yield "slaProperties:"
    days, evidence = _latency(profile)
    yield f"  - {{property: latency, value: {days}, unit: d}}      # CHECK: late when nothing came for so long; {evidence}"
    yield from _frequency(profile.times)


def _latency(profile: Profile) -> tuple[int, str]:
    """Days after which the dataset is late: twice what a file covers, with the evidence."""
    span = profile.times.span_seconds if profile.times else None
    if not span or span > MOST_DAYS * profile.files * DAY:
        return DEFAULT_LATENCY_DAYS, "nothing in the sample tells how often files come"
    covered = f"{span / DAY:.1f} days" if span >= DAY else f"{span / HOUR:.1f} hours"
    files = "one file covers" if profile.files == 1 else f"{profile.files:,} files cover"
    return max(1, math.ceil(2 * span / profile.files / DAY)), f"{files} {covered}, and twice a file's share is waited for"


def _frequency(times: Times | None) -> Iterator[str]:
    if times is None or not times.period_seconds:
        return
    evidence = f"median step of a series; {times.regular:,} of {times.steps:,} steps have it"
    if times.regular < REGULAR * times.steps:
        yield f"  # no frequency: {evidence}"
        return
    yield f"  - {{property: frequency, value: {times.period_seconds:f}, unit: s}}      # {evidence}"
