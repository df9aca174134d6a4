"""One query that counts, for every column of a table, the values that match each detector. It returns no values.

It reads a bounded sample, which is deterministic for the same rows. `proposal` decides.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakeward.contracts.model import Column, Kind
from lakeward.core.names import Relation
from lakeward.core.sql import identifier, literal
from lakeward.grading.catalogue import Detector, GradingRules
from lakeward.grading.column_names import is_named
from lakeward.grading.patterns import TOKEN, normalise, patterns

# Kinds without a grade until they have values; a class of data alone tells too little of them.
DETECTABLE = (Kind.STRING, Kind.INTEGER)
# Kinds of measures, which hold personal numbers where a program took them for numbers.
FRACTIONAL = (Kind.DOUBLE, Kind.DECIMAL)
# Bounds of whole numbers that may be a person's: of 11 to 18 digits.
_SHORTEST, _LONGEST = "1e10", "1e18"
# The detector of degrees in columns of numbers.
PLACE = "coordinate"
# The subscriber digits of a mobile number, for the spread of such numbers.
_MOBILE_DIGITS = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorCounts:
    """What one detector counted in one column; all counts are of distinct values.

    Args:
        eligible: Values that could match: neither NULL nor placeholders.
        matched: Number of these that match as a whole.
        candidates: Parts of the values that have the shape.
        hits: Number of these parts that match.
        spread: Greatest minus least hit, as numbers; None if hits are not numbers, or have a check that tells them from others.
    """

    eligible: int
    matched: int
    candidates: int
    hits: int
    spread: int | None


def detectable(columns: Iterable[Column]) -> tuple[str, ...]:
    """Names of the columns that detectors can read."""
    return tuple(column.name for column in columns if column.type.kind in (*DETECTABLE, *FRACTIONAL))


def fractional(columns: Iterable[Column], rules: GradingRules) -> frozenset[str]:
    """Names of the columns of numbers with a fraction, without those that may be degrees of a place by their name."""
    places = [detector for detector in rules.detectors if detector.id == PLACE]
    return frozenset(
        column.name
        for column in columns
        if column.type.kind in FRACTIONAL and not any(is_named(column, detector) for detector in places)
    )


def detection_query(
    relation: Relation, columns: Sequence[str], order: Sequence[str], rules: GradingRules, numbers: Collection[str] = ()
) -> str:
    """One SELECT over a sample of `relation`: counts per detector, by column number `c` and whether they are of whole values.

    Read it with `detector_counts`. To plan counts that each have a condition of two parts takes longer than to run them.

    Args:
        order: Columns that identify rows; their hash selects the sample.
        numbers: Those of `columns` whose numbers can have a fraction.
    """
    found = patterns()
    chosen = {detector.id: found[detector.id] for detector in _by_content(rules)}
    texts = ", ".join(f"{_text_of(column, numbers)} AS c{index}" for index, column in enumerate(columns))
    measures = {f"m{index}": _measure_of(column) for index, column in enumerate(columns) if column in numbers}
    sampled = ", ".join([texts, *(f"{own} AS {name}" for name, own in measures.items())])
    distinct = ", ".join(
        f"{f'count(DISTINCT m{index})' if f'm{index}' in measures else 'max(0)'} AS c{index}" for index in range(len(columns))
    )
    unpivoted = ", ".join(f"c{index}" for index in range(len(columns)))
    ordered = ", ".join(identifier(column) for column in order or columns)
    flags = ", ".join(f"{p.shape} AS {name}_shape, {p.valid} AS {name}_valid" for name, p in chosen.items())
    return f"""
        WITH looked_at AS (SELECT {sampled} FROM {relation} ORDER BY hash({ordered}), {ordered} LIMIT {rules.sample_rows}),
        long AS (SELECT c, v FROM looked_at UNPIVOT (v FOR c IN ({unpivoted}))),
        texts AS (SELECT DISTINCT c, {normalise("v")} AS t FROM long),
        meant AS (SELECT c, t FROM texts WHERE t NOT IN ({", ".join(map(literal, rules.placeholders))})),
        pieces AS (
            SELECT c, TRUE AS whole, t FROM meant
            UNION ALL
            SELECT DISTINCT c, FALSE AS whole, unnest(regexp_extract_all(t, {literal(TOKEN)})) AS t FROM meant
        ),
        judged AS (SELECT c, whole, t, {flags} FROM pieces),
        counted AS (SELECT c, whole, count(*) AS parts, {_counts(rules)} FROM judged GROUP BY c, whole),
        measures AS (SELECT c, n FROM (SELECT {distinct} FROM looked_at) UNPIVOT (n FOR c IN ({unpivoted})))
        SELECT * FROM measures LEFT JOIN counted USING (c) ORDER BY c, whole"""


def detector_counts(
    rows: Iterable[Mapping[str, Any]], columns: Sequence[str], rules: GradingRules
) -> dict[str, dict[str, DetectorCounts]]:
    """Counts by column and detector; columns without values are left out."""
    by_column: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_column.setdefault(columns[int(row["c"][1:])], []).append(row)
    found = {column: _column_counts(own, rules) for column, own in by_column.items()}
    return {column: counts for column, counts in found.items() if all(each.eligible for each in counts.values())}


def _by_content(rules: GradingRules) -> list[Detector]:
    return [detector for detector in rules.detectors if not detector.by_name]


def _column_counts(rows: Sequence[Mapping[str, Any]], rules: GradingRules) -> dict[str, DetectorCounts]:
    """Of the rows of one column: none of them, one, or those of whole values and of their parts."""
    wholes, parts = ([row for row in rows if row["whole"] is whole] for whole in (True, False))
    eligible = rows[0]["n"] + sum(row["parts"] for row in wholes)
    return {
        detector.id: DetectorCounts(
            eligible=eligible,
            matched=sum(row[f"{detector.id}_valid"] for row in wholes),
            candidates=sum(row[f"{detector.id}_shape"] for row in parts),
            hits=sum(row[f"{detector.id}_valid"] for row in parts),
            spread=None if detector.has_check else _spread([*wholes, *parts], detector.id),
        )
        for detector in _by_content(rules)
    }


def _spread(rows: Sequence[Mapping[str, Any]], name: str) -> int | None:
    numbers = [row[f"{name}_{end}"] for row in rows for end in ("least", "most") if row[f"{name}_{end}"] is not None]
    return max(numbers) - min(numbers) if numbers else None


def _text_of(column: str, numbers: Collection[str]) -> str:
    """SQL of a value as text: of a number with a fraction only long whole ones."""
    own = identifier(column)
    if column not in numbers:
        return f"CAST({own} AS VARCHAR)"
    return f"CASE WHEN {_is_long(own)} THEN CAST(CAST({own} AS DECIMAL(38, 0)) AS VARCHAR) END"


def _measure_of(column: str) -> str:
    """SQL of the other numbers. They match no detector, so that it is enough to count them: most columns of numbers are measures."""
    own = identifier(column)
    return f"CASE WHEN NOT ({_is_long(own)}) THEN {own} END"


def _is_long(own: str) -> str:
    return f"abs({own}) >= {_SHORTEST} AND abs({own}) < {_LONGEST} AND {own} = floor({own})"


def _counts(rules: GradingRules) -> str:
    number = f"TRY_CAST(right(t, {_MOBILE_DIGITS}) AS BIGINT)"
    return ", ".join(
        f"count(*) FILTER (WHERE {name}_shape) AS {name}_shape, count(*) FILTER (WHERE {name}_valid) AS {name}_valid"
        + (
            ""
            if has_check
            else f", {_filtered('min', number, name)} AS {name}_least, {_filtered('max', number, name)} AS {name}_most"
        )
        for name, has_check in ((detector.id, detector.has_check) for detector in _by_content(rules))
    )


def _filtered(function: str, number: str, name: str) -> str:
    return f"{function}({number}) FILTER (WHERE {name}_valid)"
