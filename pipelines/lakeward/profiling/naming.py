"""SQL names of columns. Chinese names are valid and stay unchanged."""

import re
import unicodedata
from collections.abc import Iterable

# A contract's names have at most 127 letters; this leaves room for a number at the end.
LONGEST = 120
# Words that SQL keeps to itself where people most often meet them as headers.
RESERVED = frozenset({"order", "group", "table", "select", "from", "to", "end", "user", "when", "case", "all", "default", "desc"})

_OTHER = re.compile(r"[\W_]+")


def sql_names(headers: Iterable[str]) -> tuple[str, ...]:
    """A name for each header: small letters, digits and `_`, beginning with a letter, each once."""
    used: set[str] = set()
    return tuple(_unique_name(_sql_name(header, position), used) for position, header in enumerate(headers, 1))


def _sql_name(header: str, position: int) -> str:
    plain = unicodedata.normalize("NFKC", header).replace("%", " pct ").lower()
    name = _OTHER.sub("_", plain).strip("_")[:LONGEST]
    if not name:
        return f"column_{position}"
    if not name[0].isalpha():
        return f"c_{name}"
    return f"{name}_" if name in RESERVED else name


def _unique_name(name: str, used: set[str]) -> str:
    free, number = name, 1
    while free in used:
        number += 1
        free = f"{name}_{number}"
    used.add(free)
    return free
