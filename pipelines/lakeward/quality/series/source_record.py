"""What is known of a batch's source beside its readings: when it was heard, what it lost, and what the mapping says of each series."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lakeward.contracts.model import DataType, Kind
from lakeward.core.sql import literal

# More spans make the query of the sensor rules slow: the newest are kept.
MAX_SPANS = 256
# Microseconds until a lost connection is noticed at the latest: two keep-alives of MQTT.
UNNOTICED = 60_000_000
# End of a span that lasts.
FOREVER = 2**62
_TEXT, _WHOLE, _NUMBER, _FLAG = (DataType(kind) for kind in (Kind.STRING, Kind.INTEGER, Kind.DOUBLE, Kind.BOOLEAN))
# Columns of the limits: what a line of the mapping says of its series, for the rows `first_place <= place < end_place`.
LIMIT_COLUMNS = {
    "series": _TEXT,
    "address": _TEXT,
    "first_place": _WHOLE,
    "end_place": _WHOLE,
    "interval_us": _WHOLE,
    "low": _NUMBER,
    "high": _NUMBER,
    "unit": _TEXT,
    "changes_only": _FLAG,
    "is_checked": _FLAG,
    "version": _WHOLE,
    "line": _WHOLE,
}
# Of these, the ones that rules read, by their names in the query.
LIMIT_ALIASES = {
    f"lim_{name}": LIMIT_COLUMNS[name] for name in ("address", "interval_us", "low", "high", "unit", "changes_only", "is_checked")
}


@dataclass(frozen=True, slots=True, order=True)
class SourceSpan:
    """A time in microseconds since 1970, and what it speaks of.

    Args:
        scope: Beginning of the addresses of which it speaks; empty: all.
    """

    begin: int
    end: int
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """What is known of the source of a batch.

    Args:
        away: When the collector did not hear its source.
        dead: When a device said of itself that it is off.
        lost: Ends of the times in which values were lost.
        limits: Relation of the limits, as LIMIT_COLUMNS; None without any.
        units: UCUM codes in the limits, with their spellings.
        changes_only: Whether the source reports changes alone, whatever the series.
    """

    away: tuple[SourceSpan, ...] = ()
    dead: tuple[SourceSpan, ...] = ()
    lost: tuple[SourceSpan, ...] = ()
    limits: str | None = None
    units: tuple[tuple[str, tuple[str, ...]], ...] = ()
    changes_only: bool = False

    @property
    def is_quiet(self) -> str:
        """Condition of readings whose series is silent as long as nothing changes."""
        if self.changes_only or self.limits is None:
            return str(self.changes_only).upper()
        return "coalesce(lim_changes_only, FALSE)"

    @property
    def has_scopes(self) -> bool:
        """Whether a span speaks of some addresses alone."""
        return any(span.scope for span in (*self.away, *self.dead, *self.lost))


NO_RECORD = SourceRecord()


def merge_spans(spans: Iterable[SourceSpan]) -> tuple[SourceSpan, ...]:
    """The spans as few, in order: those of one scope that touch are one, and beyond `MAX_SPANS` the newest stay as they are."""
    merged: list[SourceSpan] = []
    for span in sorted(spans, key=lambda one: (one.scope, one.begin, one.end)):
        last = merged[-1] if merged else None
        if last and last.scope == span.scope and span.begin <= last.end:
            merged[-1] = SourceSpan(last.begin, max(last.end, span.end), span.scope)
        else:
            merged.append(span)
    return _thin(merged) if len(merged) > MAX_SPANS else tuple(merged)


def overlaps(spans: Sequence[SourceSpan], address: str) -> str:
    """Condition that one of the spans has a moment between the reading before and this one."""
    return _any(f"prev_us < {span.end} AND us > {span.begin}{_within(span, address)}" for span in spans)


def hears_silence(spans: Sequence[SourceSpan], silence: str) -> str:
    """Condition that the source was silent for longer than `silence` while heard: outside of the spans.

    The last part before a span is not counted: a lost connection is noticed later.
    """
    ends = ["prev_us", *(f"greatest(prev_us, {span.end})" for span in spans)]
    begins = [*(f"CASE WHEN us > {span.begin} THEN {span.begin - UNNOTICED} ELSE us END" for span in spans), "us"]
    return _any(f"{begin} - {end} > {silence}" for end, begin in zip(ends, begins, strict=True))


def ends_before(spans: Sequence[SourceSpan], address: str) -> str:
    """Condition that this is the first reading after the end of one of the spans."""
    return _any(f"prev_us < {span.end} AND us >= {span.end}{_within(span, address)}" for span in spans)


def near_end(spans: Sequence[SourceSpan]) -> str:
    """Condition of readings that can be the first one after the end of one of the spans."""
    ends = [span.end for span in spans]
    return f"us >= {min(ends)} AND prev_us < {max(ends)}" if ends else "FALSE"


def _thin(spans: Sequence[SourceSpan]) -> tuple[SourceSpan, ...]:
    """The newest; of the older ones those that speak of all addresses become one, since a rule is blind rather than wrong."""
    ordered = sorted(spans, key=lambda one: one.begin if one.end == FOREVER else one.end)
    newest, older = ordered[1 - MAX_SPANS :], [one for one in ordered[: 1 - MAX_SPANS] if not one.scope]
    joined = [SourceSpan(min(one.begin for one in older), max(one.end for one in older))] if older else []
    return tuple(sorted((*joined, *newest)))


def _within(span: SourceSpan, address: str) -> str:
    return f" AND starts_with({address}, {literal(span.scope)})" if span.scope else ""


def _any(conditions: Iterable[str]) -> str:
    return " OR ".join(f"({condition})" for condition in conditions) or "FALSE"
