"""Names of columns that come twice in a header, with numbers that make them different."""

from collections.abc import Sequence


def number_duplicates(names: Sequence[str]) -> tuple[str, ...]:
    """Each name once: one that comes again gets the next free number, `Temp`, `Temp_2`; names that stand once stay as they are."""
    taken, unique = set(names), []
    for place, name in enumerate(names):
        number, own = 1, name
        while own in (taken if number > 1 else names[:place]):
            number += 1
            own = f"{name}_{number}"
        taken.add(own)
        unique.append(own)
    return tuple(unique)
