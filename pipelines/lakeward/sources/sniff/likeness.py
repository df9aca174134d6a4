"""Whether the first record of texts is a record like those below it, and no header: its texts come again, or have their form."""

import re
from collections import Counter
from collections.abc import Sequence

from lakeward.sources.sniff.records import NO_VALUES, TextRecord

# Share of a column's texts that have one form, from which on it is the column's; a form without a digit is a word's.
FORM_SHARE = 0.8
# Records from which on a form is no chance.
LEAST_RECORDS = 2
_LETTERS, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")


def is_like_others(first: Sequence[TextRecord], below: Sequence[TextRecord], width: int) -> bool:
    """Whether a text of the first record stands in its column again, in another record, or has the form of that column.

    Args:
        first: The record, or none.
        below: Those below it; a repetition of the whole record is a header that comes again.
        width: Fields of most records.
    """
    if not first:
        return False
    fields = first[0].fields
    others = [
        record.fields for record in below if len(record.fields) == width and record.fields != fields and not record.is_blank
    ]
    columns = zip(fields, zip(*others, strict=True), strict=True) if others else ()
    return any(_recurs(text, column) or _has_form(text, column) for text, column in columns)


def _recurs(text: str, column: Sequence[str]) -> bool:
    return text.casefold() not in NO_VALUES and text in column


def _has_form(text: str, column: Sequence[str]) -> bool:
    """Whether nearly all texts have digits and signs at the same places, and this one too."""
    filled = [cell for cell in column if cell]
    form, count = Counter(map(_form, filled)).most_common(1)[0] if filled else ("", 0)
    return "0" in form and len(filled) >= LEAST_RECORDS and count >= FORM_SHARE * len(filled) and _form(text) == form


def _form(text: str) -> str:
    return _DIGITS.sub("0", _LETTERS.sub("a", text))
