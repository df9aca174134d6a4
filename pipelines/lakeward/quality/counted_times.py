"""Times that are numbers: seconds, milli-, micro- and nanoseconds since 1970, and the days of a spreadsheet."""

from lakeward.contracts.model import DataType, Kind
from lakeward.core.sql import literal

# Microseconds of one of what is counted; nanoseconds are cut.
_MICROS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
# Days from 1899-12-30, from which Excel counts (with a 29 February 1900 that never was), to 1970-01-01.
_EXCEL_1970 = 25_569
_DAY_MILLIS = 86_400_000
# What the years 1 to 9999 hold, in microseconds since 1970.
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999


def counted_time(text: str, local: str, form: str, decimal: str) -> tuple[dict[str, str], ...]:
    """Layers that make the time `local`, a naive one, of the number that `text` is; NULL where it is none.

    Args:
        text, local: Columns: that of the texts, and that to be made.
        form: One of `COUNTED_TIMES`.
        decimal: Decimal separator of the text.
    """
    number, micros = f"{local}n", f"{local}m"
    digits, short = ("24,12", "18,12") if form == "excel" else ("26,6", "18,6")
    written = text if decimal == "." else f"replace({text}, {literal(decimal)}, '.')"
    pattern = literal(f"^[+-]?[0-9]{{1,19}}([{decimal}][0-9]*)?$")
    # DuckDB 1.5.5 takes 20 us for a text as a decimal of more than 18 digits, and a hundredth of that for these forms.
    integer = f"CASE WHEN regexp_matches({text}, '^[+-]?[0-9]{{1,18}}$') THEN TRY_CAST({text} AS BIGINT) END"
    fraction = f"TRY_CAST(TRY_CAST({written} AS DECIMAL({short})) AS DECIMAL({digits}))"
    other = f"WHEN regexp_matches({text}, {pattern}) THEN coalesce({fraction}, TRY_CAST({written} AS DECIMAL({digits})))"
    made = {local: f"CASE WHEN {micros} BETWEEN {_FIRST} AND {_LAST} THEN make_timestamp({micros}) END"}
    if form not in _MICROS:
        whole = f"TRY_CAST({integer} AS DECIMAL({digits}))"
        return {number: f"coalesce({whole}, CASE {other} END)"}, {micros: _decimal_micros(number, form)}, made
    each, whole = _MICROS[form], f"{local}w"
    # To cut the fraction of a decimal takes a microsecond; of a whole number there is none to cut.
    times = f"CASE WHEN {whole} BETWEEN {_FIRST // each} AND {_LAST // each} THEN {whole} * {each}"
    return (
        {whole: integer},
        {number: f"CASE WHEN {whole} IS NOT NULL THEN NULL {other} END"},
        {micros: f"{times} WHEN {whole} IS NULL THEN TRY_CAST(floor({number} * {each}) AS BIGINT) END"},
        made,
    )


def _decimal_micros(number: str, form: str) -> str:
    if form == "excel":
        # What a spreadsheet shows is exact to the millisecond.
        return f"TRY_CAST(round(({number} - {_EXCEL_1970}) * {_DAY_MILLIS}) * 1000 AS BIGINT)"
    # Not by a division, which is one of doubles: these are off by a microsecond from 2^53 nanoseconds on.
    return f"TRY_CAST(floor({number} * CAST('0.001' AS DECIMAL(4,3))) AS BIGINT)"


def number_text(own: str, stored: DataType) -> str:
    """Text of a stored number, in digits alone."""
    return f"CAST({own} AS VARCHAR)" if stored.kind is Kind.INTEGER else f"CAST(TRY_CAST({own} AS DECIMAL(26,6)) AS VARCHAR)"
