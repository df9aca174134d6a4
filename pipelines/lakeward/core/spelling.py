"""Suggests known names for an unknown one."""

import difflib
from collections.abc import Iterable

from lakeward.core.messages import Phrase

# Names in one message, and the share of letters that a near name has in common (1: all).
MAX_NAMES, NEAR = 3, 0.6


def near_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to `MAX_NAMES` known names that are near to `name`, the nearest first."""
    return tuple(difflib.get_close_matches(name, sorted(map(str, known)), MAX_NAMES, NEAR))


def similar_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The near names; if none is near, the most similar ones."""
    names = sorted(map(str, known))
    return near_names(name, names) or tuple(
        sorted(names, key=lambda each: -difflib.SequenceMatcher(None, each, name).ratio())[:MAX_NAMES]
    )


def did_you_mean(name: str, known: Iterable[str]) -> str | Phrase:
    """The similar names as the fact `close` of a message, which asks only after near ones; empty where no name is known."""
    names = list(map(str, known))
    listed = ", ".join(similar_names(name, names))
    return listed if near_names(name, names) or not listed else Phrase("phrase_known", names=listed)


def is_slip(name: str, known: Iterable[str], alike: float) -> bool:
    """Whether `name` is unknown but has a similarity of at least `alike` with a name in `known`."""
    names = list(known)
    return name not in names and bool(difflib.get_close_matches(name, names, 1, alike))
