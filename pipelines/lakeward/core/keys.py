"""The meaning of a key of a file, or of a variable: written where the key is defined, and read by the reference pages."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyDoc:
    """The documentation of one key.

    Args:
        kind: Type of its value.
        meaning: One line, in Markdown.
        default: Value if the key is absent.
        required: Whether the key is required.
    """

    kind: str
    meaning: str
    default: str = ""
    required: bool = False
