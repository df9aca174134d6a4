"""Which known names a name that nobody knows may have meant."""

import difflib
from collections.abc import Iterable

# Names in one message: more is no help, and messages stay under 500 characters.
MAX_NAMES = 12
# Names that are offered, and how much of their letters must be the same (1: all).
MOST, NEAR = 3, 0.6


def near_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The names that `name` may have meant, the nearest first; where none is near, all there are, up to `MAX_NAMES`."""
    names = sorted(map(str, known))
    return tuple(difflib.get_close_matches(name, names, MOST, NEAR) or names[:MAX_NAMES])


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The same, as messages list them."""
    return ", ".join(near_names(name, known))


def is_slip(name: str, known: Iterable[str], alike: float) -> bool:
    """Whether `name` is none of `known`, but shares at least `alike` of its letters with one, so that this must have been meant."""
    names = list(known)
    return name not in names and bool(difflib.get_close_matches(name, names, 1, alike))
