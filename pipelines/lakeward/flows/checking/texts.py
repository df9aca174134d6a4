"""Files of text as a table: read as an ingest would read them, and typed as pandas would see them.

A column is of whole numbers, of numbers, or of true and false when every value in it is; else it is text. A date is a text here, as in
JSON and for Great Expectations, and so is an identifier: digits with a leading zero, or too many for 64 bits.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lakeward.contracts.model import Column, DataType, Kind
from lakeward.core.errors import DataError, UsageError
from lakeward.core.names import Relation
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.flows.checking.names import refuse_reserved
from lakeward.profiling.candidates import IDENTIFIER, STRING, Trial
from lakeward.profiling.looking import Look, first_look, header
from lakeward.profiling.measuring import Outcome, StagedRecords, sample, try_types

# What `pandas.read_csv` takes for no value, and so Great Expectations.
NULLS = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
    *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
)
TYPES = tuple(DataType(kind) for kind in (Kind.INTEGER, Kind.DOUBLE, Kind.BOOLEAN))
_TRUTH = ("true", "false")


def name_texts(engine: Engine, files: Sequence[Path]) -> tuple[StagedRecords, tuple[Column, ...]]:
    """The records of `files`, all texts with their places, and the columns found.

    Raises:
        DataError: A file has no columns, they differ, or some record can't be read.
    """
    look, names = _look(engine, files)
    refuse_reserved(names, str(files[0]))
    staged = _stage(engine, files, look, names)
    rows = engine.fetch(f"SELECT count(*) AS n FROM {staged.rows}")[0]["n"]
    staged = replace(staged, record_format=replace(look.record_format, nulls=_nulls(staged, names)))
    columns = tuple(Column(name, type_, name) for name, type_ in _types(staged, names, rows).items())
    return staged, columns


def _look(engine: Engine, files: Sequence[Path]) -> tuple[Look, tuple[str, ...]]:
    try:
        look = first_look(files[0])
        return look, header(engine, look)
    except UsageError as error:
        raise DataError(error.code, **error.facts) from None


def _stage(engine: Engine, files: Sequence[Path], look: Look, names: Sequence[str]) -> StagedRecords:
    # Required, so that a file without one of them is told from a record without a value.
    columns = tuple(Column(name, STRING, name, required=True) for name in names)
    inputs = tuple(replace(look.input, seq=seq, name=str(file), path=file) for seq, file in enumerate(files, 1))
    read = engine.stage(inputs, look.record_format, columns)
    for report in read.reports:
        if other := (*report.missing, *report.unknown):
            expected, found = ("-", other[0]) if not report.missing else (other[0], "-")
            raise DataError(
                "data_files_differ", file=report.name, first=files[0], column=other[0], expected=expected, found=found
            )
    _refuse_rejects(engine, read.rejects)
    select = f"SELECT {', '.join(map(identifier, names))}, _file, _file_seq, _row FROM {read.rows}"
    return StagedRecords(engine, engine.materialise("profile_staged", select), look.record_format)


def _refuse_rejects(engine: Engine, rejects: Relation) -> None:
    first = engine.fetch(f"SELECT _file, _row, reason, count(*) OVER () AS n FROM {rejects} ORDER BY _file_seq, _row LIMIT 1")
    for reject in first:
        facts = {"file": reject["_file"], "row": reject["_row"], "records": reject["n"]}
        raise DataError("data_records_unreadable", reason=reject["reason"], **facts)


def _nulls(staged: StagedRecords, names: Sequence[str]) -> tuple[str, ...]:
    """Those of `NULLS` that occur: every one costs a comparison per value."""
    tokens = ", ".join(map(literal, NULLS))
    items = ", ".join(
        f"list(DISTINCT {own}) FILTER ({own} IN ({tokens})) AS n{place}" for place, own in enumerate(map(identifier, names))
    )
    found = staged.engine.fetch(f"SELECT {items} FROM {staged.rows}")[0]
    return tuple(dict.fromkeys(["", *(token for tokens in found.values() for token in tokens or ())]))


def _types(staged: StagedRecords, names: Sequence[str], rows: int) -> dict[str, DataType]:
    """The first of `TYPES` that every value is of; a column without a value is of numbers, as in pandas."""
    samples = sample(staged, names, staged.record_format.nulls, rows)
    trials = {name: some for name in names if (some := tuple(Trial(type_) for type_ in _possible(samples[name])))}
    outcomes = try_types(staged, trials) if trials and rows else {}
    return {name: _first(outcomes.get(name, ())) for name in names}


def _possible(values: Sequence[str]) -> tuple[DataType, ...]:
    if any(map(IDENTIFIER.fullmatch, values)):
        return ()
    whole, number, truth = TYPES
    if values and all(value.lower() in _TRUTH for value in values):
        return (truth,)
    return (whole, number) if all(value.lstrip("+-").isdigit() for value in values) else (number,)


def _first(outcomes: Sequence[Outcome]) -> DataType:
    if outcomes and not any(outcome.filled for outcome in outcomes):
        return DataType(Kind.DOUBLE)
    return next((outcome.trial.type for outcome in outcomes if outcome.converted == outcome.filled), STRING)
