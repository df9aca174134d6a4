"""Suggests known names for an unknown one."""

import difflib
from collections.abc import Iterable

# Names in one message, and the share of letters that a near name has in common (1: all).
MAX_NAMES, NEAR = 3, 0.6


def near_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to `MAX_NAMES` known names: those near to `name`, the nearest first; if none is near, the most similar ones."""
    names = sorted(map(str, known))
    near = difflib.get_close_matches(name, names, MAX_NAMES, NEAR)
    return tuple(near or sorted(names, key=lambda each: -difflib.SequenceMatcher(None, each, name).ratio())[:MAX_NAMES])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The same names as text for a message."""
    return ", ".join(near_names(name, known))


def is_slip(name: str, known: Iterable[str], alike: float) -> bool:
    """Whether `name` is unknown but has a similarity of at least `alike` with a name in `known`."""
    names = list(known)
    return name not in names and bool(difflib.get_close_matches(name, names, 1, alike))
