"""What a drafted contract says until a person writes it: neither may leave the project as a statement."""

# Name of the person who answers for the dataset.
DRAFTED_OWNER = "owner"


def drafted_purpose(name: str) -> str:
    """The purpose of a dataset, as a draft has it."""
    return f"What {name} is for, in one sentence"
