r"""Python's regular expressions, which suites are written in, as RE2's, which DuckDB runs (and Java's, near enough, for Spark).

Both search. They differ where it hurts: `\w` and `\d` know Chinese in Python and only ASCII in RE2, `$` allows a last line end only in
Python, and RE2 has no look-around and no back-references. What can't be said in RE2 is left to Great Expectations.
"""

import re

# One piece of a pattern: an escape, a whole class, the head of an extension group, a possessive quantifier, or any character.
ESCAPE = r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\."
PIECE = re.compile(rf"{ESCAPE}|\[\^?\]?(?:{ESCAPE}|[^\]])*\]|\(\?P?.|[*+?}}]\+|.", re.DOTALL)
MEMBER = re.compile(rf"{ESCAPE}|.", re.DOTALL)
# Heads that mean the same in both, flags aside.
GROUPS = ("(?:", "(?P<")
FLAGS = ("(?i)", "(?s)", "(?is)", "(?si)")
SPACES = r"\t-\r\x{1c}-\x{20}\x{85}\p{Z}"
# Python's classes on text (str.isdecimal, str.isalnum and "_", str.isspace) by Unicode category.
CLASSES = {r"\d": r"\p{Nd}", r"\w": r"\p{L}\p{N}_", r"\s": SPACES}
SAME = frozenset((r"\n", r"\t", r"\r", r"\f", r"\v", r"\a"))


def to_re2(pattern: str) -> str | None:
    """`pattern` with the same matches under RE2's search; None where RE2 can't say it."""
    flags = next((flags for flags in FLAGS if pattern.startswith(flags)), "")
    pieces = [_piece(piece) for piece in PIECE.findall(pattern.removeprefix(flags))]
    return None if None in pieces else flags + "".join(piece for piece in pieces if piece)


def anywhere(pattern: str) -> str:
    """A pattern of RE2 that matches a whole text wherever `pattern` is found in it.

    DuckDB evaluates a whole match once per value of a dictionary, and a search once per row: 0.03 s against 0.4 s over 10 M rows of
    200 values. Without a dictionary it costs the same for a pattern that begins with `^`, and twice as much for others.
    """
    return f"(?s:.*)(?:{pattern})(?s:.*)"


def _piece(piece: str) -> str | None:
    if piece.startswith("[") and len(piece) > 1:
        return _class(piece)
    if piece == "$":
        return r"(?:\n?\z)"
    if piece in CLASSES:
        return f"[{CLASSES[piece]}]"
    if piece.lower() in CLASSES:
        return f"[^{CLASSES[piece.lower()]}]"
    if piece.startswith("\\"):
        return r"\z" if piece == r"\Z" else _escape(piece)
    refused = len(piece) > 1 and piece not in GROUPS
    return None if refused else piece


def _class(piece: str) -> str | None:
    head = "[^" if piece.startswith("[^") else "["
    members = [_member(member) for member in MEMBER.findall(piece[len(head) : -1])]
    return None if None in members else f"{head}{''.join(member for member in members if member)}]"


def _member(member: str) -> str | None:
    if member in ("[", "]", "&", "~"):
        return "\\" + member
    return CLASSES.get(member) or (_escape(member) if member.startswith("\\") else member)


def _escape(piece: str) -> str | None:
    if piece[1] in "ux" and len(piece) > 2:
        return f"\\x{{{piece[2:]}}}"
    return piece if piece in SAME or not piece[1].isalnum() else None
