"""Texts that may mean another thing than a draft says: numbers of another decimal sign, and records in records."""

import re
from collections.abc import Mapping, Sequence

from lakeward.contracts.record_format import FileFormat, RecordFormat
from lakeward.profiling.json_shape import nested_records
from lakeward.profiling.type_candidates import MIN_TYPE_SHARE, are_exponent_codes
from lakeward.sources.sniff import decimal_signs, is_decimal_known

_LIKE_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE]\d+)?")
# What programs write for numbers without a bound; a contract's numbers are finite.
INFINITE = r"^[+-]?(inf|infinity|∞|1[.,]#inf0*)$"


def text_doubt(texts: Sequence[str], record_format: RecordFormat) -> str | None:
    """What keeps the texts of a column from being numbers, or columns of their own; None where nothing seems to.

    Args:
        texts: Those of a column that is drafted as text.
    """
    needed = max(MIN_TYPE_SHARE * len(texts), 1)
    if sum(map(nested_records, texts)) >= needed:
        return "each text is a JSON list of objects: where these are the records, take them out (jq -c '.NAME[]') and draft from that file"
    if are_exponent_codes(texts) and sum(1 for text in texts if _LIKE_NUMBER.fullmatch(text)) >= needed:
        return "texts like 12E4 are identifiers or numbers: where they are numbers, write logicalType: number"
    other = "," if record_format.decimal == "." else "."
    number = re.compile(rf"[+-]?\d+({re.escape(other)}\d+)?([eE][+-]?\d+)?")
    fraction = re.compile(rf"[+-]?\d+{re.escape(other)}\d+")
    numbers = [text for text in texts if number.fullmatch(text)]
    if len(numbers) >= needed and any(map(fraction.match, numbers)):
        return f"its texts look like numbers with the decimal sign {other!r}, and a file has one, here {record_format.decimal!r}: deliver one sign"
    return None


def unsure_signs(samples: Mapping[str, Sequence[str]], record_format: RecordFormat) -> dict[str, str]:
    """Columns whose numbers are all like `2.001`, with that sign, in a file whose other numbers do not say what it is.

    Args:
        samples: Texts of each column.
    """
    if record_format.format is not FileFormat.CSV or is_decimal_known(text for texts in samples.values() for text in texts):
        return {}
    found = {column: {decimal_signs(text) for text in texts} - {""} for column, texts in samples.items()}
    unsure = [column for column, signs in found.items() if signs == {",."}]
    return {column: next(sign for text in samples[column] for sign in ",." if sign in text) for column in unsure}
