"""Queries that are known to bind: the views of a session never change, so that a second look would find the same names."""

# Texts, and the longest one.
_TEXTS, _LENGTH = 200, 10_000


class BoundQueries:
    """The texts of queries of one session, without parameters."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def __contains__(self, text: str) -> bool:
        return text in self._texts

    def add(self, text: str) -> None:
        """Remember a text that was bound."""
        if len(text) <= _LENGTH:
            if len(self._texts) >= _TEXTS:
                self._texts.clear()
            self._texts.add(text)
