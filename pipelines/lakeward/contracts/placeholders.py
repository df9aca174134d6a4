"""What a drafted contract says until a person writes it: neither may leave the project as a statement."""

import re

# Name of the person who answers for the dataset.
DRAFTED_OWNER = "owner"


def drafted_purpose(name: str) -> str:
    """The purpose of a dataset, as a draft has it."""
    return f"What {name} is for, in one sentence"


def is_drafted_purpose(text: str) -> bool:
    """Whether the text is a draft's purpose, also of a dataset that was renamed or copied since."""
    return re.fullmatch(drafted_purpose(r"\S+"), text.strip()) is not None


def is_drafted_owner(name: str) -> bool:
    """Whether the name is a draft's owner."""
    return name.strip().lower() == DRAFTED_OWNER
