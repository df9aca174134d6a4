"""Which readings a sensor rule looks at. Rules with one look share one sort and one context."""

import json
from dataclasses import dataclass

from lakeward.core.names import sha256
from lakeward.core.sql import literal
from lakeward.quality.patterns import to_re2
from lakeward.quality.series.arguments import ArgumentError, Arguments

# 48 bits, as a rule's version: a project has a handful of looks.
DIGITS = 12
# Between the parts of a series' name that stand in several columns: ASCII's own separator, in no name.
BETWEEN = "chr(31)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
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
    except_: str | None = None


def look_of(args: Arguments, condition: str | None = None) -> Look:
    """The look of a rule.

    Args:
        condition: SQL of its `row_condition`.

    Raises:
        ArgumentError: It names no time, or a pattern that can't be translated.
    """
    names, time = args.series(), args.time()
    said = [
        names,
        time,
        *(args.given(name) for name in ("series_regex", "series_except_regex", "row_condition", "condition_parser")),
    ]
    id_ = sha256(json.dumps(said, ensure_ascii=False, default=str).encode())[:DIGITS]
    return Look(
        id=id_,
        key=_key(args, names),
        time=args.instant(),
        where=condition,
        pattern=_pattern(args, "series_regex"),
        except_=_pattern(args, "series_except_regex"),
    )


def teller(args: Arguments, last: str) -> Look:
    """The look at the series whose path ends in `last`: those that tell a machine's state."""
    names, time = args.series(), args.time()
    id_ = sha256(json.dumps([names, time, "told by", last], ensure_ascii=False).encode())[:DIGITS]
    return Look(
        id=id_, key=_key(args, names), time=args.instant(), where=f"ends_with({_key(args, names)}, {literal('/' + last)})"
    )


def _pattern(args: Arguments, name: str) -> str | None:
    written = args.given(name)
    pattern = None if written is None else to_re2(written)
    if written is not None and pattern is None:
        raise ArgumentError(name, "a regular expression without look-around and back-references")
    return pattern


def _key(args: Arguments, names: tuple[str, ...]) -> str:
    parts = [f"CAST({args.columns[name].value} AS VARCHAR)" for name in names]
    if len(parts) < 2:
        return parts[0] if parts else "''"
    known = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {known} THEN concat_ws({BETWEEN}, {', '.join(parts)}) END"
