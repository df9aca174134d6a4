"""Translates regular expressions and time formats of the flows to Java's."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JavaTimeFormat:
    """A time format of Python's `strptime`, translated for Java.

    Args:
        pattern: For `java.time.format.DateTimeFormatter`.
        regex: Expression of valid texts, because Java's parser accepts more or fewer digits.
    """

    pattern: str
    regex: str
    has_zone: bool


# Directive -> Java's letters, and the texts that DuckDB's parser accepts.
DIRECTIVES = {
    "d": ("d", "[0-9]{1,2}"),
    "m": ("M", "[0-9]{1,2}"),
    "Y": ("yyyy", "[0-9]{4}"),
    "y": ("yy", "[0-9]{2}"),
    "H": ("H", "[0-9]{1,2}"),
    "I": ("h", "[0-9]{1,2}"),
    "M": ("m", "[0-9]{1,2}"),
    "S": ("s", "[0-9]{1,2}"),
    "b": ("MMM", "[A-Za-z]{3}"),
    "B": ("MMMM", "[A-Za-z]{3,9}"),
    "f": ("SSSSSS", "[0-9]{1,6}"),
    "p": ("a", "[AaPp][Mm]"),
    "z": ("XX", "[+-][0-9]{4}"),
    "%": ("'%'", "%"),
}


def java_time_format(form: str) -> JavaTimeFormat:
    """Translate the format.

    Raises:
        KeyError: It has a directive that contracts do not allow.
    """
    parts = [(m[1], m[2]) for m in re.finditer(r"%(.)|([^%]+)", form)]
    pattern = "".join(DIRECTIVES[d][0] if d else f"'{plain.replace(chr(39), chr(39) * 2)}'" for d, plain in parts)
    regex = "".join(DIRECTIVES[d][1] if d else re.escape(plain) for d, plain in parts)
    return JavaTimeFormat(pattern, f"\\A{regex}\\z", any(d == "z" for d, _ in parts))


# Differences between RE2 (used by the flows) and Java, where `$` also matches before a last line end, `.` excludes five
# characters instead of one, classes nest, and `(?i)` covers only ASCII.
_TOKENS = re.compile(r"\\[pP]\{\^?\w+\}|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\(\?P<|\(\?[a-z]*i[a-z]*[:)]|\$|.", re.DOTALL)


def java_pattern(pattern: str) -> str:
    """Translate an RE2 pattern for Java's `Pattern`."""
    return "(?d)" + "".join(_translate_token(piece) for piece in _TOKENS.findall(pattern))


def _translate_token(element: str) -> str:
    if element == "$":
        return "\\z"
    if named := re.fullmatch(r"\\([pP])\{(\^?)(\w{3,})\}", element):
        return f"\\{named[1].swapcase() if named[2] else named[1]}{{Is{named[3]}}}"
    if element == "(?P<":
        return "(?<"
    if element.startswith("(?") and len(element) > 2:
        return element.replace("i", "iu")
    return _translate_class(element) if element.startswith("[") and len(element) > 1 else element


def _translate_class(element: str) -> str:
    body = re.sub(r"\[:(\^?)(\w+):\]", lambda m: f"\\{'P' if m[1] else 'p'}{{{m[2].capitalize()}}}", element[1:-1])
    head = "^" if body.startswith("^") else ""
    rest = body[len(head) :]
    return "[" + head + re.sub(r"(?<!\\)(\[|&&)", lambda m: "".join("\\" + c for c in m[1]), rest) + "]"


def java_replacement(text: str, groups: int = 0) -> str:
    r"""Translate a replacement: `\\1` becomes `$1`, and a dollar is escaped.

    Args:
        groups: Number of groups before those of the pattern.
    """
    return re.sub(r"\\(\d)", lambda found: f"${int(found[1]) + groups if found[1] != '0' else 0}", text.replace("$", "\\$"))
