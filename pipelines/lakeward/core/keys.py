"""What a key of a file, or a variable, means: told where the key is defined, and read by the reference pages alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyDoc:
    """One key for a person who writes it.

    Args:
        kind: What its value is.
        meaning: One line, in Markdown.
        default: What holds where the key is left out.
        required: The key can't be left out.
    """

    kind: str
    meaning: str
    default: str = ""
    required: bool = False
