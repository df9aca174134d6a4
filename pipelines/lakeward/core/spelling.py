"""Suggests known names for an unknown one."""

import difflib
from collections.abc import Iterable

# Maximum number of names in one message, so that messages stay under 500 characters.
MAX_NAMES = 12
# Maximum number of similar names, and the least similarity (1: equal).
MOST, NEAR = 3, 0.6


def near_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names similar to `name`, best first; if none is similar, all of them, up to `MAX_NAMES`."""
    names = sorted(map(str, known))
    return tuple(difflib.get_close_matches(name, names, MOST, NEAR) or names[:MAX_NAMES])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The same names as text for a message."""
    return ", ".join(near_names(name, known))


def is_slip(name: str, known: Iterable[str], alike: float) -> bool:
    """Whether `name` is unknown but has a similarity of at least `alike` with a name in `known`."""
    names = list(known)
    return name not in names and bool(difflib.get_close_matches(name, names, 1, alike))
