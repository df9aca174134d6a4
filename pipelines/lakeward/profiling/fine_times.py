"""Times that are finer than the microseconds of a table: what is finer is cut, and a draft says so."""

from collections.abc import Mapping, Sequence

from lakeward.contracts.model import Kind
from lakeward.core.sql import identifier, literal
from lakeward.engines.protocols import Engine
from lakeward.profiling.findings import ColumnProfile
from lakeward.profiling.type_trials import StagedRecords, chunks

# Digits beyond a microsecond, not all of them zero, by the format of the time; None: ISO 8601.
_FINER: Mapping[str | None, str] = {
    None: r"[.][0-9]{6}[0-9]*[1-9]",
    "epoch_s": r"[.,][0-9]{6}[0-9]*[1-9]",
    "epoch_ms": r"[.,][0-9]{3}[0-9]*[1-9]",
    "epoch_us": r"[.,][0-9]*[1-9]",
    "epoch_ns": r"([1-9][0-9][0-9]|[0-9][1-9][0-9]|[0-9][0-9][1-9])$",
}


def count_fine_times(staged: StagedRecords, columns: Sequence[ColumnProfile]) -> dict[str, int]:
    """How many texts of each column of times are finer than microseconds; columns without one are left out."""
    stored = staged.engine.types(staged.rows)
    timed = [
        c for c in columns if c.type.kind is Kind.TIMESTAMP and stored[c.name].kind is Kind.STRING and c.time_format in _FINER
    ]
    found: dict[str, int] = {}
    for chunk in chunks([column.name for column in timed]):
        forms = {column.name: _FINER[column.time_format] for column in timed if column.name in chunk}
        found |= _count(staged.engine, staged, forms)
    return {name: count for name, count in found.items() if count}


def _count(engine: Engine, staged: StagedRecords, forms: Mapping[str, str]) -> dict[str, int]:
    items = (
        f"count_if(regexp_matches(trim({identifier(name)}), {literal(form)})) AS n{at}"
        for at, (name, form) in enumerate(forms.items())
    )
    row = engine.fetch(f"SELECT {', '.join(items)} FROM {staged.rows}")[0]
    return dict(zip(forms, row.values(), strict=True))
