"""Tests types on the whole file in the engine, with the conversion of an ingest."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lakeward.contracts.model import Column, Contract, DataType
from lakeward.contracts.record_format import RecordFormat
from lakeward.core.names import Layer, Relation
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.profiling.type_candidates import IDENTIFIER, MIN_TYPE_SHARE, TypeCandidate
from lakeward.quality.convert import ConvertedColumn, convert_column
from lakeward.quality.sql import stack

# Rows of a sample, spread over the whole file: enough to see every common form, few enough for Python.
SAMPLE_ROWS = 1000
# Columns of one query.
CHUNK = 100
# The sample's rows, of which a text is cut: a form shows in its beginning.
SAMPLE_LETTERS = 200


@dataclass(frozen=True, slots=True)
class StagedRecords:
    """Records of files as an engine has staged them: `rows` has their columns and `_row`."""

    engine: Engine
    rows: Relation
    record_format: RecordFormat


@dataclass(frozen=True, slots=True)
class TypeTrialResult:
    """The result of a type test on the whole file.

    Args:
        filled: Number of values.
        converted: Number of these that convert to the type.
    """

    candidate: TypeCandidate
    filled: int
    converted: int

    @property
    def fits(self) -> bool:
        """Whether the column can have this type."""
        return self.filled > 0 and self.converted >= MIN_TYPE_SHARE * self.filled


def sample_texts(staged: StagedRecords, columns: Sequence[str], nulls: Sequence[str], rows: int) -> dict[str, tuple[str, ...]]:
    """Texts of each column, trimmed, one for each of the rows that have one, out of rows that are spread over the file.

    One that is rather an identifier than a number is among them wherever it is: as a number it would lose digits.
    """
    step = max(1, -(-rows // SAMPLE_ROWS))
    cut = ", ".join(f"substr(trim({identifier(column)}), 1, {SAMPLE_LETTERS}) AS {identifier(column)}" for column in columns)
    spread = f"SELECT {cut} FROM {staged.rows} WHERE _row % {step} = 0 ORDER BY _row LIMIT {SAMPLE_ROWS}"
    found = staged.engine.fetch(spread) if columns else []
    for chunk in chunks(columns) if rows > SAMPLE_ROWS else ():
        found += staged.engine.fetch(_identifiers_query(staged, chunk, nulls))
    return {
        column: tuple(text for row in found if (text := row.get(column)) is not None and text not in nulls) for column in columns
    }


def _identifiers_query(staged: StagedRecords, columns: Sequence[str], nulls: Sequence[str]) -> str:
    """SELECT of one row: by column a text of the whole file that is an identifier, NULL for none."""
    pattern, missing = literal(f"^({IDENTIFIER.pattern})$"), ", ".join(map(literal, nulls)) or "NULL"
    items = []
    for column in columns:
        text = f"trim({identifier(column)})"
        is_one = f"regexp_matches({text}, {pattern}) AND coalesce({text} NOT IN ({missing}), TRUE)"
        items.append(f"min(CASE WHEN {is_one} THEN {text} END) AS {identifier(column)}")
    return f"SELECT {', '.join(items)} FROM {staged.rows}"


def try_types(
    staged: StagedRecords, candidates_by_column: Mapping[str, Sequence[TypeCandidate]]
) -> dict[str, tuple[TypeTrialResult, ...]]:
    """Every trial of every column, in one scan for every `CHUNK` columns."""
    found: dict[str, tuple[TypeTrialResult, ...]] = {}
    for chunk in chunks(list(candidates_by_column)):
        found |= _try_chunk(staged, {column: candidates_by_column[column] for column in chunk})
    return found


def chunks(columns: Sequence[str]) -> Iterator[Sequence[str]]:
    """The columns, `CHUNK` at a time: engines plan a query in a time that grows faster than its length."""
    return (columns[start : start + CHUNK] for start in range(0, len(columns), CHUNK))


def _try_chunk(
    staged: StagedRecords, candidates_by_column: Mapping[str, Sequence[TypeCandidate]]
) -> dict[str, tuple[TypeTrialResult, ...]]:
    named = [(column, trial) for column, column_candidates in candidates_by_column.items() for trial in column_candidates]
    converted = _conversions(staged, named)
    items = [
        f"count_if(NOT ({conversion.missing})) AS f{index}, count_if({conversion.unconverted or 'FALSE'}) AS u{index}"
        for index, conversion in enumerate(converted)
    ]
    counts = staged.engine.fetch(f"SELECT {', '.join(items)} FROM {_stacked_query(staged, named, converted)}")[0]
    outcomes = [
        (column, TypeTrialResult(trial, counts[f"f{index}"], counts[f"f{index}"] - counts[f"u{index}"]))
        for index, (column, trial) in enumerate(named)
    ]
    return {column: tuple(outcome for owner, outcome in outcomes if owner == column) for column in candidates_by_column}


def first_unconverted(staged: StagedRecords, column: str, candidate: TypeCandidate) -> Mapping[str, Any]:
    """File and record (`_file`, `_row`) of the first value that does not convert; there is one."""
    named = [(column, candidate)]
    converted = _conversions(staged, named)
    places = f"(SELECT {identifier(column)} AS t0, _file, _file_seq, _row FROM {staged.rows})"
    found = stack(places, converted[0].layers)
    return staged.engine.fetch(
        f"SELECT _file, _row FROM {found} WHERE {converted[0].unconverted} ORDER BY _file_seq, _row LIMIT 1"
    )[0]


def measure_disorder(staged: StagedRecords, column: str, candidates: Sequence[TypeCandidate]) -> tuple[tuple[int, float], ...]:
    """For each trial of a time column: how many rows stand before their predecessor in the file, and the seconds it spans."""
    named = [(column, trial) for trial in candidates]
    converted = _conversions(staged, named)
    values = {f"v{index}": f"epoch({conversion.output})" for index, conversion in enumerate(converted)}
    back = {f"b{index}": f"{value} < lag({value}) OVER (ORDER BY _row)" for index, value in enumerate(values)}
    items = [f"count_if(b{index}) AS n{index}, max({value}) - min({value}) AS s{index}" for index, value in enumerate(values)]
    rows = stack(_stacked_query(staged, named, converted), (values, back))
    found = staged.engine.fetch(f"SELECT {', '.join(items)} FROM {rows}")[0]
    return tuple((found[f"n{index}"], found[f"s{index}"]) for index, _ in enumerate(candidates))


def typed_values(staged: StagedRecords, types: Mapping[str, TypeCandidate]) -> Relation:
    """The file's rows, every column in its type, with `_row`."""
    names = list(types)
    if len(names) <= CHUNK:
        return _typed_chunk(staged, types, "profile_values")
    parts = [
        _typed_chunk(staged, {column: types[column] for column in chunk}, f"profile_values_{index}")
        for index, chunk in enumerate(chunks(names))
    ]
    joined = f"{parts[0]}" + "".join(f" JOIN {part} USING (_row)" for part in parts[1:])
    return staged.engine.materialise("profile_values", f"SELECT {', '.join(map(identifier, names))}, _row FROM {joined}")


def _typed_chunk(staged: StagedRecords, types: Mapping[str, TypeCandidate], name: str) -> Relation:
    named = list(types.items())
    converted = _conversions(staged, named)
    items = [f"{one.value} AS {identifier(column)}" for (column, _), one in zip(named, converted, strict=True)]
    rows = f"SELECT {', '.join(items)}, _row FROM {_stacked_query(staged, named, converted)}"
    return staged.engine.materialise(name, rows)


def _conversions(staged: StagedRecords, pairs: Sequence[tuple[str, TypeCandidate]]) -> list[ConvertedColumn]:
    """Each trial as a column of its own; naive times are taken as UTC, which has every time once."""
    columns = tuple(
        Column(f"t{index}", trial.type, f"t{index}", time_format=trial.time_format, nulls=trial.nulls)
        for index, (_, trial) in enumerate(pairs)
    )
    contract = Contract("sample", "0.0.0", Layer.SILVER, columns, record_format=replace(staged.record_format, zone="UTC"))
    stored: Mapping[str, DataType] = staged.engine.types(staged.rows)
    return [convert_column(contract, index, stored[column]) for index, (column, _) in enumerate(pairs)]


def _stacked_query(
    staged: StagedRecords, pairs: Sequence[tuple[str, TypeCandidate]], conversions: Sequence[ConvertedColumn]
) -> str:
    """The staged rows with a column per trial, and all their layers."""
    aliases = ", ".join(f"{identifier(column)} AS t{index}" for index, (column, _) in enumerate(pairs))
    layers = [
        {key: item for part in layer for key, item in part.items()}
        for layer in itertools.zip_longest(*(conversion.layers for conversion in conversions), fillvalue={})
    ]
    return stack(f"(SELECT {aliases}, _row FROM {staged.rows})", layers)
