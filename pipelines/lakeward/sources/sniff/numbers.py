"""How the numbers of a text are written: which sign stands before the fraction, and which between thousands."""

import re
from collections.abc import Sequence

_COMMA, _POINT = re.compile(r"[+-]?\d+,\d+"), re.compile(r"[+-]?\d+\.\d+")
_GROUPED = r"[+-]?[1-9]\d{0,2}(%s\d{3})+"
# What is met between groups of three digits; a point or a comma only where the other one is the decimal sign.
_SEPARATORS = (",", ".", " ", "'", "’", "\u00a0", "\u202f")
_BLANKS = re.compile(r"(?<=\d)[ '’\u00a0\u202f](?=\d{3})")


def guess_decimal(fields: Sequence[str]) -> str:
    """The decimal sign that most fractions have; of `1,000` and `1.000,5` that which is not between thousands."""
    fields = [_BLANKS.sub("", field) for field in fields]
    both = [field for field in fields if "," in field and "." in field]
    if grouped := [field for field in both if re.fullmatch(r"[+-]?[1-9]\d{0,2}([,.]\d{3})+[,.]\d+", field)]:
        return "," if sum(1 for field in grouped if field.rfind(",") > field.rfind(".")) * 2 > len(grouped) else "."
    commas = sum(1 for field in fields if _COMMA.fullmatch(field))
    points = sum(1 for field in fields if _POINT.fullmatch(field))
    return "," if commas > points and not _all_grouped(fields, ",") else "."


def guess_thousands(fields: Sequence[str], decimal: str) -> str:
    """The sign between thousands, where every number that is long enough has it; empty: none."""
    for sign in _SEPARATORS:
        if sign != decimal and _all_grouped(fields, sign, f"({re.escape(decimal)}\\d+)?"):
            return sign
    return ""


def _all_grouped(fields: Sequence[str], sign: str, fraction: str = "") -> bool:
    """Whether the sign stands between thousands only: in several different numbers, and nowhere else among digits."""
    form = re.compile(_GROUPED % re.escape(sign) + fraction)
    with_sign = [field for field in fields if re.fullmatch(rf"[+-]?\d+({re.escape(sign)}\d+)+{fraction}", field)]
    grouped = [field for field in with_sign if form.fullmatch(field)]
    return len(set(grouped)) > 1 and len(grouped) == len(with_sign)
