"""Which readings a sensor rule looks at. Rules with one look share one sort and one context."""

import json
from dataclasses import dataclass

from lakeward.core.names import sha256
from lakeward.core.sql import literal
from lakeward.quality.patterns import to_re2
from lakeward.quality.series.arguments import ArgumentError, SeriesArguments

# 48 bits, as a rule's version: a project has a handful of looks.
DIGITS = 12
# Between the parts of a series' name that stand in several columns: ASCII's own separator, in no name.
NAME_SEPARATOR = "chr(31)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSelector:
    """A way to see the batch as series.

    Args:
        id: Hash of what was written; the same as long as that is.
        key: SQL of a reading's series; NULL: the row is of none.
        time: SQL of its instant.
        where: True on the rows that count as readings, by columns of the batch.
        pattern, except_: What a series' name must match, and must not; RE2.
    """

    id: str
    key: str
    time: str
    where: str | None = None
    pattern: str | None = None
    exclude_pattern: str | None = None


def selector_of(args: SeriesArguments, condition: str | None = None) -> SeriesSelector:
    """The look of a rule.

    Args:
        condition: SQL of its `row_condition`.

    Raises:
        ArgumentError: It names no time, or a pattern that can't be translated.
    """
    names, time = args.series_columns(), args.time_column()
    identity_parts = [
        names,
        time,
        *(args.get(name) for name in ("series_regex", "series_except_regex", "row_condition", "condition_parser")),
    ]
    id_ = sha256(json.dumps(identity_parts, ensure_ascii=False, default=str).encode())[:DIGITS]
    return SeriesSelector(
        id=id_,
        key=_key(args, names),
        time=args.instant_sql(),
        where=condition,
        pattern=_pattern(args, "series_regex"),
        exclude_pattern=_pattern(args, "series_except_regex"),
    )


def state_series_selector(args: SeriesArguments, last_part: str) -> SeriesSelector:
    """The look at the series whose path ends in `last`: those that tell a machine's state."""
    names, time = args.series_columns(), args.time_column()
    id_ = sha256(json.dumps([names, time, "told by", last_part], ensure_ascii=False).encode())[:DIGITS]
    return SeriesSelector(
        id=id_,
        key=_key(args, names),
        time=args.instant_sql(),
        where=f"ends_with({_key(args, names)}, {literal('/' + last_part)})",
    )


def _pattern(args: SeriesArguments, name: str) -> str | None:
    written = args.get(name)
    pattern = None if written is None else to_re2(written)
    if written is not None and pattern is None:
        raise ArgumentError(name, "a regular expression without look-around and back-references")
    return pattern


def _key(args: SeriesArguments, names: tuple[str, ...]) -> str:
    parts = [f"CAST({args.columns[name].value} AS VARCHAR)" for name in names]
    if len(parts) < 2:
        return parts[0] if parts else "''"
    known = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {known} THEN concat_ws({NAME_SEPARATOR}, {', '.join(parts)}) END"
