"""Adds expectations to the text of a suite and leaves the rest of the text unchanged."""

import json
from collections.abc import Mapping, Sequence
from json.decoder import WHITESPACE, JSONDecoder  # type: ignore[attr-defined]
from typing import Any

from lakeward.profiling.suite_text import GX_VERSION

INDENT = 2


def new_suite(name: str) -> str:
    """A suite without expectations."""
    suite = {"name": name, "expectations": [], "meta": {"great_expectations_version": GX_VERSION}}
    return json.dumps(suite, ensure_ascii=False, indent=INDENT) + "\n"


def add_expectations(text: str, entries: Sequence[Mapping[str, Any]]) -> str:
    """The valid suite `text` with `entries` appended to its expectations, in the same format."""
    start, end = _expectations_span(text)
    listed, line_end = text[start:end], "\r\n" if "\r\n" in text else "\n"
    empty = not listed[1:-1].strip()
    if "\n" not in text:
        added = ", ".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
        return text[: end - 1].rstrip() + ("" if empty else ", ") + added + text[end - 1 :]
    margin = INDENT * 2 if empty else _margin(listed)
    lines = [_indent(entry, margin) for entry in entries]
    written = (",\n".join(lines) + "\n" + " " * max(margin - INDENT, 0)).replace("\n", line_end)
    return text[: end - 1].rstrip() + ("" if empty else ",") + line_end + written + text[end - 1 :]


def _expectations_span(text: str) -> tuple[int, int]:
    """Start and end of the list of expectations, brackets included."""
    decoder, position = JSONDecoder(), _skip_space(text, text.index("{") + 1)
    found = (position, position)
    while text[position] != "}":
        key, position = decoder.raw_decode(text, position)
        position = _skip_space(text, _skip_space(text, position) + 1)
        value_start = position
        _, position = decoder.raw_decode(text, position)
        if key == "expectations":
            found = (value_start, position)
        position = _skip_space(text, position)
        if text[position] == ",":
            position = _skip_space(text, position + 1)
    return found


def _skip_space(text: str, position: int) -> int:
    end: int = WHITESPACE.match(text, position).end()
    return end


def _margin(listed: str) -> int:
    """Indentation of the first expectation."""
    before = listed[: listed.index("{")]
    return len(before) - len(before.rstrip(" \t")) if "\n" in before else 0


def _indent(entry: Mapping[str, Any], margin: int) -> str:
    lines = json.dumps(entry, ensure_ascii=False, indent=INDENT).split("\n")
    return "\n".join(" " * margin + line for line in lines)
