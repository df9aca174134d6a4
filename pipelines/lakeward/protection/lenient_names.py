"""Names that a policy may use, where some can't be known."""

from collections.abc import Callable, Iterable
from typing import Self


class LenientNames(frozenset[str]):
    """Known names, and every other name that a condition accepts."""

    _accepts: Callable[[str], bool]

    def __new__(cls, names: Iterable[str], accepts: Callable[[str], bool]) -> Self:
        """The names, with the condition."""
        found = super().__new__(cls, names)
        found._accepts = accepts
        return found

    def __contains__(self, name: object) -> bool:
        """Whether the name is known or accepted."""
        return super().__contains__(name) or (isinstance(name, str) and self._accepts(name))
