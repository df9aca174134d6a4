"""Texts that people give: which characters they hold, and how a report or a terminal shows one that holds others."""

import re

# Control characters but tab and line end; signs that turn the direction; what is no character, and what XML 1.0 §2.2 forbids.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]|\r(?!\n)")
# Signs of CommonMark and of the tables of GitHub; an underscore inside a word is none.
_SIGN = re.compile(r"[\\`*\[\]<>&~|]|(?<!\w)_|_(?!\w)")
# What makes a line a heading, list, table, rule or code.
_LINE_START = re.compile(r"^(?:(\d{1,9})(?=[.)](?:\s|$))|(?=[#+\-=:]))", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def find_control(text: str) -> int | None:
    """Place of the first control character, from 1; None if there is none. Tabs and line ends are none."""
    found = _CONTROL.search(text)
    return found.start() + 1 if found else None


def show_plain(text: str) -> str:
    """The text with U+FFFD in place of each control character."""
    return _CONTROL.sub("\ufffd", text)


def escape_markdown(text: str) -> str:
    """The text as Markdown that shows it as it is; control characters as U+FFFD, and no line is indented."""
    flat = _INDENT.sub("", show_plain(text))
    return _LINE_START.sub(r"\1\\", _SIGN.sub(r"\\\g<0>", flat))
