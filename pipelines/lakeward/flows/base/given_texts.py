"""Texts that people give with what they record: no control characters, which break reports and terminals."""

from collections.abc import Mapping

from lakeward.core.errors import UsageError
from lakeward.core.plain_text import find_control


def check_given_texts(texts: Mapping[str, object]) -> None:
    """Check the texts among the values, by their names.

    Raises:
        UsageError: One holds a control character.
    """
    for name, text in texts.items():
        place = find_control(text) if isinstance(text, str) else None
        if place:
            raise UsageError("text_control", name=name, place=place)
