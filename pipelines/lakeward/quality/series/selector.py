"""Selects the readings of a sensor rule. Rules with the same selector share one query and its context."""

import json
from dataclasses import dataclass

from lakeward.core.messages import Phrase
from lakeward.core.names import sha256
from lakeward.core.sql import literal
from lakeward.quality.patterns import to_re2
from lakeward.quality.series.arguments import ArgumentError, SeriesArguments

# 48 bits, like a rule's version: a project has few selectors.
DIGITS = 12
# Separator of the parts of a series name in several columns: an ASCII separator, which occurs in no name.
NAME_SEPARATOR = "chr(31)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSelector:
    """Defines the series of a batch.

    Args:
        id: Hash of its definition.
        key: SQL of a reading's series; NULL if the row belongs to none.
        time: SQL of its time.
        where: Condition of the rows that are readings, over columns of the batch.
        pattern, exclude_pattern: RE2 patterns that a series name must match, and must not match.
    """

    id: str
    key: str
    time: str
    where: str | None = None
    pattern: str | None = None
    exclude_pattern: str | None = None


def selector_of(args: SeriesArguments, condition: str | None = None) -> SeriesSelector:
    """The selector of a rule.

    Args:
        condition: SQL of its `row_condition`.

    Raises:
        ArgumentError: It has no time, or a pattern that can't be translated.
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
    """Selector of the state series whose path ends in `last`."""
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
        raise ArgumentError(name, Phrase("phrase_plain_pattern"))
    return pattern


def _key(args: SeriesArguments, names: tuple[str, ...]) -> str:
    parts = [f"CAST({args.columns[name].value} AS VARCHAR)" for name in names]
    if len(parts) < 2:
        return parts[0] if parts else "''"
    known = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {known} THEN concat_ws({NAME_SEPARATOR}, {', '.join(parts)}) END"
