"""The part of a draft that says what of a delimited file is no record: each finding a proposal that a person checks."""

import json
import re
from collections.abc import Iterator
from typing import Any

from lakeward.contracts.record_format import RecordFormat

_UNPRINTABLE = re.compile("[\x7f-\xa0\u00ad\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
# Key of the contract, field of the record format, and what a person is to look at.
_FINDINGS = (
    ("thousands", "thousands", "stands between groups of three digits, and nowhere else"),
    ("comment", "comment", "lines that begin with it are no records"),
    ("skipRows", "skip_rows", "lines above the first record"),
    ("headerRow", "header_row", "the line that names the columns; what is above it is not read"),
    ("headerRows", "header_rows", "a column's name is the texts of these lines, joined with _"),
    ("skipAfterHeader", "skip_after_header", "lines below the header that are no records, such as units"),
    ("names", "names", "the file names no columns; call them what they are"),
    ("footer", "footer", "the last lines, from the one that begins so, are no records"),
    ("nullPadding", "null_padding", "records have fewer fields than there are names"),
    ("numberDuplicates", "number_duplicates", "a name comes twice, and is told apart by its place alone"),
)


def yaml_value(value: Any) -> str:
    """A text, number or list as YAML: JSON is YAML, but for signs in texts that YAML takes for line ends or refuses."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def text_layout(record_format: RecordFormat) -> Iterator[str]:
    """Lines of YAML for what is not plain."""
    plain = RecordFormat(format=record_format.format)
    for key, field, evidence in _FINDINGS:
        value: Any = getattr(record_format, field)
        if value != getattr(plain, field):
            yield f"{key}: {yaml_value(value)}      # CHECK: {evidence}"
