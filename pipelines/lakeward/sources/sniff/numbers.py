"""How the numbers of a text are written: which sign stands before the fraction, and which between thousands."""

import re
from collections.abc import Iterable, Sequence

_GROUPED = r"[+-]?[1-9]\d{0,2}(%s\d{3})+"
# What is met between groups of three digits; a point or a comma only where the other one is the decimal sign.
_SEPARATORS = (",", ".", " ", "'", "’", "\u00a0", "\u202f")
_BLANKS = re.compile(r"(?<=\d)[ '’\u00a0\u202f](?=\d{3})")
# By its decimal sign, a number with a fraction or groups of three digits.
_FORMS = {
    decimal: re.compile(rf"[+-]?(\d+|[1-9]\d{{0,2}}([{thousands}]\d{{3}})+)([{decimal}]\d+)?([eE][+-]?\d+)?")
    for decimal, thousands in ((",", "."), (".", ","))
}


def guess_decimal(fields: Sequence[str]) -> str:
    """The decimal sign by which all numbers can be read; where both or none do, the one that most fractions have."""
    fields = [_BLANKS.sub("", field) for field in fields]
    by_sign = {sign: sum(1 for field in fields if decimal_signs(field) == sign) for sign in _FORMS}
    if any(by_sign.values()):
        return "," if by_sign[","] > by_sign["."] else "."
    either = [field for field in fields if decimal_signs(field) == ",."]
    commas = sum(1 for field in either if "," in field)
    return "," if 2 * commas > len(either) and not _all_grouped(either, ",") else "."


def decimal_signs(text: str) -> str:
    """The decimal signs by which a text is a number with a sign: `,` or `.`, both as in `1.000`, or none as in `12` or `1.2.3`."""
    if "," not in text and "." not in text:
        return ""
    return "".join(sign for sign, form in _FORMS.items() if form.fullmatch(text))


def is_decimal_known(texts: Iterable[str]) -> bool:
    """Whether some number can be read by one decimal sign only, and none by the other only."""
    return len({signs for signs in map(decimal_signs, texts) if len(signs) == 1}) == 1


def guess_thousands(fields: Sequence[str], decimal: str) -> str:
    """The sign between thousands, where every number that is long enough has it; empty: none."""
    known = is_decimal_known(_BLANKS.sub("", field) for field in fields)
    for sign in _SEPARATORS:
        least = 1 if known and sign in _FORMS else 2
        if sign != decimal and _all_grouped(fields, sign, f"({re.escape(decimal)}\\d+)?", least):
            return sign
    return ""


def _all_grouped(fields: Sequence[str], sign: str, fraction: str = "", least: int = 2) -> bool:
    """Whether the sign stands between thousands only: in so many different numbers, and in no other one."""
    form = re.compile(_GROUPED % re.escape(sign) + fraction)
    single = re.compile(rf"[+-]?\d+{re.escape(sign)}\d+{fraction}")
    grouped = {field for field in fields if form.fullmatch(field)}
    return len(grouped) >= least and not any(single.fullmatch(field) and field not in grouped for field in fields)
