r"""Translates Python's regular expressions in suites to RE2, which DuckDB uses (and which is close to Java's, for Spark).

They differ: `\w` and `\d` include Chinese in Python and only ASCII in RE2, `$` allows a last line end only in
Python, and RE2 has no look-around and no back-references. Other patterns are judged by Great Expectations.
"""

import re

# One token of a pattern: an escape, a whole class, the head of an extension group, a possessive quantifier, or any character.
ESCAPE = r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\."
TOKEN = re.compile(rf"{ESCAPE}|\[\^?\]?(?:{ESCAPE}|[^\]])*\]|\(\?P?.|[*+?}}]\+|.", re.DOTALL)
MEMBER = re.compile(rf"{ESCAPE}|.", re.DOTALL)
# Heads with the same meaning in both, flags excepted.
GROUPS = ("(?:", "(?P<")
FLAGS = ("(?i)", "(?s)", "(?is)", "(?si)")
SPACES = r"\t-\r\x{1c}-\x{20}\x{85}\p{Z}"
# Python's classes on text (str.isdecimal, str.isalnum and "_", str.isspace) by Unicode category.
CLASSES = {r"\d": r"\p{Nd}", r"\w": r"\p{L}\p{N}_", r"\s": SPACES}
SHARED_ESCAPES = frozenset((r"\n", r"\t", r"\r", r"\f", r"\v", r"\a"))


def to_re2(pattern: str) -> str | None:
    """Translate `pattern` to RE2 with the same matches; None if RE2 has no equivalent."""
    flags = next((flags for flags in FLAGS if pattern.startswith(flags)), "")
    tokens = [_translate_token(element) for element in TOKEN.findall(pattern.removeprefix(flags))]
    return None if None in tokens else flags + "".join(element for element in tokens if element)


def match_anywhere(pattern: str) -> str:
    """An RE2 pattern that matches the whole text if `pattern` occurs in it.

    DuckDB evaluates a whole match once per value of a dictionary, and a search once per row: 0.03 s against 0.4 s over 10 M rows of
    200 values. Without a dictionary it costs the same for a pattern that begins with `^`, and twice as much for others.
    """
    return f"(?s:.*)(?:{pattern})(?s:.*)"


def _translate_token(element: str) -> str | None:
    if element.startswith("[") and len(element) > 1:
        return _translate_class(element)
    if element == "$":
        return r"(?:\n?\z)"
    if element in CLASSES:
        return f"[{CLASSES[element]}]"
    if element.lower() in CLASSES:
        return f"[^{CLASSES[element.lower()]}]"
    if element.startswith("\\"):
        return r"\z" if element == r"\Z" else _escape(element)
    refused = len(element) > 1 and element not in GROUPS
    return None if refused else element


def _translate_class(element: str) -> str | None:
    head = "[^" if element.startswith("[^") else "["
    members = [_member(member) for member in MEMBER.findall(element[len(head) : -1])]
    return None if None in members else f"{head}{''.join(member for member in members if member)}]"


def _member(member: str) -> str | None:
    if member in ("[", "]", "&", "~"):
        return "\\" + member
    return CLASSES.get(member) or (_escape(member) if member.startswith("\\") else member)


def _escape(element: str) -> str | None:
    if element[1] in "ux" and len(element) > 2:
        return f"\\x{{{element[2:]}}}"
    return element if element in SHARED_ESCAPES or not element[1].isalnum() else None
