"""The sign by which the records of a text come out alike, and the texts that no sign of a contract divides."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from lakeward.contracts.record_format import WHITESPACE
from lakeward.sources.sniff.records import Signs, TextRecord, is_value, parse_records
from lakeward.sources.sniff.table import find_table

DELIMITERS = (",", ";", "\t", "|")
# A share of records that agree, from which on a delimiter is one; less is text that happens to hold the character.
CONSISTENT = 0.8
# Signs that stand in no word, and those that do: these divide records only where a column of values comes out under a header.
_RARE = frozenset("^~§¦¬¶；，｜、") | frozenset(map(chr, range(1, 32))) - frozenset("\t\n\r")
_IN_WORDS = frozenset(":=#!$&*?")
# Records, from which on it is no chance that all have the sign equally often.
_LEAST_RECORDS = 2
_DECIMAL_COMMA = re.compile(r"\d,\d")
_CLOCK = re.compile(r"(?<!\d)\d{1,2}:\d{2}(:\d{2})?(?!\d)")
# A time as one text: nothing stands behind it but its half of the day and its zone.
_ONE_VALUE = re.compile(
    r".*?\d{1,2}:\d{2}(:\d{2})?([.,:]\d+)? ?([AaPp]\.?[Mm]\.?|上午|下午|[A-Z]{1,5})?( ?[+-]\d{2}:?\d{2})?|[^:]*|.*年.*"
)
_RUN = r"[^\w\s\"'.+-]{2,}"

Lines = Sequence[tuple[int, str]]


def find_delimiter(lines: Lines, quote: str, escape: str) -> str:
    """The sign by which most records have the same number of fields, and many of them; a comma where no sign is one."""
    scores = {sign: _score(parse_records(lines, Signs(sign, quote, escape))) for sign in DELIMITERS}
    best = max(DELIMITERS, key=lambda sign: (*scores[sign], not _is_decimal_comma(sign, lines)))
    divides, share, _ = scores[best]
    usual = divides and not _is_decimal_comma(best, lines)
    seldom = next(_seldom_delimiters(lines, quote, escape), "") if not usual or share < 1 else ""
    if divides and (usual or not seldom) and seldom not in _RARE:
        return best
    if seldom:
        return seldom
    blanks = parse_records(lines, Signs(WHITESPACE, quote, escape))
    return WHITESPACE if _is_blank_separated(blanks) else best


def find_undivided(lines: Lines, signs: Signs) -> tuple[int, str] | None:
    """The first line of records that the delimiter does not divide, and the sign that seems to do so; None where all is well.

    That is a sign of several characters, or, where the records are one text, one that all of them have equally often.
    """
    if signs.delimiter != WHITESPACE and (run := _several_characters(lines, signs)):
        return next(number for number, line in lines if run in line), run
    records = [record for record in parse_records(lines, signs) if record.fields]
    if signs.delimiter == WHITESPACE or any(len(record.fields) > 1 for record in records):
        return None
    if all(is_value(record.fields[0]) and _ONE_VALUE.fullmatch(record.fields[0]) for record in records[1:]):
        return None
    for sign in (*_signs_of(lines), *DELIMITERS, WHITESPACE):
        divider = Signs(sign, signs.quote, signs.escape)
        if first := _hides_values(parse_records(lines, divider), in_words=sign in _IN_WORDS):
            return first, " " if sign == WHITESPACE else _several_characters(lines, divider) or sign
    return None


def _seldom_delimiters(lines: Lines, quote: str, escape: str) -> Iterator[str]:
    """Signs other than the usual ones that every line has equally often, outside quotes; those with most columns first."""
    parsed = {sign: _filled(parse_records(lines, Signs(sign, quote, escape))) for sign in _signs_of(lines)}
    divided = {sign: records for sign, records in parsed.items() if records}
    for sign in sorted(divided, key=lambda sign: (sign not in _RARE, -max(len(record.fields) for record in divided[sign]))):
        if _is_divided(divided[sign]) and (sign in _RARE or _has_named_values(divided[sign])):
            yield sign


def _signs_of(lines: Lines) -> list[str]:
    """Signs of the first line that may divide it; a colon in a time of day does not."""
    bare = [_CLOCK.sub("", line) for _, line in lines if line.strip()]
    return [sign for sign in dict.fromkeys(bare[-1] if bare else "") if sign in _RARE | _IN_WORDS]


def _filled(records: Sequence[TextRecord]) -> list[TextRecord]:
    return [record for record in records if any(record.fields)]


def _is_divided(records: Sequence[TextRecord]) -> bool:
    """Whether all have the same number of fields, several, and no column is empty throughout."""
    width = len(records[0].fields) if records else 0
    alike = all(len(record.fields) == width for record in records)
    return (
        len(records) >= _LEAST_RECORDS and width > 1 and alike and all(map(any, zip(*(r.fields for r in records), strict=True)))
    )


def _has_named_values(records: Sequence[TextRecord]) -> bool:
    """Whether a column of values stands under a header, or several columns hold values."""
    return _value_columns(records[1:]) > (0 if find_table(records).header else 1)


def _value_columns(records: Sequence[TextRecord]) -> int:
    """How many columns hold a value in most records."""
    columns = zip(*(record.fields for record in records), strict=True)
    return sum(1 for column in columns if 2 * sum(map(is_value, column)) > len(column))


def _hides_values(records: Sequence[TextRecord], *, in_words: bool) -> int:
    """The first line of records that come out alike, with values beside what varies too (no unit does); 0 where they do not."""
    body = _filled(records)
    widths = Counter(len(record.fields) for record in body)
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    if width < 2 or count < max(_LEAST_RECORDS, CONSISTENT * (len(body) - 1)):
        return 0
    alike = [record for record in body if len(record.fields) == width]
    columns = list(zip(*(record.fields for record in alike[len(alike) > _LEAST_RECORDS :]), strict=True))
    varied = sum(1 for column in columns if len(set(column)) > 1)
    values = [column for column in columns if 2 * sum(map(is_value, column)) > len(column)]
    plain = in_words and all(text.isdigit() for column in values for text in column)
    return alike[0].first if varied > 1 and values and not plain else 0


def _several_characters(lines: Lines, signs: Signs) -> str:
    """The run of signs that the delimiter stands in wherever it stands; empty: it stands alone."""
    runs = {run for _, line in lines for run in re.findall(_RUN, line) if signs.delimiter in run}
    run = next(iter(runs)) if len(runs) == 1 else ""
    if not run or set(run) <= set(",;\t"):
        return ""
    holding = [line for _, line in lines if signs.delimiter in line]
    whole = all(line.count(signs.delimiter) == line.count(run) * run.count(signs.delimiter) for line in holding)
    return run if whole and len(holding) >= _LEAST_RECORDS else ""


def _is_decimal_comma(sign: str, lines: Lines) -> bool:
    """Whether every comma stands between two digits."""
    text = "\n".join(line for _, line in lines)
    return sign == "," and text.count(",") == len(_DECIMAL_COMMA.findall(text)) > 0


def _score(records: Sequence[TextRecord]) -> tuple[bool, float, int]:
    """Several fields, the same number in most records from the first of these on, in as many as possible, and many of them."""
    widths = Counter(len(record.fields) for record in records if record.fields)
    best: tuple[bool, float, int] = (False, 0.0, 0)
    for width, count in widths.items():
        first = next(at for at, record in enumerate(records) if len(record.fields) == width)
        later = sum(1 for record in records[first:] if record.fields)
        share = count / later
        if width > 1 and (count > 1 or len(widths) == 1):
            best = max(best, (share >= CONSISTENT and 2 * count >= later, round(count / len(records), 2), width))
    return best


def _is_blank_separated(records: Sequence[TextRecord]) -> bool:
    """Whether blanks set the same number of columns apart in every record, and the records hold values."""
    body = [record for record in records if record.fields]
    widths = Counter(len(record.fields) for record in body)
    if not body or max(widths) < 2 or len(widths) > 2:
        return False
    width, count = widths.most_common(1)[0]
    alike = [record for record in body if len(record.fields) == width]
    values = sum(sum(map(is_value, record.fields)) for record in alike)
    header = find_table(body).header
    named = not header or len(header[0].fields) == width
    valued = 2 * values >= width * count or (count == len(body) >= _LEAST_RECORDS and _value_columns(alike[1:]) > 0)
    return width > 1 and count >= CONSISTENT * len(body) and valued and named
