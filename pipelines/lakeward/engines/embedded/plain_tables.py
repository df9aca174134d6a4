"""Finds the lake's tables in a simple query from its tokens.

Most queries name each table right after FROM or JOIN. Then DuckDB's tokens are sufficient, in a hundredth of a parser's
time and without its import, which takes 0.1 s of a command. Any other query is left to the parser.
"""

import re
from typing import NamedTuple

import duckdb

from lakeward.core.names import Layer

# Comments, which are not tokens, and characters that end DuckDB's text early.
_UNSURE = re.compile(r"--|/\*|\0")
# Words before a table's name. In these functions, and in IS DISTINCT FROM, a value follows FROM.
_BEFORE = ("from", "join")
_FROM_A_VALUE = frozenset({"extract", "overlay", "position", "substring", "trim"})
# Words after a table without an alias; an unquoted alias can't be one of them.
_AFTER = frozenset(
    {"", ")", ",", ";", "anti", "asof", "cross", "except", "full", "group", "having", "inner", "intersect", "join", "left"}
    | {"limit", "natural", "offset", "on", "order", "positional", "qualify", "right", "select", "semi", "union", "using"}
    | {"where", "window"}
)
_LAYERS = frozenset(Layer)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


class Mention(NamedTuple):
    """A table of the lake at `query[start:end]`."""

    start: int
    end: int
    layer: str
    name: str
    has_alias: bool


class _Token(NamedTuple):
    start: int
    text: str
    is_name: bool

    @property
    def name(self) -> str:
        return self.text.strip('"')


_NOTHING = _Token(0, "", is_name=False)


def plain_tables(query: str) -> list[Mention] | None:
    """The tables of the lake that the query reads; None if a parser is needed."""
    if _UNSURE.search(query):
        return None
    tokens = [_NOTHING, _NOTHING, *_tokens(query), _NOTHING, _NOTHING, _NOTHING]
    if any(token.text in _FROM_A_VALUE for token in tokens):
        return None
    layers = [at for at in range(2, len(tokens) - 3) if tokens[at].name in _LAYERS and tokens[at + 1].text == "."]
    found = [_mention(tokens[at - 2 : at + 4]) for at in layers]
    sure = [mention for mention in found if mention]
    return sure if len(sure) == len(found) else None


def _tokens(query: str) -> list[_Token]:
    """DuckDB's tokens in lower case with their positions. DuckDB counts bytes, so each character must be one byte."""
    text = _NOT_ASCII.sub("x", query).lower()
    starts = [(start, kind == duckdb.token_type.identifier) for start, kind in duckdb.tokenize(text)]
    ends = [*(start for start, _ in starts[1:]), len(text)]
    return [_Token(start, text[start:end].strip(), is_name) for (start, is_name), end in zip(starts, ends, strict=True)]


def _mention(around: list[_Token]) -> Mention | None:
    """The table in `around`: two words before it, the layer, the dot, the name and the next word."""
    earlier, before, layer, _, name, after = around
    known = (
        before.text in _BEFORE
        and earlier.text != "distinct"
        and layer.is_name
        and name.is_name
        and (after.is_name or after.text in {"as", *_AFTER})
    )
    if not known:
        return None
    return Mention(layer.start, name.start + len(name.text), layer.name, name.name, after.text not in _AFTER)
